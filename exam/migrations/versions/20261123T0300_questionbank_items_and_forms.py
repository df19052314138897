"""Question-bank tables."""

from exam.migrations.sql import run

revision = "20261123T0300"
down_revision = "20261123T0200"


def upgrade() -> None:
    run()
