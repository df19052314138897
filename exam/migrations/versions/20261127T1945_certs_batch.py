"""Batches of certificates, and how far each certificate of a batch has come."""

from exam.migrations.sql import grant, region_policy, run

revision = "20261127T1945"
down_revision = "20261127T1935"


def upgrade() -> None:
    run(
        """
        create table certs_batch (
            id uuid constraint certs_batch_pkey primary key,
            region text not null,
            choice jsonb not null,
            paper text not null check (paper in ('a4', 'card')),
            state text not null check (state in ('making', 'cancelled', 'ready', 'over')),
            total integer not null check (total between 1 and 10000),
            volumes jsonb not null,
            asked_by uuid,
            asked_at timestamptz not null,
            moved_at timestamptz not null
        )
        """,
        "create index certs_batch_asked_at_idx on certs_batch (asked_at)",
        """
        create table certs_batch_line (
            batch_id uuid not null constraint certs_batch_line_batch_id_fkey references certs_batch,
            place integer not null check (place > 0),
            credential_id uuid not null
                constraint certs_batch_line_credential_id_fkey references certs_credential,
            region text not null,
            outcome text check (outcome in ('made', 'failed')),
            code text not null,
            constraint certs_batch_line_pkey primary key (batch_id, place)
        )
        """,
        "create index certs_batch_line_waiting_idx on certs_batch_line (batch_id, place) where outcome is null",
    )
    region_policy("certs_batch")
    region_policy("certs_batch_line")
    grant("certs_batch", app="select, insert, update")
    grant("certs_batch_line", app="select, insert, update")
