"""Records of national certificates, and rosters that count what of them has been checked."""

from exam.migrations.sql import grant, region_policy, run

revision = "20261127T2020"
down_revision = "20261127T2015"


def upgrade() -> None:
    _records()
    _public()
    _held()
    _enterprises()
    _marks()


def _records() -> None:
    run(
        """
        create table certs_national_record (
            id uuid constraint certs_national_record_pkey primary key,
            region text not null,
            person_id uuid not null constraint certs_national_record_person_id_fkey references identity_person,
            qualification text not null,
            category text not null,
            query_index bytea not null,
            number_masked text not null,
            holder_masked text not null,
            document_id text not null,
            issuer text not null check (length(issuer) between 1 and 120),
            issuer_code text not null,
            issued_on date not null,
            valid_from_on date not null,
            valid_until_on date not null,
            review_on date,
            state text not null check (state in ('recorded', 'confirmed', 'refuted')),
            source text not null,
            imported_by uuid,
            imported_at timestamptz not null,
            checked_by uuid,
            checked_at timestamptz,
            check_note text not null,
            check (valid_until_on >= valid_from_on),
            check ((state = 'recorded') = (checked_at is null)),
            check (checked_by is distinct from imported_by or checked_at is null),
            constraint certs_national_record_person_id_qualification_valid_from_on_key
                unique (person_id, qualification, valid_from_on)
        )
        """,
        "create index certs_national_record_query_index_idx on certs_national_record (query_index)",
    )
    region_policy("certs_national_record", person="person_id")
    grant(
        "certs_national_record", app="select, insert, update (state, checked_by, checked_at, check_note, query_index)"
    )


def _public() -> None:
    run(
        """
        create function certs_public_national(wanted bytea[]) returns table (
                number_masked text, holder_masked text, qualification text, issued_on date, valid_from_on date,
                valid_until_on date, review_on date, issuer text, state text)
            language sql stable security definer set search_path = public as $$
            select number_masked, holder_masked, qualification, issued_on, valid_from_on, valid_until_on, review_on,
                issuer, state
            from certs_national_record where query_index = any(wanted) and state <> 'refuted'
        $$
        """,
        "revoke execute on function certs_public_national(bytea[]) from public",
        "grant execute on function certs_public_national(bytea[]) to ankao_public",
    )


def _held() -> None:
    """What answers for work: our own credentials, and national ones that a second person has checked."""
    run(
        """
        create view records_v_held with (security_invoker = true) as
            select id, person_id, region, qualification, category, status, valid_from_on, valid_until_on, review_due_on,
                ends_on, number_masked, 'own' as source
            from records_v_credential
            union all
            select id, person_id, region, qualification, category, 'issued', valid_from_on, valid_until_on, review_on,
                least(valid_until_on, review_on), number_masked, 'national'
            from certs_national_record where state = 'confirmed'
        """,
    )
    grant("records_v_held", app="select")


def _enterprises() -> None:
    run(
        """
        create or replace function records_enterprises_on(on_day date) returns table (
            id uuid, name text, region text, industry text, wanted bigint, valid bigint, expiring bigint
        ) language sql stable as $$
            with held as (
                select c.person_id, c.qualification, c.category, c.ends_on from records_credentials_on(on_day) c
                where c.status = 'issued' and c.valid_from_on <= on_day and c.ends_on >= on_day
                union all
                select n.person_id, n.qualification, n.category, least(n.valid_until_on, n.review_on)
                from certs_national_record n
                where n.state = 'confirmed' and n.valid_from_on <= on_day
                    and least(n.valid_until_on, n.review_on) >= on_day
                    and (n.checked_at at time zone 'Asia/Shanghai')::date <= on_day
            ), post as (
                select q.organisation_id, (
                    select max(c.ends_on) from held c
                    where c.person_id = q.person_id
                        and (c.qualification = q.wanted or (q.wanted = q.role || '.*' and c.category = q.role))
                ) as ends_on
                from records_v_requirement q
                where q.started_on <= on_day and (q.ended_on is null or q.ended_on >= on_day)
            )
            select e.id, e.name, e.region, e.industry, count(p.organisation_id), count(p.ends_on),
                count(*) filter (where p.ends_on <= on_day + 90)
            from identity_organisation e left join post p on p.organisation_id = e.id
            where ankao_in_region(e.region) and e.kind = 'enterprise'
                and (e.created_at at time zone 'Asia/Shanghai')::date <= on_day
                and (e.deregistered_on is null or e.deregistered_on > on_day)
            group by e.id, e.name, e.region, e.industry
        $$
        """,
    )


def _marks() -> None:
    """A record that is checked changes what its holder's enterprises are counted by, from that day on."""
    run(
        """
        create function records_certs_national_mark_checked() returns trigger language plpgsql security definer
            set search_path = public, pg_temp as $$
        begin
            insert into records_stale (source, region, day_on)
            select distinct 'enterprise', o.region, (new.checked_at at time zone 'Asia/Shanghai')::date
            from identity_engagement w join identity_organisation o on o.id = w.organisation_id
            where w.person_id = new.person_id;
            return null;
        end $$
        """,
        "revoke execute on function records_certs_national_mark_checked() from public",
        "create trigger certs_national_record_mark_checked after update on certs_national_record for each row"
        " when (new.state <> old.state) execute function records_certs_national_mark_checked()",
    )
