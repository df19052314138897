"""Filling in, signing, submitting, receiving, returning and correcting reports; every act is audited."""

from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

import msgspec
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.errors import NotFoundError, SamePersonError
from exam.core.events import publish
from exam.core.principal import Principal, VisibleRegion
from exam.identity.api import RegionView, require_region
from exam.records.api import BY_CODE, ROLE, TOTAL, By, Dimension, Narrowing, Period, count, period_at
from exam.reports.errors import (
    ReportLevelError,
    ReportOpenError,
    ReportPeriodError,
    ReportRulesError,
    ReportStateError,
)
from exam.reports.events import ReportSubmitted
from exam.reports.submission.forms import ENTRY, Form, Rule, Table, broken_rules, changed, get_form, load_forms
from exam.reports.submission.models import Report
from exam.reports.submission.state import ENDED, ReportState, may_follow
from exam.reports.submission.travelling import say

_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:key, 0))")


class ReportView(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a report as pages see it."""

    id: UUID
    form: str
    region: str
    to_region: str
    first_on: date
    last_on: date
    due_on: date
    version: int
    state: ReportState
    figures: dict[str, int]
    entries: dict[str, int]
    note: str
    filled_by: UUID
    filled_at: datetime
    signed_by: UUID | None
    signed_at: datetime | None
    submitted_at: datetime | None
    decided_by: UUID | None
    decided_at: datetime | None
    reason: str
    arrived_from: UUID | None
    people: dict[str, str]

    @property
    def title(self) -> str:
        return get_form(self.form).title

    @property
    def cells(self) -> dict[str, int]:
        return self.figures | {f"{ENTRY}.{code}": value for code, value in self.entries.items()}

    @property
    def broken(self) -> list[Rule]:
        return broken_rules(self.cells)

    @property
    def period(self) -> Period:
        return Period(span=get_form(self.form).span, first_on=self.first_on, last_on=self.last_on)


def view_of(row: Report) -> ReportView:
    """Return a row as others see it."""
    values = {name: getattr(row, name) for name in ReportView.__struct_fields__}
    return ReportView(**values | {"state": ReportState(row.state)})


async def start_report(
    session: AsyncSession, principal: Principal, form: Form, region: RegionView, day: date, *, today: date, at: datetime
) -> UUID:
    """Begin a region's report on the ended period that a day falls in, or its next version.

    Raises ReportLevelError, ReportPeriodError, ReportOpenError.
    """
    _require_own(principal, region.path)
    period = period_at(form.span, day, today=today)
    if not period.whole or period.last_on >= today or region.level not in form.levels:
        raise ReportPeriodError
    # a double click is two requests at once: the second must see what the first began
    await session.execute(_LOCK, {"key": f"report:{form.code}:{region.path}:{period.first_on}"})
    versions = await list_versions(session, form.code, region.path, period.first_on)
    if versions and versions[0].state not in ENDED:
        raise ReportOpenError(report_id=str(versions[0].id))
    row = Report(
        form=form.code,
        region=region.path,
        to_region=region.path.rpartition("/")[0],
        first_on=period.first_on,
        last_on=period.last_on,
        due_on=form.due_on(period),
        version=len(versions) + 1,
        state=ReportState.DRAFT,
        figures=await count_figures(session, require_region(principal, region.path, ROLE), period),
        entries=versions[0].entries if versions else {},
        note=versions[0].note if versions else "",
        filled_by=_account(principal),
        filled_at=at,
    )
    session.add(row)
    await session.flush()
    await _record(session, principal, row, "report.drafted", at)
    return row.id


async def save_report(
    session: AsyncSession, principal: Principal, report_id: UUID, entries: dict[str, int], note: str, at: datetime
) -> None:
    """Keep what people add and count the figures anew; whoever saves last has filled the report in."""
    row = await _lock(session, report_id)
    _require_own(principal, row.region)
    if row.state != ReportState.DRAFT:
        raise ReportStateError
    visible = require_region(principal, row.region, ROLE)
    row.figures = await count_figures(session, visible, view_of(row).period)
    row.entries, row.note, row.filled_by, row.filled_at = entries, note, _account(principal), at
    await session.flush()
    await _record(session, principal, row, "report.filled", at)


async def sign_report(session: AsyncSession, principal: Principal, report_id: UUID, at: datetime) -> None:
    """Sign a draft as the second person, on figures of this moment; raises SamePersonError, ReportRulesError."""
    row = await _lock(session, report_id)
    _require_own(principal, row.region)
    _require_turn(row, ReportState.SIGNED)
    if row.filled_by == principal.account:
        raise SamePersonError
    visible = require_region(principal, row.region, ROLE)
    row.figures = await count_figures(session, visible, view_of(row).period)
    if {entry.code for entry in load_forms().entries} - row.entries.keys() or view_of(row).broken:
        raise ReportRulesError
    await session.flush()
    row.state, row.signed_by, row.signed_at = ReportState.SIGNED, _account(principal), at
    await session.flush()
    await _record(session, principal, row, "report.signed", at)


async def reopen_report(session: AsyncSession, principal: Principal, report_id: UUID, at: datetime) -> None:
    """Take a signature back before the report is submitted."""
    row = await _lock(session, report_id)
    _require_own(principal, row.region)
    _require_turn(row, ReportState.DRAFT)
    row.state, row.signed_by, row.signed_at = ReportState.DRAFT, None, None
    await session.flush()
    await _record(session, principal, row, "report.reopened", at)


async def submit_report(session: AsyncSession, principal: Principal, report_id: UUID, at: datetime) -> None:
    """Send a signed report to the level above."""
    row = await _lock(session, report_id)
    _require_own(principal, row.region)
    _require_turn(row, ReportState.SUBMITTED)
    row.state, row.submitted_by, row.submitted_at = ReportState.SUBMITTED, _account(principal), at
    await session.flush()
    await _record(session, principal, row, "report.submitted", at)
    await publish(session, ReportSubmitted(region=row.region, report_id=row.id), at=at)


async def decide_report(
    session: AsyncSession, principal: Principal, report_id: UUID, at: datetime, *, reason: str = ""
) -> None:
    """Receive and archive a report as the level above, or return it with a reason."""
    row = await _lock(session, report_id)
    wanted = ReportState.RETURNED if reason else ReportState.RECEIVED
    if not any(grant.role == ROLE and grant.covers(row.to_region) for grant in principal.grants):
        raise ReportLevelError
    if principal.account in {row.filled_by, row.signed_by}:
        raise SamePersonError
    _require_turn(row, wanted)
    row.state, row.decided_by, row.decided_at, row.reason = wanted, _account(principal), at, reason
    await session.flush()
    act = "report.returned" if reason else "report.received"
    await _record(session, principal, row, act, at, reason=reason)
    await say(session, row, name=principal.name, at=at)


async def get_report(session: AsyncSession, report_id: UUID) -> ReportView:
    """Return one version within the scope."""
    row = await session.get(Report, report_id)
    if row is None:
        raise NotFoundError(report_id=str(report_id))
    return view_of(row)


async def list_versions(session: AsyncSession, form: str, region: str, first_on: date) -> list[ReportView]:
    """Return every version of one report within the scope, the newest first."""
    query = select(Report).where(Report.form == form, Report.region == region, Report.first_on == first_on)
    return [view_of(row) for row in await session.scalars(query.order_by(Report.version.desc()))]


async def count_figures(session: AsyncSession, region: VisibleRegion, period: Period) -> dict[str, int]:
    """Count every cell of the form's tables."""
    cells: dict[str, int] = {}
    for table in load_forms().tables:
        by = By(dimension=Dimension(table.by)) if table.by else TOTAL
        counted = await count(
            session, region, period, by=by, narrowing=Narrowing(), measures=[BY_CODE[code] for code in table.measures]
        )
        cells |= _cells(table, counted)
    return cells


def _cells(table: Table, counted: dict[str, dict[str, int]]) -> dict[str, int]:
    keys = {line: line.removeprefix(table.code).removeprefix(".") for line in table.lines}
    return {
        f"{line}.{code}": counted.get(key, {}).get(code, 0) for line, key in keys.items() for code in table.measures
    }


async def corrections_of(
    session: AsyncSession, region: VisibleRegion, report: ReportView
) -> dict[str, tuple[int, int]]:
    """Return what has changed since a report was submitted: cells with what was reported and what is counted now."""
    if report.submitted_at is None:
        return {}
    return changed(report.figures, await count_figures(session, region, report.period))


async def _lock(session: AsyncSession, report_id: UUID) -> Report:
    row = await session.get(Report, report_id, with_for_update=True)
    if row is None:
        raise NotFoundError(report_id=str(report_id))
    return row


def _require_own(principal: Principal, region: str) -> None:
    if not any(grant.role == ROLE and grant.region == region for grant in principal.grants):
        raise ReportLevelError


def _require_turn(row: Report, wanted: ReportState) -> None:
    if not may_follow(ReportState(row.state), wanted):
        raise ReportStateError


def _account(principal: Principal) -> UUID:
    if principal.account is None:
        raise ReportLevelError
    return principal.account


async def _record(
    session: AsyncSession, principal: Principal, row: Report, act: str, at: datetime, *, reason: str = ""
) -> None:
    """Write the act with the digest of what the report says, so that an archived one can be proved unchanged."""
    said = msgspec.json.encode([row.figures, row.entries, row.note], order="sorted")
    facts: dict[str, Fact] = {
        "form": row.form,
        "first_on": row.first_on.isoformat(),
        "version": row.version,
        "digest": sha256(said).hexdigest(),
    }
    if reason:
        facts["reason"] = reason
    await record(session, principal, act, ("report", row.id), at=at, region=row.region, facts=facts)
