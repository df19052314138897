"""What became of a credential and of the versions before and after it, told to whoever knows one version's public id."""

from exam.migrations.sql import run

revision = "20261127T1058"
down_revision = "20261127T1055"


def upgrade() -> None:
    run(
        """
        create function certs_public_history(wanted text) returns table (
                version integer, issued_on date, valid_from_on date, valid_until_on date, kind text, at timestamptz)
            language sql stable security definer set search_path = public as $$
            select v.version, v.issued_on, v.valid_from_on, v.valid_until_on, e.kind, e.at
            from certs_credential c
            join certs_credential v on v.person_id = c.person_id and v.qualification = c.qualification
            join certs_credential_event e on e.credential_id = v.id
            where c.public_id = wanted and e.kind not in ('pdf_made', 'expired')
            order by v.version, e.at, e.id
        $$
        """,
        "revoke execute on function certs_public_history(text) from public",
        "grant execute on function certs_public_history(text) to ankao_public",
    )
