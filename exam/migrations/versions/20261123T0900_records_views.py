"""Records tables."""

from exam.migrations.sql import run

revision = "20261123T0900"
down_revision = "20261123T0800"


def upgrade() -> None:
    run()
