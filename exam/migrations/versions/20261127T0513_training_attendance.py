"""Attendance: sign-ins, what a teacher confirmed, corrections by two people."""

from exam.migrations.sql import append_only, grant, region_policy, run

revision = "20261127T0513"
down_revision = "20261127T0500"


def upgrade() -> None:
    run(
        """
        create table training_sign (
            id uuid constraint training_sign_pkey primary key,
            session_id uuid not null constraint training_sign_session_id_fkey references training_session,
            enrolment_id uuid not null constraint training_sign_enrolment_id_fkey references training_enrolment,
            person_id uuid not null constraint training_sign_person_id_fkey references identity_person,
            region text not null,
            way text not null check (way in ('in', 'out')),
            photo_key text,
            at timestamptz not null
        )
        """,
        "create index training_sign_session_id_idx on training_sign (session_id)",
        """
        create table training_correction (
            id uuid constraint training_correction_pkey primary key,
            session_id uuid not null constraint training_correction_session_id_fkey references training_session,
            enrolment_id uuid not null
                constraint training_correction_enrolment_id_fkey references training_enrolment,
            region text not null,
            status text not null check (status in ('present', 'absent')),
            from_at timestamptz,
            until_at timestamptz,
            reason text not null check (reason <> ''),
            state text not null check (state in ('proposed', 'applied', 'refused')),
            proposed_by uuid not null,
            proposed_at timestamptz not null,
            decided_by uuid,
            decided_at timestamptz,
            check ((status = 'absent') = (from_at is null)),
            check ((from_at is null) = (until_at is null)),
            check (until_at > from_at),
            check ((state = 'proposed') = (decided_by is null)),
            check (decided_by <> proposed_by)
        )
        """,
        "create unique index training_correction_open_idx on training_correction (session_id, enrolment_id)"
        " where state = 'proposed'",
        """
        create table training_attendance (
            id uuid constraint training_attendance_pkey primary key,
            session_id uuid not null constraint training_attendance_session_id_fkey references training_session,
            enrolment_id uuid not null
                constraint training_attendance_enrolment_id_fkey references training_enrolment,
            person_id uuid not null constraint training_attendance_person_id_fkey references identity_person,
            region text not null,
            revision integer not null check (revision >= 1),
            status text not null check (status in ('present', 'absent')),
            from_at timestamptz,
            until_at timestamptz,
            correction_id uuid constraint training_attendance_correction_id_fkey references training_correction,
            recorded_by uuid not null,
            recorded_at timestamptz not null,
            constraint training_attendance_session_id_enrolment_id_revision_key
                unique (session_id, enrolment_id, revision),
            check ((status = 'absent') = (from_at is null)),
            check ((from_at is null) = (until_at is null)),
            check (until_at > from_at),
            check (revision = 1 or correction_id is not null)
        )
        """,
        "create index training_attendance_person_id_idx on training_attendance (person_id)",
    )
    append_only("training_sign")
    append_only("training_attendance")
    for table in ("training_sign", "training_attendance"):
        region_policy(table, person="person_id")
        grant(table, app="select, insert")
    region_policy("training_correction")
    grant("training_correction", app="select, insert, update (state, decided_by, decided_at)")
    run(
        # a session with attendance is a record: it stays on the timetable
        "create policy training_session_signed on training_session for select to ankao_app"
        " using (exists (select 1 from training_attendance a where a.session_id = training_session.id))",
    )
