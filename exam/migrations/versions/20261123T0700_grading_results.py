"""Grading tables."""

from exam.migrations.sql import run

revision = "20261123T0700"
down_revision = "20261123T0600"


def upgrade() -> None:
    run()
