"""What figures are counted from says when, at which centre and in which industry it happened; hours and incidents join it."""

from exam.migrations.sql import grant, run

revision = "20261127T1013"
down_revision = "20261127T1012"


def upgrade() -> None:
    _industry()
    _exams()
    _outcomes()
    _others()
    _credentials()
    _enterprises()
    _recent()


def _industry() -> None:
    run(
        # every level must count the same, and an enterprise may lie outside the region that examines its people:
        # of the public register of enterprises nothing but the industry is told
        """
        create function records_industry_of(whose uuid) returns text
            language sql stable security definer set search_path = public as $$
            select o.industry from identity_organisation o where o.id = whose
        $$
        """,
        "revoke execute on function records_industry_of(uuid) from public",
        "grant execute on function records_industry_of(uuid) to ankao_app",
    )


def _exams() -> None:
    """The joins are outer ones on unique keys: where a count asks for none of their columns the planner leaves them out."""
    run(
        """
        create or replace view records_v_sitting with (security_invoker = true) as
            select id, region, title, qualification, centre_name, starts_at, ends_at, state, centre_id, opened_at
            from sitting_sitting
        """,
        """
        create or replace view records_v_registration with (security_invoker = true) as
            select r.id, r.sitting_id, r.person_id, r.organisation_id, r.region, r.qualification, r.state,
                r.registered_at, s.centre_id, records_industry_of(r.organisation_id) as industry, s.starts_at,
                s.state as sitting_state, a.started_at is not null as attended
            from sitting_registration r
            left join sitting_sitting s on s.id = r.sitting_id
            left join delivery_attempt a on a.registration_id = r.id
        """,
        """
        create or replace view records_v_attempt with (security_invoker = true) as
            select a.id, a.sitting_id, a.registration_id, a.region, a.state, a.started_at, a.person_id,
                s.qualification, s.centre_id, records_industry_of(r.organisation_id) as industry
            from delivery_attempt a
            left join sitting_sitting s on s.id = a.sitting_id
            left join sitting_registration r on r.id = a.registration_id
        """,
    )


def _outcomes() -> None:
    run(
        "drop view records_v_outcome",
        # of each part what was told last: a correction replaces the version before it, a further sheet the sheet before;
        # the day is that of the first telling, so that a correction changes the period it belongs to and not another
        """
        create view records_v_outcome with (security_invoker = true) as
        with told as (
            select distinct on (sitting_id, region, qualification, registration_id, part)
                sitting_id, region, qualification, registration_id, part, passed, outcome, marks, first_told_at
            from (
                select r.sitting_id, r.region, r.qualification, r.registration_id, r.part, r.passed, r.outcome,
                    r.marks, r.version, l.released_at, min(l.released_at) over (partition by
                        r.sitting_id, r.region, r.qualification, r.registration_id, r.part, r.origin_id) as first_told_at
                from grading_result r join grading_release l on l.result_id = r.id
            ) releases
            order by sitting_id, region, qualification, registration_id, part, released_at desc, version desc
        ), ended as (
            select registration_id, sitting_id, region, qualification, max(first_told_at) as told_at,
                case when not bool_and(passed) then 'failed'
                    when bool_or(outcome = 'passed') then 'passed'
                    else 'outstanding' end as outcome,
                max(marks) filter (where part = 'theory') as theory_marks
            from told group by sitting_id, region, qualification, registration_id
        )
        select e.registration_id, e.sitting_id, e.region, e.qualification, e.told_at, e.outcome, e.theory_marks,
            r.person_id, s.centre_id, records_industry_of(r.organisation_id) as industry
        from ended e
        left join sitting_sitting s on s.id = e.sitting_id
        left join sitting_registration r on r.id = e.registration_id
        """,
        # whoever was told of nothing in a period has no outcome in it: what was told leads to the few to look at
        """
        create function records_outcomes_told(since timestamptz, until timestamptz) returns table (
            registration_id uuid, sitting_id uuid, region text, qualification text, told_at timestamptz, outcome text,
            theory_marks integer, person_id uuid, centre_id uuid, industry text
        ) language sql stable as $$
            select o.* from (
                select distinct r.registration_id from grading_release l join grading_result r on r.id = l.result_id
                where l.released_at >= since and l.released_at < until
            ) t
            cross join lateral (select * from records_v_outcome v where v.registration_id = t.registration_id) o
            where o.told_at >= since and o.told_at < until
        $$
        """,
        "revoke execute on function records_outcomes_told(timestamptz, timestamptz) from public",
        "grant execute on function records_outcomes_told(timestamptz, timestamptz) to ankao_app",
    )
    grant("records_v_outcome", app="select")


def _others() -> None:
    # what happens to a credential, where it was issued
    _view(
        "records_v_turn",
        """
        select e.id, e.credential_id, e.kind, e.at, e.region, c.qualification, c.status, c.person_id, c.number_masked,
            c.holder_masked
        from certs_credential_event e left join certs_credential c on c.id = e.credential_id
        """,
    )
    _view(
        "records_v_hours",
        "select id, person_id, region, qualification, origin, seconds, recorded_at from training_hours",
    )
    _view(
        "records_v_incident",
        """
        select i.id, i.person_id, i.attempt_id, i.sitting_id, i.region, i.category, i.state, i.disposition,
            i.happened_at, s.qualification, s.centre_id, records_industry_of(r.organisation_id) as industry
        from proctor_incident i
        left join sitting_sitting s on s.id = i.sitting_id
        left join delivery_attempt a on a.id = i.attempt_id
        left join sitting_registration r on r.id = a.registration_id
        """,
    )


def _view(name: str, query: str) -> None:
    run(f"create view {name} with (security_invoker = true) as {query}")
    grant(name, app="select")


def _credentials() -> None:
    """A state on a past day is read from the history; where nothing has happened since, the present one is right."""
    run(
        """
        create function records_credentials_on(on_day date) returns table (
            id uuid, person_id uuid, region text, qualification text, category text, status text, valid_from_on date,
            valid_until_on date, ends_on date, number_masked text, holder_masked text, employer text
        ) language sql stable as $$
            select c.id, c.person_id, c.region, c.qualification, c.category,
                case when on_day >= (now() at time zone 'Asia/Shanghai')::date or not exists (
                    select 1 from certs_credential_event e where e.credential_id = c.id
                        and e.at >= ((on_day + 1)::timestamp at time zone 'Asia/Shanghai')
                        and e.kind in ('suspended', 'restored', 'revoked', 'superseded', 'annulled'))
                then c.status
                else coalesce((
                    select case e.kind when 'restored' then 'issued' else e.kind end
                    from certs_credential_event e where e.credential_id = c.id
                        and e.at < ((on_day + 1)::timestamp at time zone 'Asia/Shanghai')
                        and e.kind in ('suspended', 'restored', 'revoked', 'superseded', 'annulled')
                    order by e.at desc, e.id desc limit 1), 'issued') end,
                c.valid_from_on, c.valid_until_on, c.ends_on, c.number_masked, c.holder_masked, c.employer
            from records_v_credential c where c.issued_on <= on_day
        $$
        """,
        "revoke execute on function records_credentials_on(date) from public",
        "grant execute on function records_credentials_on(date) to ankao_app",
    )


def _enterprises() -> None:
    run(
        "drop view records_v_enterprise",
        # `expiring` are the posts whose last credential ends within ninety days
        """
        create function records_enterprises_on(on_day date) returns table (
            id uuid, name text, region text, industry text, wanted bigint, valid bigint, expiring bigint
        ) language sql stable as $$
            with post as (
                select q.organisation_id, (
                    select max(c.ends_on) from records_credentials_on(on_day) c
                    where c.person_id = q.person_id and c.status = 'issued'
                        and c.valid_from_on <= on_day and c.ends_on >= on_day
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
        "revoke execute on function records_enterprises_on(date) from public",
        "grant execute on function records_enterprises_on(date) to ankao_app",
    )


def _recent() -> None:
    """What is counted of late lies at the end of its table: a few pages of summaries find it, and no insert pays for them."""
    for table, column in (
        ("sitting_registration", "registered_at"),
        ("delivery_attempt", "started_at"),
        ("grading_release", "released_at"),
        ("certs_credential_event", "at"),
        ("training_hours", "recorded_at"),
        ("proctor_incident", "happened_at"),
    ):
        run(f"create index {table}_{column}_idx on {table} using brin ({column})")
