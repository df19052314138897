"""A neighbour may send as well: what a lower node told, kept as it was signed, once."""

from exam.migrations.sql import append_only, grant, region_policy, run

revision = "20261127T1650"
down_revision = "20261127T1635"


def upgrade() -> None:
    run(
        "alter table records_exchange_neighbour add column sends boolean not null default false",
        """
        create table records_exchange_incoming (
            id uuid constraint records_exchange_incoming_pkey primary key,
            neighbour_id uuid not null constraint records_exchange_incoming_neighbour_id_fkey
                references records_exchange_neighbour,
            region text not null,
            message_id uuid not null,
            kind text not null,
            subject text not null,
            sequence integer not null check (sequence > 0),
            body text not null,
            digest bytea not null check (length(digest) = 32),
            occurred_at timestamptz not null,
            received_at timestamptz not null,
            constraint records_exchange_incoming_neighbour_id_subject_sequence_key
                unique (neighbour_id, subject, sequence)
        )
        """,
    )
    append_only("records_exchange_incoming")
    region_policy("records_exchange_incoming")
    grant("records_exchange_incoming", app="select, insert")
