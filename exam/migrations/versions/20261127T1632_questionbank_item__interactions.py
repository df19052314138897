"""The interactions of items are listed in one place only, which is not the database."""

from exam.migrations.sql import run

revision = "20261127T1632"
down_revision = "20261127T1600"


def upgrade() -> None:
    run(
        "alter table questionbank_item drop constraint questionbank_item_interaction_check",
        "alter table questionbank_item add constraint questionbank_item_interaction_check"
        " check (interaction ~ '^[a-z]+(_[a-z]+)*$')",
    )
