"""A revocation may say that the certificate was got by fraud: then the holder is barred for the years of the rules."""

from exam.migrations.sql import run

revision = "20261127T0800"
down_revision = "20261127T0710"


def upgrade() -> None:
    run(
        "alter table certs_proposal add fraud boolean not null default false",
        "alter table certs_proposal add constraint certs_proposal_fraud_check check (act = 'revoke' or not fraud)",
    )
