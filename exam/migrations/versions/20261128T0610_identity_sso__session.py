"""The number that a log-in has at the OpenID provider, by which it may end it."""

from exam.migrations.sql import run

revision = "20261128T0610"
down_revision = "20261128T0520"


def upgrade() -> None:
    run(
        "alter table identity_session add column sso_session bytea",
        "create index identity_session_sso_session_idx on identity_session (sso_session) where sso_session is not null",
    )
