"""Reports travel: one that came from a lower node begins submitted, and a kept answer of the level above decides."""

from exam.migrations.sql import grant, run

revision = "20261127T2022"
down_revision = "20261127T2021"


def upgrade() -> None:
    run(
        """
        alter table reports_report
            add column arrived_from uuid constraint reports_report_arrived_from_fkey
                references records_exchange_neighbour,
            add column people jsonb not null default '{}' check (jsonb_typeof(people) = 'object'),
            add column answer_id uuid constraint reports_report_answer_id_fkey references records_node_answer
        """,
        _GUARD,
    )
    grant("reports_report", app="update (people, answer_id)")


# what has been signed is what travels; the level above decides here, or by an answer that was kept as it came
_GUARD = """
create or replace function reports_guard_report() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if new.state <> 'draft' and (new.state <> 'submitted' or new.arrived_from is null) then
            raise exception 'a report begins as a draft' using errcode = 'integrity_constraint_violation';
        end if;
        return new;
    end if;
    if old.state in ('received', 'returned') then
        raise exception 'report % is archived', old.id using errcode = 'integrity_constraint_violation';
    end if;
    if new.state <> old.state and (old.state || '>' || new.state) <> all(array['draft>signed', 'signed>draft',
        'signed>submitted', 'submitted>received', 'submitted>returned'])
    then
        raise exception 'report %: % cannot become %', old.id, old.state, new.state
            using errcode = 'integrity_constraint_violation';
    end if;
    if old.state <> 'draft' and (new.figures, new.entries, new.note, new.filled_by)
        is distinct from (old.figures, old.entries, old.note, old.filled_by)
    then
        raise exception 'report % is signed', old.id using errcode = 'integrity_constraint_violation';
    end if;
    if new.state in ('received', 'returned') and new.answer_id is null and not ankao_in_region(old.to_region) then
        raise exception 'report % is decided by the level above', old.id
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$
"""
