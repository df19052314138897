"""What packages kept may be erased when its years are over."""

from exam.migrations.sql import grant

revision = "20261127T2015"
down_revision = "20261127T2003"


def upgrade() -> None:
    for table in ("training_statement", "training_unit_session", "training_package_state"):
        grant(table, app="delete")
