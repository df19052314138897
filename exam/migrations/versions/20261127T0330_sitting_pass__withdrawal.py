"""A pass can be taken back: a further fact, for the pass itself stays as it was recorded."""

from exam.migrations.sql import append_only, grant, region_policy, run

revision = "20261127T0330"
down_revision = "20261127T0317"


def upgrade() -> None:
    run(
        """
        create table sitting_pass_withdrawal (
            id uuid constraint sitting_pass_withdrawal_pkey primary key,
            result_id uuid not null constraint sitting_pass_withdrawal_result_id_key unique
                constraint sitting_pass_withdrawal_result_id_fkey references sitting_pass (result_id),
            corrected_by uuid not null,
            person_id uuid not null
                constraint sitting_pass_withdrawal_person_id_fkey references identity_person,
            region text not null,
            recorded_at timestamptz not null
        )
        """,
        "create index sitting_pass_withdrawal_person_id_idx on sitting_pass_withdrawal (person_id)",
        """
        create or replace function sitting_passes_of(whose uuid, wanted text)
            returns table (part text, passed_on date, valid_until date, result_id uuid, recorded_at timestamptz)
            language sql stable security definer set search_path = public as $$
            select p.part, p.passed_on, p.valid_until, p.result_id, p.recorded_at from sitting_pass p
            where p.person_id = whose and p.qualification = wanted
                and not exists (select 1 from sitting_pass_withdrawal w where w.result_id = p.result_id)
            order by p.recorded_at
        $$
        """,
    )
    append_only("sitting_pass_withdrawal")
    region_policy("sitting_pass_withdrawal", person="person_id")
    grant("sitting_pass_withdrawal", app="select, insert")
