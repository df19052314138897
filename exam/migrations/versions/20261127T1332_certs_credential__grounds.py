"""Every turn of a credential names its ground and the rule that allowed it; a review may be done, or asked for no more."""

from exam.migrations.sql import grant, run

revision = "20261127T1332"
down_revision = "20261127T1330"


def upgrade() -> None:
    _events()
    _proposals()
    _reviews()
    _shown()
    _history()


def _events() -> None:
    run(
        "alter table certs_credential_event add ground text not null default '',"
        " add rule_set text not null default '', add basis text not null default ''",
        "alter table certs_credential_event alter ground drop default, alter rule_set drop default,"
        " alter basis drop default",
        "alter table certs_credential_event drop constraint certs_credential_event_kind_check",
        """
        alter table certs_credential_event add constraint certs_credential_event_kind_check check (kind in (
            'issued', 'pdf_made', 'suspended', 'restored', 'revoked', 'superseded', 'annulled', 'expired',
            'reviewed', 'review_ended'))
        """,
    )


def _proposals() -> None:
    run(
        "alter table certs_proposal add ground text",
        "alter table certs_proposal disable trigger certs_proposal_guard",
        """
        update certs_proposal set ground = case act when 'suspend' then 'inquiry' when 'restore' then 'cleared'
            when 'annul' then 'request' else case when fraud then 'fraud' else 'wrong_issue' end end
        """,
        "alter table certs_proposal enable trigger certs_proposal_guard",
        """
        create or replace view records_v_fraud with (security_invoker = true) as
            select p.id, p.credential_id, c.person_id, c.holder_masked, c.qualification, p.region, p.decided_at
            from certs_proposal p join certs_credential c on c.id = p.credential_id
            where p.act = 'revoke' and p.ground = 'fraud' and p.confirmed
        """,
        "alter table certs_proposal alter ground set not null, drop column fraud",
    )


def _reviews() -> None:
    run(
        "alter table certs_credential add review_on date",
        "alter table certs_credential disable trigger certs_credential_guard",
        "update certs_credential set review_on = review_due_on",
        "alter table certs_credential enable trigger certs_credential_guard",
        "create index certs_credential_review_on_idx on certs_credential (review_on) where review_on is not null",
        _GUARD,
        "grant select (review_on) on certs_credential to ankao_monitor",
    )
    grant("certs_credential", app="update (review_on)")


def _shown() -> None:
    """Strangers, rosters and figures go by the review that is still asked for, not by the one on the paper."""
    run(
        """
        create or replace view certs_v_public as
            select c.public_id, c.version, c.number_masked, c.holder_masked, c.qualification, c.issued_on,
                c.valid_from_on, c.valid_until_on, c.review_on as review_due_on, c.status, c.rule_set, c.issuer_name,
                c.key_id, c.pdf_digest, c.query_index, a.position as audit_position
            from certs_credential c
            join certs_credential_event e on e.credential_id = c.id and e.kind = 'issued'
            join core_audit_entry a on a.id = e.audit_id
        """,
        """
        create or replace view records_v_credential with (security_invoker = true) as
            select id, person_id, region, qualification, category, status, valid_from_on, valid_until_on,
                review_on as review_due_on, least(valid_until_on, review_on) as ends_on, issued_on, number_masked,
                holder_masked, employer
            from certs_credential
        """,
    )


def _history() -> None:
    run(
        "drop function certs_public_history(text)",
        """
        create function certs_public_history(wanted text) returns table (
                version integer, qualification text, issued_on date, valid_from_on date, valid_until_on date,
                review_due_on date, kind text, at timestamptz)
            language sql stable security definer set search_path = public as $$
            select v.version, v.qualification, v.issued_on, v.valid_from_on, v.valid_until_on, v.review_due_on,
                e.kind, e.at
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


_GUARD = """
create or replace function certs_guard_credential() returns trigger language plpgsql as $$
declare
    free text[] := array['status', 'review_on', 'qr_text', 'key_id', 'pdf_key', 'pdf_digest', 'photo_digest'];
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
    -- a review that is done or asked for no more never comes back, and the next one is later
    if new.review_on is distinct from old.review_on and (old.review_on is null or new.review_on <= old.review_on) then
        raise exception 'credential %: its review cannot go back', old.id
            using errcode = 'integrity_constraint_violation';
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
