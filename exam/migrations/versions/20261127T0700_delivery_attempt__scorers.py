"""Whoever takes answers neither scores nor releases (DESIGN.md §6.6): the answer role stops at the hand-in."""

from exam.migrations.sql import run

revision = "20261127T0700"
down_revision = "20261127T0611"


def upgrade() -> None:
    run(
        "create policy delivery_attempt_unscored on delivery_attempt as restrictive for update to ankao_answer"
        " with check (state not in ('scored', 'released'))",
    )
