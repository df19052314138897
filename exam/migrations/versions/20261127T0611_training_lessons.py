"""Lessons, a learner's way through them, and the traces by which their time is counted."""

from exam.migrations.sql import append_only, grant, region_policy, run

revision = "20261127T0611"
down_revision = "20261127T0521"


def upgrade() -> None:
    _lessons()
    _study()
    _observations()


def _lessons() -> None:
    run(
        """
        create table training_lesson (
            id uuid constraint training_lesson_pkey primary key,
            organisation_id uuid not null constraint training_lesson_organisation_id_fkey references training_body,
            region text not null,
            qualification text not null,
            node text not null,
            title text not null,
            content jsonb not null,
            length_ms integer not null check (length_ms between 15000 and 28800000),
            digest text not null check (digest ~ '^[0-9a-f]{64}$'),
            state text not null check (state in ('draft', 'published', 'retired')),
            drafted_by uuid not null,
            published_by uuid,
            created_at timestamptz not null,
            published_at timestamptz,
            check (published_by <> drafted_by),
            check (state = 'draft' or published_by is not null)
        )
        """,
        "create index training_lesson_organisation_id_idx on training_lesson (organisation_id, qualification, node)",
        # what was counted was counted for what stood there: a published lesson is fixed
        """
        create function training_guard_lesson() returns trigger language plpgsql as $$
        begin
            if (old.state || '>' || new.state) <> all(array['draft>published', 'draft>retired', 'published>retired'])
                or (to_jsonb(new) - array['state', 'published_by', 'published_at'])
                    <> (to_jsonb(old) - array['state', 'published_by', 'published_at'])
            then
                raise exception 'lesson % is fixed', old.id using errcode = 'insufficient_privilege';
            end if;
            return new;
        end
        $$
        """,
        "create trigger training_lesson_guard before update on training_lesson"
        " for each row execute function training_guard_lesson()",
    )
    region_policy("training_lesson", organisation="organisation_id")
    grant("training_lesson", app="select, insert, update (state, published_by, published_at)")
    run(
        # learners read the lessons of the body that trains them, for what it trains them
        """
        create policy training_lesson_learned on training_lesson for select to ankao_app using (
            state <> 'draft' and exists (
                select 1 from training_enrolment e join training_class c on c.id = e.class_id
                where e.person_id = ankao_person() and c.organisation_id = training_lesson.organisation_id
                    and e.qualification = training_lesson.qualification
            )
        )
        """,
    )


def _study() -> None:
    run(
        """
        create table training_progress (
            id uuid constraint training_progress_pkey primary key,
            enrolment_id uuid not null constraint training_progress_enrolment_id_fkey references training_enrolment,
            lesson_id uuid not null constraint training_progress_lesson_id_fkey references training_lesson,
            person_id uuid not null constraint training_progress_person_id_fkey references identity_person,
            region text not null,
            settled_ms integer not null check (settled_ms >= 0),
            finished_at timestamptz,
            created_at timestamptz not null,
            constraint training_progress_enrolment_id_lesson_id_key unique (enrolment_id, lesson_id)
        )
        """,
        """
        create table training_visit (
            id uuid constraint training_visit_pkey primary key,
            progress_id uuid not null constraint training_visit_progress_id_fkey references training_progress,
            enrolment_id uuid not null constraint training_visit_enrolment_id_fkey references training_enrolment,
            person_id uuid not null constraint training_visit_person_id_fkey references identity_person,
            region text not null,
            qualification text not null,
            kind text not null,
            node text not null,
            part text not null check (part in ('theory', 'practice')),
            length_ms integer not null check (length_ms > 0),
            rules text not null,
            opened_at timestamptz not null
        )
        """,
        "create index training_visit_person_id_idx on training_visit (person_id)",
        """
        create table training_trace (
            person_id uuid not null constraint training_trace_person_id_fkey references identity_person,
            n integer not null check (n >= 1),
            visit_id uuid not null constraint training_trace_visit_id_fkey references training_visit,
            region text not null,
            kind text not null check (kind in ('opened', 'beat', 'asked', 'present', 'closed')),
            at_ms bigint not null,
            seen boolean not null,
            idle_s integer not null,
            advance_ms integer not null,
            drift_ms bigint not null,
            constraint training_trace_pkey primary key (person_id, n)
        )
        """,
        """
        create table training_live (
            person_id uuid constraint training_live_pkey primary key
                constraint training_live_person_id_fkey references identity_person,
            region text not null,
            n integer not null check (n >= 0),
            state jsonb not null,
            visit_id uuid constraint training_live_visit_id_fkey references training_visit,
            heard_at timestamptz not null
        )
        """,
        "create index training_live_heard_at_idx on training_live (heard_at) where visit_id is not null",
    )
    for table in ("training_progress", "training_visit", "training_trace", "training_live"):
        region_policy(table, person="person_id")
    append_only("training_visit")
    append_only("training_trace")
    grant("training_progress", app="select, insert, update (settled_ms, finished_at)")
    grant("training_visit", app="select, insert")
    grant("training_trace", app="select, insert")
    grant("training_live", app="select, insert, update")


def _observations() -> None:
    run(
        """
        create table training_observation (
            id uuid constraint training_observation_pkey primary key,
            visit_id uuid not null constraint training_observation_visit_id_fkey references training_visit,
            enrolment_id uuid not null
                constraint training_observation_enrolment_id_fkey references training_enrolment,
            person_id uuid not null constraint training_observation_person_id_fkey references identity_person,
            region text not null,
            kind text not null,
            at timestamptz not null,
            bucket bigint not null,
            constraint training_observation_visit_id_kind_bucket_key unique (visit_id, kind, bucket)
        )
        """,
        "create index training_observation_enrolment_id_idx on training_observation (enrolment_id)",
    )
    append_only("training_observation")
    region_policy("training_observation", person="person_id")
    grant("training_observation", app="select, insert")
