"""Where a credential's issue stands in the log, told to whoever knows its public id."""

from exam.migrations.sql import run

revision = "20261127T0400"
down_revision = "20261127T0345"


def upgrade() -> None:
    run(
        """
        create function certs_public_log(wanted text) returns table (noted_at timestamptz, leaf bytea, index bigint)
            language sql stable security definer set search_path = public as $$
            select a.at, a.leaf, l.index
            from certs_credential c
            join certs_credential_event e on e.credential_id = c.id and e.kind = 'issued'
            join core_audit_entry a on a.id = e.audit_id
            left join core_log_leaf l on l.entry_id = a.id
            where c.public_id = wanted
        $$
        """,
        "revoke execute on function certs_public_log(text) from public",
        "grant execute on function certs_public_log(text) to ankao_public",
    )
