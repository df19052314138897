"""Sitting tables."""

from exam.migrations.sql import run

revision = "20261123T0500"
down_revision = "20261123T0400"


def upgrade() -> None:
    run()
