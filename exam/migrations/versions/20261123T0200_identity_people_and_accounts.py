"""Identity tables."""

from exam.migrations.sql import run

revision = "20261123T0200"
down_revision = "20261123T0100"


def upgrade() -> None:
    run()
