"""Practice: answers, favourites, mocks and their responses."""

from exam.migrations.sql import append_only, grant, region_policy, run

revision = "20261127T1030"
down_revision = "20261127T1016"


def upgrade() -> None:
    _mocks()
    _practice()


def _mocks() -> None:
    run(
        """
        create table training_mock (
            id uuid constraint training_mock_pkey primary key,
            person_id uuid not null constraint training_mock_person_id_fkey references identity_person,
            enrolment_id uuid not null constraint training_mock_enrolment_id_fkey references training_enrolment,
            region text not null,
            qualification text not null,
            form jsonb not null,
            full_marks integer not null check (full_marks > 0),
            pass_marks integer not null check (pass_marks between 0 and full_marks),
            started_at timestamptz not null,
            deadline_at timestamptz not null check (deadline_at > started_at),
            submitted_at timestamptz,
            marks integer check (marks between 0 and full_marks),
            check ((submitted_at is null) = (marks is null))
        )
        """,
        "create unique index training_mock_open_idx on training_mock (person_id, qualification)"
        " where submitted_at is null",
        "create index training_mock_person_id_idx on training_mock (person_id, started_at)",
        """
        create function training_guard_mock() returns trigger language plpgsql as $$
        begin
            if old.submitted_at is not null
                or (to_jsonb(new) - array['submitted_at', 'marks']) <> (to_jsonb(old) - array['submitted_at', 'marks'])
            then
                raise exception 'mock % is fixed', old.id using errcode = 'insufficient_privilege';
            end if;
            return new;
        end
        $$
        """,
        "create trigger training_mock_guard before update on training_mock"
        " for each row execute function training_guard_mock()",
        """
        create table training_mock_response (
            id uuid constraint training_mock_response_pkey primary key,
            mock_id uuid not null constraint training_mock_response_mock_id_fkey references training_mock,
            person_id uuid not null constraint training_mock_response_person_id_fkey references identity_person,
            region text not null,
            slot integer not null check (slot between 1 and 500),
            seq integer not null check (seq >= 1),
            response jsonb not null,
            at timestamptz not null,
            constraint training_mock_response_mock_id_slot_seq_key unique (mock_id, slot, seq)
        )
        """,
        # the time limit is kept here too: nothing counts that came late, or after the hand-in
        """
        create function training_guard_mock_response() returns trigger language plpgsql as $$
        begin
            if not exists (
                select 1 from training_mock m where m.id = new.mock_id and m.person_id = new.person_id
                    and m.region = new.region and m.submitted_at is null and new.at <= m.deadline_at
            ) then
                raise exception 'mock % takes no more answers', new.mock_id using errcode = 'check_violation';
            end if;
            return new;
        end
        $$
        """,
        "create trigger training_mock_response_guard before insert on training_mock_response"
        " for each row execute function training_guard_mock_response()",
    )
    append_only("training_mock_response")
    for table in ("training_mock", "training_mock_response"):
        region_policy(table, person="person_id")
    grant("training_mock", app="select, insert, update (submitted_at, marks)")
    grant("training_mock_response", app="select, insert")


def _practice() -> None:
    run(
        """
        create table training_practice_answer (
            id uuid constraint training_practice_answer_pkey primary key,
            person_id uuid not null constraint training_practice_answer_person_id_fkey references identity_person,
            region text not null,
            qualification text not null,
            item_id uuid not null constraint training_practice_answer_item_id_fkey references questionbank_item,
            version text not null check (version ~ '^[0-9a-f]{64}$'),
            node text not null,
            mock_id uuid constraint training_practice_answer_mock_id_fkey references training_mock,
            response jsonb not null,
            correct boolean not null,
            at timestamptz not null
        )
        """,
        "create index training_practice_answer_person_id_idx"
        " on training_practice_answer (person_id, qualification, item_id)",
        """
        create table training_favourite (
            id uuid constraint training_favourite_pkey primary key,
            person_id uuid not null constraint training_favourite_person_id_fkey references identity_person,
            region text not null,
            qualification text not null,
            item_id uuid not null constraint training_favourite_item_id_fkey references questionbank_item,
            kept boolean not null,
            at timestamptz not null
        )
        """,
        "create index training_favourite_person_id_idx on training_favourite (person_id, qualification)",
    )
    for table in ("training_practice_answer", "training_favourite"):
        append_only(table)
        region_policy(table, person="person_id")
        grant(table, app="select, insert")
