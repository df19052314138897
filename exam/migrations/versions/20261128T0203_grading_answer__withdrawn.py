"""Answers in words of an attempt that was voided are marked no more."""

from exam.migrations.sql import run

revision = "20261128T0203"
down_revision = "20261128T0146"


def upgrade() -> None:
    run(
        "alter table grading_answer drop constraint grading_answer_state_check",
        "alter table grading_answer add constraint grading_answer_state_check"
        " check (state in ('open', 'disputed', 'settled', 'withdrawn'))",
        _GUARD,
    )


# the marks decide, whoever writes: two within the tolerance their mean, of three the last; without a decision there are none
_GUARD = """
create or replace function grading_guard_answer() returns trigger language plpgsql as $$
declare
    given integer[];
begin
    if tg_op = 'INSERT' then
        if new.state <> 'open' then
            raise exception 'an answer begins without marks' using errcode = 'integrity_constraint_violation';
        end if;
        return new;
    end if;
    if (old.state || '>' || new.state) <> all(array['open>disputed', 'open>settled', 'open>withdrawn',
        'disputed>settled', 'disputed>withdrawn'])
    then
        raise exception 'answer %: % cannot become %', old.id, old.state, new.state
            using errcode = 'integrity_constraint_violation';
    end if;
    if new.state = 'withdrawn' then
        return new;
    end if;
    select array_agg(marks order by place) into given from grading_answer_mark where answer_id = old.id;
    if new.marks is distinct from (case
        when cardinality(given) = 2 and abs(given[1] - given[2]) <= old.tolerance then (given[1] + given[2] + 1) / 2
        when cardinality(given) = 3 then given[3]
    end) then
        raise exception 'answer %: the marks are not those that were given', old.id
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$
"""
