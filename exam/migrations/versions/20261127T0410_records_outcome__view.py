"""Figures count a person's outcome once per registration, not once per part that was told."""

from exam.migrations.sql import grant, run

revision = "20261127T0410"
down_revision = "20261127T0400"


def upgrade() -> None:
    run(
        "drop view records_v_result",
        # of each part what was told last: a correction replaces the version before it, a further sheet the sheet before
        """
        create view records_v_outcome with (security_invoker = true) as
        with told as (
            select distinct on (r.sitting_id, r.region, r.qualification, r.registration_id, r.part)
                r.sitting_id, r.region, r.qualification, r.registration_id, r.part, r.passed, r.outcome, l.released_at
            from grading_result r join grading_release l on l.result_id = r.id
            order by r.sitting_id, r.region, r.qualification, r.registration_id, r.part, l.released_at desc, r.version desc
        )
        select registration_id, sitting_id, region, qualification, max(released_at) as told_at,
            case when not bool_and(passed) then 'failed'
                when bool_or(outcome = 'passed') then 'passed'
                else 'outstanding' end as outcome
        from told group by sitting_id, region, qualification, registration_id
        """,
    )
    grant("records_v_outcome", app="select")
