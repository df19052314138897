"""Applications for credentials with the days that the law gives, and why somebody is barred from applying."""

from exam.migrations.sql import grant, region_policy, run

revision = "20261127T1416"
down_revision = "20261127T1415"


def upgrade() -> None:
    _applications()
    _bans()


def _applications() -> None:
    run(
        """
        create table certs_application (
            id uuid constraint certs_application_pkey primary key,
            kind text not null check (kind in ('initial', 'renewal', 'change')),
            person_id uuid not null constraint certs_application_person_id_fkey references identity_person,
            qualification text not null,
            region text not null,
            registration_id uuid,
            credential_id uuid constraint certs_application_credential_id_fkey references certs_credential,
            new_name text,
            new_photo_key text,
            reason text not null,
            rule_set text not null,
            state text not null check (state in ('received', 'accepted', 'refusal_proposed', 'not_accepted', 'granted',
                'refused')),
            filed_by uuid,
            received_at timestamptz not null,
            accept_due_on date,
            accepted_at timestamptz,
            accepted_by uuid,
            decide_due_on date,
            refusal_ground text check (refusal_ground in ('conditions', 'false_material')),
            refusal_reason text,
            refusal_by uuid,
            decided_at timestamptz,
            decided_by uuid,
            issued_id uuid constraint certs_application_issued_id_fkey references certs_credential,
            check ((kind = 'initial') = (registration_id is not null)),
            check ((kind = 'initial') = (credential_id is null)),
            check (kind <> 'change' or num_nonnulls(new_name, new_photo_key) > 0),
            -- who asks for a refusal does not decide it, and who filed for somebody else does not grant it
            check (state <> 'refused' or decided_by <> refusal_by),
            check (state <> 'granted' or decided_by is null or decided_by is distinct from filed_by),
            check ((state = 'granted') = (issued_id is not null)),
            check ((state in ('not_accepted', 'granted', 'refused')) = (decided_at is not null))
        )
        """,
        # of one person and item one application at a time: the check in the service is not the only one
        "create unique index certs_application_person_id_qualification_idx on certs_application"
        " (person_id, qualification) where state in ('received', 'accepted', 'refusal_proposed')",
        "create index certs_application_region_idx on certs_application (region text_pattern_ops)"
        " where state in ('received', 'accepted', 'refusal_proposed')",
        "create index certs_application_registration_id_idx on certs_application (registration_id)",
        _GUARD,
        "create trigger certs_application_guard before update or delete on certs_application"
        " for each row execute function certs_guard_application()",
    )
    region_policy("certs_application", person="person_id")
    grant(
        "certs_application",
        app="select, insert, update (state, accepted_at, accepted_by, decide_due_on, refusal_ground, refusal_reason,"
        " refusal_by, decided_at, decided_by, issued_id)",
    )


def _bans() -> None:
    run(
        "alter table sitting_ban add ground text not null default ''",
        "alter table sitting_ban alter ground drop default",
        "drop function sitting_bans_of(uuid, text)",
        """
        create function sitting_bans_of(whose uuid, wanted text) returns table (until_on date, basis text, ground text)
            language sql stable security definer set search_path = public as $$
            select b.until_on, b.basis, b.ground from sitting_ban b
            where b.person_id = whose and (b.qualification is null or b.qualification = wanted) order by b.until_on
        $$
        """,
        "revoke execute on function sitting_bans_of(uuid, text) from public",
        "grant execute on function sitting_bans_of(uuid, text) to ankao_app",
    )


_GUARD = """
create function certs_guard_application() returns trigger language plpgsql as $$
declare
    free text[] := array['state', 'accepted_at', 'accepted_by', 'decide_due_on', 'refusal_ground', 'refusal_reason',
        'refusal_by', 'decided_at', 'decided_by', 'issued_id'];
begin
    if tg_op = 'DELETE' then
        raise exception 'application % is kept', old.id using errcode = 'integrity_constraint_violation';
    end if;
    if new.state <> old.state and (old.state || '>' || new.state) <> all(array['received>accepted',
        'received>not_accepted', 'accepted>granted', 'accepted>refusal_proposed', 'refusal_proposed>accepted',
        'refusal_proposed>refused'])
    then
        raise exception 'application %: % cannot become %', old.id, old.state, new.state
            using errcode = 'integrity_constraint_violation';
    end if;
    if old.decided_at is not null or (to_jsonb(new) - free) is distinct from (to_jsonb(old) - free) then
        raise exception 'application %: what is fixed would change', old.id
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$
"""
