"""Quizzes as lessons: their rounds, and when a lesson's own condition was met; how often a material was tried."""

from exam.migrations.sql import grant, region_policy, run

revision = "20261127T1600"
down_revision = "20261127T1624"


def upgrade() -> None:
    run(
        "alter table training_progress add column passed_at timestamptz",
        """
        create table training_quiz_round (
            id uuid constraint training_quiz_round_pkey primary key,
            progress_id uuid not null constraint training_quiz_round_progress_id_fkey references training_progress,
            person_id uuid not null constraint training_quiz_round_person_id_fkey references identity_person,
            region text not null,
            items jsonb not null check (jsonb_array_length(items) > 0),
            answers jsonb not null check (jsonb_array_length(answers) <= jsonb_array_length(items)),
            right_answers integer not null check (right_answers between 0 and jsonb_array_length(answers)),
            passed boolean,
            started_at timestamptz not null,
            ended_at timestamptz,
            check ((ended_at is null) = (passed is null)),
            check (passed is not true or jsonb_array_length(answers) = jsonb_array_length(items))
        )
        """,
        "create unique index training_quiz_round_open_idx on training_quiz_round (progress_id) where ended_at is null",
        "create index training_quiz_round_progress_id_idx on training_quiz_round (progress_id, started_at)",
        """
        create function training_guard_quiz_round() returns trigger language plpgsql as $$
        begin
            if old.ended_at is not null
                or (to_jsonb(new) - array['answers', 'right_answers', 'passed', 'ended_at'])
                    <> (to_jsonb(old) - array['answers', 'right_answers', 'passed', 'ended_at'])
            then
                raise exception 'quiz round % is fixed', old.id using errcode = 'insufficient_privilege';
            end if;
            return new;
        end
        $$
        """,
        "create trigger training_quiz_round_guard before update on training_quiz_round"
        " for each row execute function training_guard_quiz_round()",
    )
    region_policy("training_quiz_round", person="person_id")
    grant("training_quiz_round", app="select, insert, update (answers, right_answers, passed, ended_at)")
    grant("training_progress", app="update (passed_at)")
    run("alter table training_material add column tries integer not null default 0 check (tries >= 0)")
    grant("training_material", app="update (tries)")
