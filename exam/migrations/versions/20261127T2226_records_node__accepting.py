"""A batch is accepted by a job, and parts of files that nobody goes on with are forgotten."""

from exam.migrations.sql import grant, run

revision = "20261127T2226"
down_revision = "20261127T2022"


def upgrade() -> None:
    run(
        """
        alter table records_node_arrival
            drop constraint records_node_arrival_state_check,
            add constraint records_node_arrival_state_check
                check (state in ('arrived', 'accepting', 'accepted', 'returned', 'superseded'))
        """,
        _GUARD_BATCH,
        "alter table records_node_part add column kept_at timestamptz not null default now()",
        "alter table records_node_part alter column kept_at drop default",
    )
    grant("records_node_arrival", app="update (faulty)")
    grant("records_node_arrival_row", app="update (fault)")


# what came by another way while a batch waited for the job brings it back to the person who decides
_GUARD_BATCH = """
create or replace function records_guard_batch() returns trigger language plpgsql as $$
begin
    if old.state <> new.state and (old.state, new.state) not in (
        ('sealed', 'arrived'), ('arrived', 'accepted'), ('arrived', 'accepting'), ('accepting', 'accepted'),
        ('accepting', 'arrived'), ('arrived', 'returned'), ('returned', 'superseded'))
    then
        raise exception 'a batch is not led from % to %', old.state, new.state
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$
"""
