"""The choice of parallel forms: sealed with the draw, its digest committed to before the sitting."""

from exam.migrations.sql import run

revision = "20261127T1100"
down_revision = "20261127T1058"


def upgrade() -> None:
    run(
        "alter table questionbank_draw add parallel_sealed bytea, add parallel_digest text not null default ''",
        "grant select (parallel_digest) on questionbank_draw to ankao_app, ankao_monitor",
    )
