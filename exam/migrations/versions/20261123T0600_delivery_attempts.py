"""Delivery tables."""

from exam.migrations.sql import run

revision = "20261123T0600"
down_revision = "20261123T0500"


def upgrade() -> None:
    run()
