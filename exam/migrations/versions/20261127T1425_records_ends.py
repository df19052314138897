"""The certificates that end next are found in the order in which they end, not by sorting all that are usable."""

from exam.migrations.sql import run

revision = "20261127T1425"
down_revision = "20261127T1421"


def upgrade() -> None:
    run(
        "create index certs_credential_ends_on_idx on certs_credential (least(valid_until_on, review_on), id)"
        " where status = 'issued'",
    )
