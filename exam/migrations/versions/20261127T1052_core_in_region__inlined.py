"""The region test becomes an expression that the planner writes into the statement: a call per row cost more than the rest."""

from exam.migrations.sql import run

revision = "20261127T1052"
down_revision = "20261127T1050"


def upgrade() -> None:
    # without a subquery of its own, or the function would not be inlined
    run(
        """
        create or replace function ankao_in_region(path text) returns boolean language sql stable parallel safe as $$
            select coalesce(path = nullif(current_setting('ankao.region', true), '')
                or starts_with(path, nullif(current_setting('ankao.region', true), '') || '/'), false)
        $$
        """,
    )
