"""A bar that rested on a decision which an objection has undone is lifted: the bar stays on record and counts for nothing."""

from exam.migrations.sql import append_only, grant, region_policy, run

revision = "20261127T1430"
down_revision = "20261127T1425"


def upgrade() -> None:
    run(
        """
        create table sitting_ban_lift (
            ban_id uuid constraint sitting_ban_lift_pkey primary key
                constraint sitting_ban_lift_ban_id_fkey references sitting_ban,
            person_id uuid not null constraint sitting_ban_lift_person_id_fkey references identity_person,
            region text not null,
            reason text not null check (length(reason) between 1 and 2000),
            lifted_by uuid,
            lifted_at timestamptz not null
        )
        """,
        """
        create or replace function sitting_bans_of(whose uuid, wanted text)
            returns table (until_on date, basis text, ground text)
            language sql stable security definer set search_path = public as $$
            select b.until_on, b.basis, b.ground from sitting_ban b
            where b.person_id = whose and (b.qualification is null or b.qualification = wanted)
                and not exists (select 1 from sitting_ban_lift l where l.ban_id = b.id)
            order by b.until_on
        $$
        """,
        "alter table records_credit_record add ban_id uuid"
        " constraint records_credit_record_ban_id_fkey references sitting_ban",
    )
    append_only("sitting_ban_lift")
    region_policy("sitting_ban_lift")
    grant("sitting_ban_lift", app="select, insert")
