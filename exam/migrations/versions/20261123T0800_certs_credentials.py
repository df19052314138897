"""Credentials tables."""

from exam.migrations.sql import run

revision = "20261123T0800"
down_revision = "20261123T0700"


def upgrade() -> None:
    run()
