"""Who listened to a seat, why, and from when to when the microphone was open."""

from exam.migrations.sql import grant, region_policy, run

revision = "20261128T0221"
down_revision = "20261128T0205"


def upgrade() -> None:
    run(
        """
        create table proctor_listening (
            id uuid constraint proctor_listening_pkey primary key,
            attempt_id uuid not null constraint proctor_listening_attempt_id_fkey references delivery_attempt,
            region text not null,
            account uuid not null,
            reason text not null check (reason <> ''),
            note text not null,
            asked_at timestamptz not null,
            until_at timestamptz not null check (until_at > asked_at),
            opened_at timestamptz check (opened_at >= asked_at),
            ended_at timestamptz check (ended_at >= asked_at),
            outcome text not null check ((outcome = '') = (ended_at is null))
        )
        """,
        "create index proctor_listening_attempt_id_idx on proctor_listening (attempt_id, asked_at)",
    )
    grant("proctor_listening", app="select, insert, update (opened_at, ended_at, outcome)")
    region_policy("proctor_listening")
