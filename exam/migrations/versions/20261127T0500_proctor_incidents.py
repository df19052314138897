"""Observations of machines, incidents of people, two reviews and what the candidate says."""

from exam.migrations.sql import append_only, grant, region_policy, run

revision = "20261127T0500"
down_revision = "20261127T0440"


def upgrade() -> None:
    _observations()
    _incidents()
    _links()
    append_only("proctor_incident_observation")
    append_only("proctor_objection")
    grant("proctor_observation", app="select, insert, update (ended_at)")
    grant(
        "proctor_incident",
        app="select, insert, update (state, finding, review, reviewed_by, reviewed_at, disposition, decision,"
        " disposed_by, disposed_at)",
    )
    grant("proctor_incident_observation", app="select, insert")
    grant("proctor_objection", app="select, insert")
    region_policy("proctor_observation")
    region_policy("proctor_incident", person="person_id")
    region_policy("proctor_objection", person="person_id")


def _observations() -> None:
    run(
        """
        create table proctor_observation (
            id uuid constraint proctor_observation_pkey primary key,
            attempt_id uuid not null constraint proctor_observation_attempt_id_fkey references delivery_attempt,
            region text not null,
            kind text not null,
            began_at timestamptz not null,
            ended_at timestamptz check (ended_at >= began_at),
            facts jsonb not null check (jsonb_typeof(facts) = 'object'),
            noted_at timestamptz not null
        )
        """,
        "create index proctor_observation_attempt_id_began_at_idx on proctor_observation (attempt_id, began_at)",
    )


def _incidents() -> None:
    run(
        """
        create table proctor_incident (
            id uuid constraint proctor_incident_pkey primary key,
            attempt_id uuid not null constraint proctor_incident_attempt_id_fkey references delivery_attempt,
            sitting_id uuid not null,
            person_id uuid not null constraint proctor_incident_person_id_fkey references identity_person,
            region text not null,
            category text not null,
            summary text not null check (summary <> ''),
            state text not null check (state in ('reported', 'reviewed', 'disposed')),
            happened_at timestamptz not null,
            hold_id uuid,
            reported_by uuid not null,
            reported_at timestamptz not null,
            finding text check (finding in ('confirmed', 'doubtful', 'unfounded')),
            review text,
            reviewed_by uuid check (reviewed_by <> reported_by),
            reviewed_at timestamptz,
            disposition text check (disposition in ('no_finding', 'warning', 'score_void', 'referred')),
            decision text,
            disposed_by uuid check (disposed_by <> reported_by and disposed_by <> reviewed_by),
            disposed_at timestamptz,
            check ((state = 'reported') = (reviewed_by is null)),
            check ((state = 'disposed') = (disposed_by is not null)),
            check ((reviewed_by is null) = (finding is null) and (disposed_by is null) = (disposition is null))
        )
        """,
        "create index proctor_incident_attempt_id_idx on proctor_incident (attempt_id)",
        "create index proctor_incident_state_idx on proctor_incident (state, reported_at)",
    )


def _links() -> None:
    run(
        """
        create table proctor_incident_observation (
            incident_id uuid not null
                constraint proctor_incident_observation_incident_id_fkey references proctor_incident,
            observation_id uuid not null
                constraint proctor_incident_observation_observation_id_fkey references proctor_observation,
            constraint proctor_incident_observation_pkey primary key (incident_id, observation_id)
        )
        """,
        """
        create table proctor_objection (
            incident_id uuid not null constraint proctor_objection_incident_id_fkey references proctor_incident,
            person_id uuid not null,
            region text not null,
            text text not null check (text <> ''),
            at timestamptz not null,
            constraint proctor_objection_pkey primary key (incident_id)
        )
        """,
    )
