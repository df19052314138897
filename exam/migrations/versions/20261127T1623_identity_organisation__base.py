"""What the base record of an enterprise holds: division of GB/T 4754, size, whether it is high-risk, who is in charge."""

from exam.migrations.sql import run

revision = "20261127T1623"
down_revision = "20261127T1622"


def upgrade() -> None:
    run(
        """
        alter table identity_organisation
            add column division text check (division ~ '^[A-T][0-9]{2}$'),
            add column size text check (size in ('large', 'medium', 'small', 'micro')),
            add column high_risk boolean not null default false,
            add column in_charge text check (length(in_charge) between 1 and 60),
            add column safety_head text check (length(safety_head) between 1 and 60)
        """,
    )
