"""A session says since when a filed plan holds it: added to a class under way, it counts only if filed before it begins."""

from exam.migrations.sql import run

revision = "20261128T0931"
down_revision = "20261128T0920"


def upgrade() -> None:
    run(
        "alter table training_session add filed_at timestamptz",
        # which filing first held a session was not kept: what had begun by now in a filed class is taken as filed in time
        """
        update training_session s set filed_at = c.filed_at from training_class c
            where c.id = s.class_id and c.filed_at is not null and (c.plan_digest <> '' or s.starts_at <= now())
        """,
        "grant update (filed_at) on training_session to ankao_app",
    )
