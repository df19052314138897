"""Answers in words: marked by two people apart, by a third where they differ, and never changed afterwards."""

from exam.migrations.sql import append_only, grant, region_policy, run

revision = "20261127T2321"
down_revision = "20261127T2240"


def upgrade() -> None:
    run(
        """
        create table grading_answer (
            id uuid constraint grading_answer_pkey primary key,
            attempt_id uuid not null constraint grading_answer_attempt_id_fkey references delivery_attempt,
            sitting_id uuid not null,
            region text not null,
            qualification text not null,
            form_id uuid not null,
            slot integer not null check (slot between 1 and 500),
            item_id uuid not null,
            full_marks integer not null check (full_marks between 1 and 10000000),
            tolerance integer not null check (tolerance between 0 and full_marks),
            step integer not null check (step > 0),
            state text not null check (state in ('open', 'disputed', 'settled')),
            marks integer check (marks between 0 and full_marks),
            called_at timestamptz not null,
            settled_at timestamptz,
            check ((state = 'settled') = (marks is not null and settled_at is not null)),
            constraint grading_answer_attempt_id_slot_key unique (attempt_id, slot)
        )
        """,
        "create index grading_answer_sitting_id_idx on grading_answer (sitting_id, item_id)",
        """
        create table grading_answer_mark (
            id uuid constraint grading_answer_mark_pkey primary key,
            answer_id uuid not null constraint grading_answer_mark_answer_id_fkey references grading_answer,
            region text not null,
            place integer not null check (place between 1 and 3),
            account_id uuid not null,
            account_name text not null,
            marks integer not null check (marks >= 0),
            note text not null check (length(note) <= 1000),
            at timestamptz not null,
            constraint grading_answer_mark_answer_id_place_key unique (answer_id, place),
            constraint grading_answer_mark_answer_id_account_id_key unique (answer_id, account_id)
        )
        """,
        _GUARD,
        "create trigger grading_answer_guard before insert or update on grading_answer"
        " for each row execute function grading_guard_answer()",
    )
    append_only("grading_answer_mark")
    grant("grading_answer", app="select, insert, update (state, marks, settled_at)")
    grant("grading_answer_mark", app="select, insert")
    region_policy("grading_answer")
    region_policy("grading_answer_mark")


# the marks decide, whoever writes: two within the tolerance their mean, of three the last
_GUARD = """
create function grading_guard_answer() returns trigger language plpgsql as $$
declare
    given integer[];
begin
    if tg_op = 'INSERT' then
        if new.state <> 'open' then
            raise exception 'an answer begins without marks' using errcode = 'integrity_constraint_violation';
        end if;
        return new;
    end if;
    if old.state = 'settled' or (old.state || '>' || new.state) <> all(array['open>disputed', 'open>settled',
        'disputed>settled'])
    then
        raise exception 'answer %: % cannot become %', old.id, old.state, new.state
            using errcode = 'integrity_constraint_violation';
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
