"""Credentials, their history, proposals, keys, and the few functions that strangers may call."""

from exam.migrations.sql import append_only, grant, region_policy, run

revision = "20261123T0800"
down_revision = "20261123T0700"


def upgrade() -> None:
    _credentials()
    _events()
    _waiting()
    _keys()
    _visibility()
    _public()


def _credentials() -> None:
    run(
        """
        create table certs_credential (
            id uuid constraint certs_credential_pkey primary key,
            public_id text not null constraint certs_credential_public_id_key unique,
            version integer not null check (version >= 1),
            number_sealed bytea not null,
            number_index bytea not null,
            query_index bytea not null,
            number_masked text not null,
            person_id uuid not null constraint certs_credential_person_id_fkey references identity_person,
            holder_masked text not null,
            qualification text not null,
            category text not null check (category in ('principal', 'officer', 'special')),
            region text not null,
            issued_on date not null,
            first_issued_on date not null check (first_issued_on <= issued_on),
            valid_from_on date not null,
            valid_until_on date not null check (valid_until_on >= valid_from_on),
            review_due_on date,
            status text not null check (status in ('issued', 'suspended', 'revoked', 'superseded', 'annulled')),
            rule_set text not null,
            basis text not null,
            issuer_id uuid not null constraint certs_credential_issuer_id_fkey references identity_organisation,
            issuer_name text not null,
            employer text not null,
            results jsonb not null,
            photo_key text,
            issued_at timestamptz not null,
            qr_text text,
            key_id text,
            pdf_key text,
            pdf_digest bytea,
            photo_digest bytea,
            constraint certs_credential_number_index_qualification_version_key
                unique (number_index, qualification, version)
        )
        """,
        # one credential at most that counts, per person and qualification: the lock in the service is not the only one
        "create unique index certs_credential_person_id_qualification_idx"
        " on certs_credential (person_id, qualification) where status in ('issued', 'suspended')",
        "create index certs_credential_person_id_idx on certs_credential (person_id)",
        "create index certs_credential_query_index_idx on certs_credential (query_index)",
        "create index certs_credential_pdf_digest_idx on certs_credential (pdf_digest)",
        "create index certs_credential_region_idx on certs_credential (region text_pattern_ops, issued_at)",
        "create index certs_credential_valid_until_on_idx on certs_credential (valid_until_on)",
        _GUARD,
        "create trigger certs_credential_guard before update on certs_credential"
        " for each row execute function certs_guard_credential()",
        "create trigger certs_credential_keep before delete on certs_credential"
        " for each row execute function ankao_refuse_change()",
    )
    grant(
        "certs_credential",
        app="select, insert, update (status, qr_text, key_id, pdf_key, pdf_digest, photo_digest)",
    )
    region_policy("certs_credential", person="person_id")
    run(
        """
        create table certs_number_counter (
            prefix text constraint certs_number_counter_pkey primary key,
            last integer not null check (last between 1 and 999999)
        )
        """,
    )
    grant("certs_number_counter", app="select, insert, update")


def _events() -> None:
    run(
        """
        create table certs_credential_event (
            id uuid constraint certs_credential_event_pkey primary key,
            credential_id uuid not null
                constraint certs_credential_event_credential_id_fkey references certs_credential,
            region text not null,
            kind text not null check (kind in ('issued', 'pdf_made', 'suspended', 'restored', 'revoked', 'superseded',
                'annulled', 'expired')),
            reason text not null,
            actor uuid,
            proposer uuid check (proposer is distinct from actor or proposer is null),
            at timestamptz not null,
            audit_id uuid not null constraint certs_credential_event_audit_id_fkey references core_audit_entry
        )
        """,
        "create index certs_credential_event_credential_id_idx on certs_credential_event (credential_id)",
        # what happens once in a life: a job that runs twice must not tell it twice
        "create unique index certs_credential_event_credential_id_kind_idx on certs_credential_event"
        " (credential_id, kind) where kind in ('issued', 'pdf_made', 'expired', 'revoked', 'superseded', 'annulled')",
    )
    append_only("certs_credential_event")
    region_policy("certs_credential_event")
    grant("certs_credential_event", app="select, insert")


def _waiting() -> None:
    run(
        """
        create table certs_proposal (
            id uuid constraint certs_proposal_pkey primary key,
            credential_id uuid not null constraint certs_proposal_credential_id_fkey references certs_credential,
            region text not null,
            act text not null check (act in ('restore', 'revoke', 'annul')),
            reason text not null,
            proposed_by uuid not null,
            proposed_at timestamptz not null,
            confirmed boolean,
            decided_by uuid,
            decided_at timestamptz,
            check (num_nulls(confirmed, decided_by, decided_at) in (0, 3)),
            -- who proposed may take the proposal back, and never confirm it
            check (not confirmed or decided_by <> proposed_by)
        )
        """,
        "create unique index certs_proposal_credential_id_idx on certs_proposal (credential_id)"
        " where confirmed is null",
        _GUARD_PROPOSAL,
        "create trigger certs_proposal_guard before update on certs_proposal"
        " for each row execute function certs_guard_proposal()",
        """
        create table certs_withheld (
            id uuid constraint certs_withheld_pkey primary key,
            person_id uuid not null constraint certs_withheld_person_id_fkey references identity_person,
            qualification text not null,
            registration_id uuid not null,
            region text not null,
            reason text not null,
            detail text not null,
            noted_at timestamptz not null,
            settled_at timestamptz
        )
        """,
        "create unique index certs_withheld_person_id_qualification_idx on certs_withheld (person_id, qualification)"
        " where settled_at is null",
    )
    for table in ("certs_proposal", "certs_withheld"):
        region_policy(table)
    grant("certs_proposal", app="select, insert, update (confirmed, decided_by, decided_at)")
    grant("certs_withheld", app="select, insert, update (reason, detail, settled_at)")


def _keys() -> None:
    run(
        """
        create table certs_key (
            key_id text constraint certs_key_pkey primary key,
            algorithm text not null check (algorithm in ('Ed25519')),
            public bytea not null check (length(public) = 32),
            issuer text not null,
            active_from timestamptz not null,
            active_until timestamptz
        )
        """,
    )
    grant("certs_key", app="select, insert, update (active_until)")


def _visibility() -> None:
    run(
        # an enterprise sees the credentials of those who work for it now; the engagement's own policy says who they are
        """
        create policy certs_credential_engaged on certs_credential for select to ankao_app using (
            exists (
                select 1 from identity_engagement e
                where e.person_id = certs_credential.person_id
                    and e.organisation_id = ankao_organisation()
                    and (e.ended_on is null or e.ended_on >= (now() at time zone 'Asia/Shanghai')::date)
            )
        )
        """,
    )


def _public() -> None:
    """Give strangers masked facts of one credential at a time, by what only its papers or its holder tell."""
    run(
        """
        create view certs_v_public as
            select c.public_id, c.version, c.number_masked, c.holder_masked, c.qualification, c.issued_on,
                c.valid_from_on, c.valid_until_on, c.review_due_on, c.status, c.rule_set, c.issuer_name, c.key_id,
                c.pdf_digest, c.query_index, a.position as audit_position
            from certs_credential c
            join certs_credential_event e on e.credential_id = c.id and e.kind = 'issued'
            join core_audit_entry a on a.id = e.audit_id
        """,
    )
    for name, key, kind in (
        ("certs_public_by_id", "public_id", "text"),
        ("certs_public_by_query", "query_index", "bytea"),
        ("certs_public_by_file", "pdf_digest", "bytea"),
    ):
        _function(f"{name}(wanted {kind})", _MASKED, f"select {_COLUMNS} from certs_v_public where {key} = wanted")
    _function(
        "certs_public_keys()",
        "key_id text, algorithm text, public bytea, issuer text, active_from timestamptz, active_until timestamptz",
        "select key_id, algorithm, public, issuer, active_from, active_until from certs_key order by active_from",
    )


def _function(signature: str, columns: str, query: str) -> None:
    run(
        f"create function {signature} returns table ({columns})"
        f" language sql stable security definer set search_path = public as $$ {query} $$",
        f"revoke execute on function {signature} from public",
        f"grant execute on function {signature} to ankao_public",
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
create function certs_guard_credential() returns trigger language plpgsql as $$
begin
    if new.status <> old.status and (old.status || '>' || new.status) <> all(array[
        'issued>suspended', 'issued>revoked', 'issued>superseded', 'issued>annulled',
        'suspended>issued', 'suspended>revoked', 'suspended>annulled'])
    then
        raise exception 'credential %: % cannot become %', old.id, old.status, new.status
            using errcode = 'integrity_constraint_violation';
    end if;
    if (old.pdf_key is not null and (new.qr_text, new.key_id, new.pdf_key, new.pdf_digest, new.photo_digest)
            is distinct from (old.qr_text, old.key_id, old.pdf_key, old.pdf_digest, old.photo_digest))
        or (to_jsonb(new) - array['status', 'qr_text', 'key_id', 'pdf_key', 'pdf_digest', 'photo_digest'])
            is distinct from
            (to_jsonb(old) - array['status', 'qr_text', 'key_id', 'pdf_key', 'pdf_digest', 'photo_digest'])
    then
        raise exception 'credential %: what is fixed would change', old.id
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$
"""

_GUARD_PROPOSAL = """
create function certs_guard_proposal() returns trigger language plpgsql as $$
begin
    if old.confirmed is not null then
        raise exception 'proposal % is decided', old.id using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$
"""
