"""Layouts of imported tables: what the columns under a set of titles mean, remembered for the next file that has them."""

from exam.migrations.sql import grant, region_policy, run

revision = "20261127T1635"
down_revision = "20261127T1640"


def upgrade() -> None:
    run(
        """
        create table questionbank_import_layout (
            region text not null,
            heads text not null check (heads <> ''),
            fields jsonb not null,
            account_id uuid not null,
            account_name text not null,
            changed_at timestamptz not null,
            constraint questionbank_import_layout_pkey primary key (region, heads)
        )
        """,
    )
    grant("questionbank_import_layout", bank="select, insert, update")
    region_policy("questionbank_import_layout")
