"""Whether a log-in has not ended: asked by the packages above where a request carries no session."""

from exam.migrations.sql import run

revision = "20261128T0850"
down_revision = "20261128T0840"


def upgrade() -> None:
    run(
        """
        create function identity_session_open(login bytea, at timestamptz) returns boolean language sql stable as $$
            select exists (select from identity_session s where s.token_digest = login and s.expires_at > at)
        $$
        """,
    )
