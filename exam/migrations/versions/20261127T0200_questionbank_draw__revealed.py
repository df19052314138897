"""When the seed of a draw was revealed: the second half of the commitment."""

from exam.migrations.sql import run

revision = "20261127T0200"
down_revision = "20261127T0100"


def upgrade() -> None:
    run(
        "alter table questionbank_draw add column seed_revealed_at timestamptz",
        "grant update (seed_revealed_at) on questionbank_draw to ankao_bank",
        "grant select (seed_revealed_at) on questionbank_draw to ankao_app",
    )
