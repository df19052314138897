"""The telephone at which somebody is reached in an emergency, sealed."""

from exam.migrations.sql import run

revision = "20261128T0830"
down_revision = "20261128T0610"


def upgrade() -> None:
    run("alter table identity_engagement add column contact_sealed bytea")
