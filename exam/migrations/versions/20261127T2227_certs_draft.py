"""Files of certificates that were begun: what a run that died has left in the store is found by them."""

from exam.migrations.sql import grant, region_policy, run

revision = "20261127T2227"
down_revision = "20261127T2226"


def upgrade() -> None:
    run(
        """
        create table certs_draft (
            key text constraint certs_draft_pkey primary key,
            credential_id uuid not null constraint certs_draft_credential_id_fkey references certs_credential,
            region text not null,
            begun_at timestamptz not null
        )
        """,
        "create index certs_draft_begun_at_idx on certs_draft (begun_at)",
    )
    region_policy("certs_draft")
    grant("certs_draft", app="select, insert, update, delete")
