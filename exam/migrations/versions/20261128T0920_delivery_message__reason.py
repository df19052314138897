"""The category of a proctor's message; what was sent before there was one keeps an empty word."""

from exam.migrations.sql import run

revision = "20261128T0920"
down_revision = "20261128T0910"


def upgrade() -> None:
    run(
        "alter table delivery_message add column reason text not null default ''",
        "alter table delivery_message alter column reason drop default",
    )
