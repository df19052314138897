"""Identities at an OpenID provider that are bound to accounts, and which sessions came from there."""

from exam.migrations.sql import grant, run

revision = "20261127T1935"
down_revision = "20261127T1915"


def upgrade() -> None:
    run(
        """
        create table identity_sso (
            id uuid constraint identity_sso_pkey primary key,
            account_id uuid not null
                constraint identity_sso_account_id_key unique
                constraint identity_sso_account_id_fkey references identity_account,
            subject_sealed bytea not null,
            subject_index bytea not null constraint identity_sso_subject_index_key unique,
            bound_at timestamptz not null
        )
        """,
        "alter table identity_session add column sso boolean not null default false",
    )
    grant("identity_sso", app="select, insert, delete")
