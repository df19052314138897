"""Study hours, append-only, looked up over all regions by functions."""

from exam.migrations.sql import append_only, grant, region_policy, run

revision = "20261123T0400"
down_revision = "20261123T0300"


def upgrade() -> None:
    run(
        """
        create table training_hours (
            id uuid constraint training_hours_pkey primary key,
            person_id uuid not null constraint training_hours_person_id_fkey references identity_person,
            qualification text not null,
            kind text not null check (kind in ('initial', 'renewal')),
            hours integer not null check (hours between 1 and 1000000),
            source text not null,
            region text not null,
            recorded_by uuid,
            recorded_at timestamptz not null
        )
        """,
        "create index training_hours_person_id_idx on training_hours (person_id, qualification)",
    )
    append_only("training_hours")
    region_policy("training_hours", person="person_id")
    grant("training_hours", app="select, insert")
    run(
        # hours count wherever they were studied; nothing but the hours and the instants is told
        """
        create function training_hours_of(whose uuid, wanted text) returns table (hours integer, recorded_at timestamptz)
            language sql stable security definer set search_path = public as $$
            select h.hours, h.recorded_at from training_hours h
            where h.person_id = whose and h.qualification = wanted order by h.recorded_at
        $$
        """,
        "revoke execute on function training_hours_of(uuid, text) from public",
        "grant execute on function training_hours_of(uuid, text) to ankao_app",
    )
