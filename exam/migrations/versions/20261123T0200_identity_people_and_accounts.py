"""People, organisations, regions, accounts, sessions."""

from exam.migrations.sql import grant, region_policy, run

revision = "20261123T0200"
down_revision = "20261123T0100"


def upgrade() -> None:
    _regions_and_organisations()
    _people()
    _accounts()


def _regions_and_organisations() -> None:
    run(
        """
        create table identity_region (
            path text constraint identity_region_pkey primary key,
            code text not null constraint identity_region_code_key unique,
            name text not null,
            level integer not null check (level between 1 and 5)
        )
        """,
        """
        create table identity_organisation (
            id uuid constraint identity_organisation_pkey primary key,
            kind text not null check (kind in ('authority', 'centre', 'training', 'enterprise')),
            name text not null,
            uscc text constraint identity_organisation_uscc_key unique,
            region text not null,
            industry text,
            address text,
            contact text,
            deregistered_on date,
            created_at timestamptz not null
        )
        """,
        "create index identity_organisation_region_idx on identity_organisation (region text_pattern_ops)",
    )
    grant("identity_region", app="select, insert, update", bank="select", answer="select")
    grant("identity_organisation", app="select, insert, update")
    region_policy("identity_organisation", organisation="id")


def _people() -> None:
    run(
        """
        create table identity_person (
            id uuid constraint identity_person_pkey primary key,
            name text not null,
            id_sealed bytea not null,
            id_index bytea not null constraint identity_person_id_index_key unique,
            id_masked text not null,
            birth_on date not null,
            sex text not null check (sex in ('male', 'female')),
            photo_key text,
            region text not null,
            created_at timestamptz not null
        )
        """,
        """
        create table identity_engagement (
            id uuid constraint identity_engagement_pkey primary key,
            person_id uuid not null constraint identity_engagement_person_id_fkey references identity_person,
            organisation_id uuid not null
                constraint identity_engagement_organisation_id_fkey references identity_organisation,
            role text not null check (role in ('principal', 'officer', 'special')),
            region text not null,
            started_on date not null,
            ended_on date,
            check (ended_on is null or ended_on >= started_on)
        )
        """,
        "create index identity_engagement_person_id_idx on identity_engagement (person_id)",
        "create index identity_engagement_organisation_id_idx on identity_engagement (organisation_id)",
    )
    grant("identity_person", app="select, insert, update")
    grant("identity_engagement", app="select, insert, update")
    region_policy("identity_engagement", person="person_id", organisation="organisation_id")
    run(
        "alter table identity_person enable row level security",
        # a person is visible through an engagement too, and the engagement's own policy decides which
        """
        create policy identity_person_scope on identity_person to ankao_app using (
            ankao_in_region(region) or id = ankao_person()
            or exists (select 1 from identity_engagement e where e.person_id = identity_person.id)
        ) with check (ankao_in_region(region) or id = ankao_person())
        """,
    )

    run(
        # a person registered elsewhere must be found, and nothing but the id be told, before a link makes them visible
        """
        create function identity_person_by_index(wanted bytea) returns uuid
            language sql stable security definer set search_path = public as $$
            select id from identity_person where id_index = wanted
        $$
        """,
        "revoke execute on function identity_person_by_index(bytea) from public",
        "grant execute on function identity_person_by_index(bytea) to ankao_app",
    )


def _accounts() -> None:
    run(
        """
        create table identity_account (
            id uuid constraint identity_account_pkey primary key,
            login text not null constraint identity_account_login_key unique,
            name text not null,
            password_hash text not null,
            totp_sealed bytea,
            totp_last_step bigint,
            person_id uuid constraint identity_account_person_id_fkey references identity_person,
            enabled boolean not null,
            failures integer not null,
            locked_until timestamptz,
            must_change_password boolean not null,
            created_at timestamptz not null
        )
        """,
        """
        create table identity_role_grant (
            id uuid constraint identity_role_grant_pkey primary key,
            account_id uuid not null constraint identity_role_grant_account_id_fkey references identity_account,
            role text not null,
            region text not null,
            organisation_id uuid
                constraint identity_role_grant_organisation_id_fkey references identity_organisation,
            granted_by uuid,
            granted_at timestamptz not null,
            constraint identity_role_grant_account_id_role_region_organisation_id_key
                unique (account_id, role, region, organisation_id)
        )
        """,
        """
        create table identity_session (
            token_digest bytea constraint identity_session_pkey primary key,
            account_id uuid not null constraint identity_session_account_id_fkey references identity_account,
            created_at timestamptz not null,
            seen_at timestamptz not null,
            expires_at timestamptz not null,
            second_factor_at timestamptz
        )
        """,
        "create index identity_session_account_id_idx on identity_session (account_id)",
        _EXCLUSIVE_ROLES,
        "create trigger identity_role_grant_exclusive before insert or update on identity_role_grant"
        " for each row execute function identity_refuse_role_conflict()",
    )
    grant("identity_account", app="select, insert, update")
    grant("identity_role_grant", app="select, insert, delete")
    grant("identity_session", app="select, insert, update, delete")


_EXCLUSIVE_ROLES = """
create function identity_refuse_role_conflict() returns trigger language plpgsql as $$
declare
    administrators constant text[] := array['system_admin', 'security_admin', 'auditor'];
    makers constant text[] := array['author', 'reviewer', 'publisher'];
    held text;
begin
    perform 1 from identity_account where id = new.account_id for update;
    for held in select role from identity_role_grant where account_id = new.account_id and role <> new.role loop
        if held = any(administrators) or new.role = any(administrators)
            or (held = any(makers) and new.role = any(makers))
            or (held in ('author', 'custodian') and new.role in ('author', 'custodian'))
        then
            raise exception 'roles % and % must be held by different people', held, new.role
                using errcode = 'integrity_constraint_violation';
        end if;
    end loop;
    return new;
end
$$
"""
