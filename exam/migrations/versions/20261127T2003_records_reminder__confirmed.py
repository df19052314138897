"""A mail address counts once its owner has opened the link that was mailed there; those known so far are asked as well."""

from exam.migrations.sql import run

revision = "20261127T2003"
down_revision = "20261127T1958"


def upgrade() -> None:
    run(
        "alter table records_reminder_address add column asked_at timestamptz",
        "alter table records_reminder_address add column confirmed_at timestamptz",
    )
