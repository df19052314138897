"""The code of a ready sentence among a proctor's messages; what was sent before stays as it was written."""

from exam.migrations.sql import run

revision = "20261128T1103"
down_revision = "20261128T1107"


def upgrade() -> None:
    run(
        "alter table delivery_message add column ready text not null default ''",
        "alter table delivery_message alter column ready drop default",
    )
