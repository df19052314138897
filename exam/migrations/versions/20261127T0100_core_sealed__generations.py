"""Generations of sealing keys: a person or a credential is found by an index of any of them, the owner seals again."""

from exam.migrations.sql import run

revision = "20261127T0100"
down_revision = "20261123T0900"


def upgrade() -> None:
    _people()
    _credentials()


def _people() -> None:
    run(
        "drop function identity_person_by_index(bytea)",
        """
        create function identity_person_by_index(wanted bytea[]) returns uuid
            language sql stable security definer set search_path = public as $$
            select id from identity_person where id_index = any(wanted) limit 1
        $$
        """,
        "revoke execute on function identity_person_by_index(bytea[]) from public",
        "grant execute on function identity_person_by_index(bytea[]) to ankao_app",
    )


def _credentials() -> None:
    run(
        "drop function certs_public_by_query(bytea)",
        f"create function certs_public_by_query(wanted bytea[]) returns table ({_MASKED})"
        " language sql stable security definer set search_path = public as"
        f" $$ select {_COLUMNS} from certs_v_public where query_index = any(wanted) $$",
        "revoke execute on function certs_public_by_query(bytea[]) from public",
        "grant execute on function certs_public_by_query(bytea[]) to ankao_public",
        _GUARD,
    )


_MASKED = (
    "public_id text, version integer, number_masked text, holder_masked text, qualification text, issued_on date,"
    " valid_from_on date, valid_until_on date, review_due_on date, status text, rule_set text, issuer_name text,"
    " key_id text, audit_position bigint"
)
_COLUMNS = (
    "public_id, version, number_masked, holder_masked, qualification, issued_on, valid_from_on, valid_until_on,"
    " review_due_on, status, rule_set, issuer_name, key_id, audit_position"
)
_GUARD = """
create or replace function certs_guard_credential() returns trigger language plpgsql as $$
declare
    free text[] := array['status', 'qr_text', 'key_id', 'pdf_key', 'pdf_digest', 'photo_digest'];
begin
    if new.status <> old.status and (old.status || '>' || new.status) <> all(array[
        'issued>suspended', 'issued>revoked', 'issued>superseded', 'issued>annulled',
        'suspended>issued', 'suspended>revoked', 'suspended>annulled'])
    then
        raise exception 'credential %: % cannot become %', old.id, old.status, new.status
            using errcode = 'integrity_constraint_violation';
    end if;
    -- the owner seals the same number again under new keys; no role that serves people may touch it
    if current_user = 'ankao_owner' then
        free := free || array['number_sealed', 'number_index'];
    end if;
    if (old.pdf_key is not null and (new.qr_text, new.key_id, new.pdf_key, new.pdf_digest, new.photo_digest)
            is distinct from (old.qr_text, old.key_id, old.pdf_key, old.pdf_digest, old.photo_digest))
        or (to_jsonb(new) - free) is distinct from (to_jsonb(old) - free)
    then
        raise exception 'credential %: what is fixed would change', old.id
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$
"""
