"""An event says whether it belongs to a change over a search, for every revision has a reason now."""

from exam.migrations.sql import run

revision = "20261128T0910"
down_revision = "20261128T0850"


def upgrade() -> None:
    run(
        "alter table questionbank_item_event add bulk boolean not null default false",
        # a rewrite of the column, since no row of an append-only table is updated: only bulk changes had reasons before
        "alter table questionbank_item_event alter bulk drop default,"
        " alter bulk type boolean using act = 'revised' and reason <> '', alter bulk set default false",
    )
