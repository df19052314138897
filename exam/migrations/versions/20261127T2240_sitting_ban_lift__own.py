"""Whoever was barred sees, at home, that the bar was undone: until now only the authority's region did."""

from exam.migrations.sql import region_policy, run

revision = "20261127T2240"
down_revision = "20261127T2232"


def upgrade() -> None:
    run("drop policy sitting_ban_lift_scope on sitting_ban_lift")
    region_policy("sitting_ban_lift", person="person_id")
