"""Sums lie in one partition for each year, and what has become of credentials is found without their issuing."""

from exam.migrations.sql import grant, region_policy, run

revision = "20261127T2232"
down_revision = "20261127T2227"

YEARS = range(2022, 2032)
"""What lies before or after these is in the default partition."""
KEYS = {"records_sum": "qualification, centre_id", "records_sum_industry": "industry"}


def upgrade() -> None:
    for table, told in KEYS.items():
        _divide(table, told)
    # of a hundred turns ninety-nine are the issuing, and no day's state asks for that one
    run(
        "create index certs_credential_event_turn_idx on certs_credential_event (credential_id, at)"
        " where kind in ('suspended', 'restored', 'revoked', 'superseded', 'annulled')",
    )


def _divide(table: str, told: str) -> None:
    run(
        f"alter table {table} rename to {table}_whole",
        f"alter index {table}_source_day_on_idx rename to {table}_whole_idx",
        f"create table {table} (like {table}_whole) partition by range (day_on)",
        f"create table {table}_default partition of {table} default",
        *(
            f"create table {table}_{year} partition of {table} for values from ('{year}-01-01') to ('{year + 1}-01-01')"
            for year in YEARS
        ),
        f"insert into {table} select * from {table}_whole",
        f"drop table {table}_whole",
        f"create unique index {table}_source_day_on_idx on {table} (source, day_on, region, {told}) nulls not distinct",
    )
    grant(table, app="select, insert, delete")
    # whoever reads a partition by its own name is behind the same policy
    for name in (table, *(f"{table}_{part}" for part in (*YEARS, "default"))):
        region_policy(name)
