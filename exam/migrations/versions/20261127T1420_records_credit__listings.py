"""A listing that the credit platform has told of stands once on record."""

from exam.migrations.sql import run

revision = "20261127T1420"
down_revision = "20261127T1418"


def upgrade() -> None:
    run(
        "create unique index records_credit_record_listing_idx on records_credit_record (organisation_id, document_no)"
        " where kind = 'listing'",
    )
