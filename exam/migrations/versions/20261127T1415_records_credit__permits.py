"""Publish what a published permit is made from."""

from exam.migrations.sql import grant, run

revision = "20261127T1415"
down_revision = "20261127T1407"


def upgrade() -> None:
    run(
        """
        create view records_v_permit with (security_invoker = true) as
            select id, person_id, region, qualification, category, status, number_masked, issued_on, valid_from_on,
                valid_until_on, issuer_id, issuer_name
            from certs_credential
        """,
    )
    grant("records_v_permit", app="select")
