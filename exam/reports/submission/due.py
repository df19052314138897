"""Who owes which report by when: the level above sees who is in time, late, or has not reported at all."""

from datetime import date, datetime
from enum import StrEnum

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from exam.core.clock import local_date
from exam.core.config import Settings
from exam.identity.api import RegionView, find_beginning, list_regions
from exam.records.api import Period, before, period_at
from exam.reports.submission.forms import Form, load_forms
from exam.reports.submission.models import Report
from exam.reports.submission.service import ReportView, view_of
from exam.reports.submission.state import SENT, ReportState


class Timeliness(StrEnum):
    """报送及时性."""

    IN_TIME = "in_time"
    LATE = "late"
    WAITING = "waiting"
    """Not submitted, and the last day has not passed."""
    MISSING = "missing"
    """Not submitted, and the last day has passed."""
    UNASKED = "unasked"
    """Of a period that was over before reports were asked for here, and not submitted in time."""


class Days(msgspec.Struct, frozen=True):
    """Today, and the day since which reports are asked for."""

    today: date
    since: date


async def days_of(session: AsyncSession, settings: Settings, now: datetime) -> Days:
    """Return the days that duties are told by."""
    if settings.reports_since:
        return Days(local_date(now), date.fromisoformat(settings.reports_since))
    return Days(local_date(now), local_date(await find_beginning(session) or now))


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """What one region owes for one period: the newest version, and when any version first arrived."""

    form: Form
    region: RegionView
    period: Period
    due_on: date
    newest: ReportView | None
    first_sent_on: date | None
    days: Days

    @property
    def timeliness(self) -> Timeliness:
        if self.first_sent_on is not None and self.first_sent_on <= self.due_on:
            return Timeliness.IN_TIME
        if self.period.last_on < self.days.since:
            return Timeliness.UNASKED
        if self.first_sent_on is not None:
            return Timeliness.LATE
        return Timeliness.WAITING if self.days.today <= self.due_on else Timeliness.MISSING

    @property
    def open(self) -> bool:
        """Whether the region must still do something: nothing has been sent, or what was sent came back."""
        if self.newest is None:
            return self.timeliness is not Timeliness.UNASKED
        return self.newest.state not in {ReportState.SUBMITTED, ReportState.RECEIVED}

    @property
    def returned(self) -> bool:
        return self.newest is not None and self.newest.state is ReportState.RETURNED


def last_ended(form: Form, day: date, *, today: date) -> Period:
    """Return the period that a day falls in if it has ended, else the one before it."""
    period = period_at(form.span, day, today=today)
    if not period.whole or period.last_on >= today:
        period = before(period_at(form.span, today, today=today))
    return period_at(form.span, period.first_on, today=today)


async def list_duties(
    session: AsyncSession, form: Form, regions: list[RegionView], period: Period, days: Days
) -> list[Duty]:
    """Return what each of some regions owes for a period."""
    paths = [region.path for region in regions if region.level in form.levels]
    query = select(Report).where(Report.form == form.code, Report.first_on == period.first_on, Report.region.in_(paths))
    versions: dict[str, list[ReportView]] = {}
    for row in await session.scalars(query.order_by(Report.version)):
        versions.setdefault(row.region, []).append(view_of(row))
    return [
        _duty(form, region, period, versions.get(region.path, []), days) for region in regions if region.path in paths
    ]


def _duty(form: Form, region: RegionView, period: Period, versions: list[ReportView], days: Days) -> Duty:
    sent = [local_date(each.submitted_at) for each in versions if each.state in SENT and each.submitted_at]
    return Duty(
        form=form,
        region=region,
        period=period,
        due_on=form.due_on(period),
        newest=versions[-1] if versions else None,
        first_sent_on=min(sent, default=None),
        days=days,
    )


class Work(msgspec.Struct, frozen=True):
    """What a region has to do about reports today; what came back is counted apart from what was never sent."""

    owed: int
    overdue: int
    returned: int
    to_receive: int
    missing_below: int


def asked_periods(form: Form, today: date) -> list[Period]:
    """Return the periods whose report may still be owed: the last that ended, and until its report falls due the one before."""
    newest = last_ended(form, today, today=today)
    return [newest] if today > form.due_on(newest) else [newest, before(newest)]


async def list_owed(session: AsyncSession, region: RegionView, days: Days) -> list[Duty]:
    """Return what a region has still to send, the latest period of each form first; what came back is listed apart."""
    owed = []
    for form in load_forms().forms:
        for period in asked_periods(form, days.today):
            duties = await list_duties(session, form, [region], period, days)
            owed += [each for each in duties if each.open and not each.returned]
    return owed


async def list_work(session: AsyncSession, settings: Settings, path: str, *, now: datetime) -> Work:
    """Count what a region owes and what waits for it from below, over the periods that are still asked for."""
    days = await days_of(session, settings, now)
    level = path.count("/") + 1
    own = [
        duty
        for each in await list_regions(session, under=path, level=level)
        for duty in await list_owed(session, each, days)
    ]
    below = await list_regions(session, under=path, level=level + 1)
    missing = 0
    for form in load_forms().forms:
        for period in asked_periods(form, days.today):
            others = await list_duties(session, form, below, period, days)
            missing += sum(each.timeliness is Timeliness.MISSING for each in others)
    overdue = sum(each.timeliness is Timeliness.MISSING for each in own)
    arrived = select(func.count()).where(Report.to_region == path, Report.state == ReportState.SUBMITTED)
    returned = len(await list_returned(session, path))
    return Work(len(own), overdue, returned, await session.scalar(arrived) or 0, missing)


async def list_returned(session: AsyncSession, path: str) -> list[ReportView]:
    """Return a region's own reports that came back and have no later version, however long their period is over."""
    newer = aliased(Report)
    later = select(newer.id).where(
        newer.form == Report.form,
        newer.region == Report.region,
        newer.first_on == Report.first_on,
        newer.version > Report.version,
    )
    query = select(Report).where(
        Report.region == path,
        Report.state == ReportState.RETURNED,
        Report.arrived_from.is_(None),
        ~later.exists(),
    )
    return [view_of(row) for row in await session.scalars(query.order_by(Report.due_on, Report.form))]
