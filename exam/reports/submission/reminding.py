"""Reminding a region of the reports that it owes: soon due, or late."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.config import Settings
from exam.core.db.scope import Scope
from exam.core.jobs import Job
from exam.core.runtime import Runtime
from exam.identity.api import list_regions
from exam.records.api import Due, remind_of
from exam.reports.submission.due import Duty, days_of, last_ended, list_duties
from exam.reports.submission.forms import load_forms

REMIND = "reports.remind"
REMIND_DAYS = 40
"""How long after its end a period's report is reminded of: each stage once, the last the day after it was due."""


async def remind(runtime: Runtime) -> None:
    """Look at every report that is owed in the installation's region."""
    async with runtime.databases.transaction(Scope(region=runtime.settings.root_region)) as session:
        await remind_regions(session, runtime.settings, runtime.settings.root_region, at=runtime.clock.now())


async def remind_regions(session: AsyncSession, settings: Settings, under: str, *, at: datetime) -> None:
    """Make the reminders of reports that regions under a path still owe for the periods that ended of late."""
    days = await days_of(session, settings, at)
    today = days.today
    regions = await list_regions(session, under=under)
    for form in load_forms().forms:
        period = last_ended(form, today, today=today)
        if today - period.last_on <= timedelta(days=REMIND_DAYS):
            duties = await list_duties(session, form, regions, period, days)
            await remind_of(session, [_due(duty) for duty in duties if duty.open], at=at)


def _due(duty: Duty) -> Due:
    facts = {"title": duty.form.title, "first_on": duty.period.first_on.isoformat()}
    return Due(kind="report", subject=duty.form.code, region=duty.region.path, due_on=duty.due_on, facts=facts)


# before the reminders of the hour are sent
JOBS = (Job(REMIND, remind, cron="30 22 * * *"),)
