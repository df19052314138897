"""Outcomes of a period are worked out from the registrations that were told of something in it, not from everybody's."""

from exam.migrations.sql import run

revision = "20261127T1053"
down_revision = "20261127T1052"

# the view records_v_outcome, looked at for some registrations only; what it means stands there
_OF_SOME = """
    with told as (
        select distinct on (sitting_id, region, qualification, registration_id, part)
            sitting_id, region, qualification, registration_id, part, passed, outcome, marks, first_told_at
        from (
            select r.sitting_id, r.region, r.qualification, r.registration_id, r.part, r.passed, r.outcome,
                r.marks, r.version, l.released_at, min(l.released_at) over (partition by
                    r.sitting_id, r.region, r.qualification, r.registration_id, r.part, r.origin_id) as first_told_at
            from grading_result r join grading_release l on l.result_id = r.id
            {only}
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
"""
_TOLD = """
    where r.registration_id in (
        select o.registration_id from grading_release t join grading_result o on o.id = t.result_id
        where t.released_at >= since and t.released_at < until)
"""


def upgrade() -> None:
    run(
        # both say the same because both are written from the one text
        f"create or replace view records_v_outcome with (security_invoker = true) as {_OF_SOME.format(only='')}",
        f"""
        create or replace function records_outcomes_told(since timestamptz, until timestamptz) returns table (
            registration_id uuid, sitting_id uuid, region text, qualification text, told_at timestamptz, outcome text,
            theory_marks integer, person_id uuid, centre_id uuid, industry text
        ) language sql stable as $$
            select * from ({_OF_SOME.format(only=_TOLD)}) o where o.told_at >= since and o.told_at < until
        $$
        """,
    )
