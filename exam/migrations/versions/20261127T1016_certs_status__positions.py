"""Where each credential stands in the signed status list: a random position, known from its QR alone."""

from exam.migrations.sql import append_only, grant, region_policy, run

revision = "20261127T1016"
down_revision = "20261127T1013"


def upgrade() -> None:
    run(
        """
        create table certs_status_entry (
            position integer constraint certs_status_entry_pkey primary key check (position >= 0),
            credential_id uuid not null constraint certs_status_entry_credential_id_key unique
                constraint certs_status_entry_credential_id_fkey references certs_credential,
            region text not null
        )
        """,
        "create sequence certs_status_serial",
        "grant usage on sequence certs_status_serial to ankao_app",
    )
    append_only("certs_status_entry")
    region_policy("certs_status_entry")
    grant("certs_status_entry", app="select, insert")
    run(
        # those before had no position in their QR and still get one, for the list is complete
        "insert into certs_status_entry (position, credential_id, region)"
        " select row_number() over (order by random()) - 1, id, region from certs_credential",
        "select setval('certs_status_serial', greatest((select count(*) from certs_status_entry), 1),"
        " exists (select 1 from certs_status_entry))",
    )
