"""Training tables."""

from exam.migrations.sql import run

revision = "20261123T0400"
down_revision = "20261123T0300"


def upgrade() -> None:
    run()
