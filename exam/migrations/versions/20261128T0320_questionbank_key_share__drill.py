"""Custodians try their shares before they are needed, and say when one is lost."""

from exam.migrations.sql import grant, run

revision = "20261128T0320"
down_revision = "20261128T0221"


def upgrade() -> None:
    run(
        "alter table questionbank_key_share add column tried_at timestamptz",
        "alter table questionbank_key_share add column lost_at timestamptz",
        "alter table questionbank_key_share add check (tried_at is null or lost_at is null)",
    )
    grant("questionbank_key_share", bank="update (tried_at, lost_at)", app="select (lost_at)")
