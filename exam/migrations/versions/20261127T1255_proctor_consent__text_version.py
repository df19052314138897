"""The version of the text that a candidate agreed to."""

from exam.migrations.sql import run

revision = "20261127T1255"
down_revision = "20261127T1100"


def upgrade() -> None:
    run(
        "alter table proctor_consent add text_version text not null default ''",
        "alter table proctor_consent alter text_version drop default",
    )
