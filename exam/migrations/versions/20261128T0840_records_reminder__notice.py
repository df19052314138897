"""An enterprise is reminded of a notice that it may answer."""

from exam.migrations.sql import run

revision = "20261128T0840"
down_revision = "20261128T0830"


def upgrade() -> None:
    run(
        "alter table records_reminder drop constraint records_reminder_kind_check",
        "alter table records_reminder add constraint records_reminder_kind_check"
        " check (kind in ('expiry', 'notice', 'objection', 'report'))",
        "alter table records_reminder drop constraint records_reminder_stage_check",
        "alter table records_reminder add constraint records_reminder_stage_check"
        " check (stage in ('90', '60', '30', 'told', 'soon', 'late'))",
    )
