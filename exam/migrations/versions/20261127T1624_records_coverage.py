"""How far each enterprise's posts are covered today, found in the order in which a supervisor asks."""

from exam.migrations.sql import grant, region_policy, run

revision = "20261127T1624"
down_revision = "20261127T1623"


def upgrade() -> None:
    run(
        """
        create table records_coverage (
            organisation_id uuid constraint records_coverage_pkey primary key,
            region text not null,
            wanted bigint not null,
            valid bigint not null,
            expiring bigint not null
        )
        """,
        "create index records_coverage_missing_idx on records_coverage ((wanted - valid) desc, organisation_id)",
        "create index records_coverage_region_idx on records_coverage (region text_pattern_ops)",
    )
    grant("records_coverage", app="select, insert, delete")
    region_policy("records_coverage")
