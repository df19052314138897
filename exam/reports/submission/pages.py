"""Reports upward: what is owed, one report with its tables and checks, and what the level above has to receive."""

from datetime import date
from typing import Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.errors import DomainError
from exam.core.principal import Principal, contains
from exam.core.runtime import Runtime
from exam.core.words import require_readable
from exam.identity.api import get_region, list_regions, names_of_accounts, require_region
from exam.records.api import BY_CODE, PLACE, ROLE, Desk, after, before, count, desk_of
from exam.reports.errors import ReportDayError, ReportEntryError, ReportOpenError, ReportReasonError
from exam.reports.schemas import Act, Day, EntriesForm, PlainForm, ReturnForm, StartForm, Text
from exam.reports.submission import service
from exam.reports.submission.due import (
    Days,
    Duty,
    Timeliness,
    days_of,
    last_ended,
    list_duties,
    list_owed,
    list_returned,
)
from exam.reports.submission.forms import changed, get_form, load_forms
from exam.reports.submission.service import ReportView
from exam.reports.submission.state import SENT
from exam.reports.wording import written
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done

HOME = "/regulator/reports"
PAGE = "reports/report.html"
SUMMARY = "summary"
AnyRequest = Request[Principal, Any, Any]


class ReportsController(Controller):
    """Pages of one region's reports and of those of the regions directly below."""

    path = HOME
    opt = allow(ROLE)

    @get()
    async def show_all(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        region: FromQuery[Text] = "",
        form: FromQuery[Text] = "exam-month",
        day: FromQuery[Day] = "",
        only: FromQuery[Timeliness | None] = None,
    ) -> Template:
        async with desk_of(runtime, principal, region) as desk:
            asked = get_form(form)
            period = last_ended(asked, _day(day, desk.today), today=desk.today)
            days = await days_of(desk.session, runtime.settings, desk.now)
            own = await list_duties(desk.session, asked, [desk.region], period, days)
            regions = await list_regions(desk.session, under=desk.region.path, level=desk.region.level + 1)
            below = await list_duties(desk.session, asked, regions, period, days)
            newest = last_ended(asked, desk.today, today=desk.today)
            context = {
                **desk.context,
                "form": asked,
                "forms": load_forms().forms,
                "period": period,
                "earlier": before(period).first_on,
                "later": after(period) if period.first_on < newest.first_on else None,
                "own": own[0] if own and _is_own(principal, desk.region.path) else None,
                **await _waiting(desk, principal, days),
                "below": [duty for duty in below if only in {None, duty.timeliness}],
                "only": only,
                "tally": {each: sum(duty.timeliness is each for duty in below) for each in Timeliness},
                "corrected": await _corrected(desk, [*own, *below]),
            }
        return Template("reports/reports.html", context=context)

    @post()
    async def start(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        data: URLEncodedBody[StartForm],
    ) -> Redirect:
        now = runtime.clock.now()
        today = local_date(now)
        form, region = get_form(data.form), await get_region(session, data.region)
        day = _day(data.day, today)
        try:
            report_id = await service.start_report(session, principal, form, region, day, today=today, at=now)
        except ReportOpenError as error:  # pressed twice, or a colleague was first
            return done(f"{HOME}/{error.fields['report_id']}", error.message)
        return done(f"{HOME}/{report_id}", "报表已生成,请核对数据、补充填报项后交另一人签发。")

    @get("/{report_id:uuid}")
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        report_id: FromPath[UUID],
    ) -> Template:
        report = await service.get_report(session, report_id)
        return Template(PAGE, context=await _page(session, principal, report, today=local_date(runtime.clock.now())))

    @post("/{report_id:uuid}/save")
    async def save(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        report_id: FromPath[UUID],
        data: URLEncodedBody[EntriesForm],
    ) -> Redirect | Template:
        now = runtime.clock.now()
        try:
            require_readable(data.note)
            entries = _entries(data)
        except DomainError as error:
            report = await service.get_report(session, report_id)
            page = await _page(session, principal, report, today=local_date(now))
            return form_again(request, error, PAGE, {**page, "typed": data})
        await service.save_report(session, principal, report_id, entries, data.note.strip(), now)
        return done(f"{HOME}/{report_id}", "已保存,数据已重新统计。")

    @post("/{report_id:uuid}/{act:str}")
    async def act(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        report_id: FromPath[UUID],
        act: FromPath[Act],
        data: URLEncodedBody[PlainForm],  # noqa: ARG002  # read for its CSRF token
    ) -> Redirect:
        verb, words = _VERBS[act]
        await verb(session, principal, report_id, runtime.clock.now())
        return done(f"{HOME}/{report_id}", words)

    @post("/{report_id:uuid}/return")
    async def return_(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        report_id: FromPath[UUID],
        data: URLEncodedBody[ReturnForm],
    ) -> Redirect:
        require_readable(data.reason)
        if not data.reason.strip():
            raise ReportReasonError
        await service.decide_report(session, principal, report_id, runtime.clock.now(), reason=data.reason.strip())
        return done(f"{HOME}/{report_id}", "报表已退回,下级会看到理由。")


_VERBS = {
    "sign": (service.sign_report, "报表已签发,可以报送。"),
    "reopen": (service.reopen_report, "已撤回签发,可以继续修改。"),
    "submit": (service.submit_report, "报表已报送上一级。"),
    "receive": (service.decide_report, "报表已接收并归档。"),
}


async def _page(session: AsyncSession, principal: Principal, report: ReportView, *, today: date) -> dict[str, Any]:
    people = [who for who in (report.filled_by, report.signed_by, report.decided_by) if who]
    visible = require_region(principal, report.region, ROLE)
    return {
        "report": report,
        "problem": None,
        "region": await get_region(session, report.region),
        "catalogue": load_forms(),
        "typed": EntriesForm(**{code: str(value) for code, value in report.entries.items()}, note=report.note),
        "versions": await service.list_versions(session, report.form, report.region, report.first_on),
        "corrections": await service.corrections_of(session, visible, report),
        "names": await names_of_accounts(session, people) | {UUID(who): name for who, name in report.people.items()},
        "mine": report.arrived_from is None and _is_own(principal, report.region),
        "above": any(grant.role == ROLE and grant.covers(report.to_region) for grant in principal.grants),
        "me": principal.account,
        "today": today,
        "written": written,
        "BY_CODE": BY_CODE,
    }


async def _waiting(desk: Desk, principal: Principal, days: Days) -> dict[str, Any]:
    """Return what of other forms and periods the region's own people must still see to: what is late, what came back."""
    if not _is_own(principal, desk.region.path):
        return {"overdue": [], "returned": []}
    owed = await list_owed(desk.session, desk.region, days)
    return {
        "overdue": [duty for duty in owed if duty.timeliness is Timeliness.MISSING],
        "returned": await list_returned(desk.session, desk.region.path),
    }


async def _corrected(desk: Desk, duties: list[Duty]) -> set[str]:
    """Return the regions whose report says something else than what is counted now, in the sums of its first table."""
    sent = [duty for duty in duties if duty.newest and duty.newest.state in SENT]
    if not sent:
        return set()
    table = next(each for each in load_forms().tables if each.code == SUMMARY)
    measures = [BY_CODE[code] for code in table.measures]
    now = await count(desk.session, desk.visible, sent[0].period, by=PLACE, measures=measures)
    found = set()
    for duty in sent:
        inside = [counts for path, counts in now.items() if contains(duty.region.path, path)]
        cells = {f"{SUMMARY}.{each.code}": sum(counts.get(each.code, 0) for counts in inside) for each in measures}
        if duty.newest and changed(duty.newest.figures, cells):
            found.add(duty.region.path)
    return found


def _is_own(principal: Principal, region: str) -> bool:
    return any(grant.role == ROLE and grant.region == region for grant in principal.grants)


def _day(typed: str, today: date) -> date:
    try:
        return date.fromisoformat(typed) if typed else today
    except ValueError:
        raise ReportDayError(today=today.isoformat()) from None


def _entries(data: EntriesForm) -> dict[str, int]:
    typed = {entry.code: getattr(data, entry.code).strip() for entry in load_forms().entries}
    if not all(value.isascii() and value.isdigit() for value in typed.values()):
        raise ReportEntryError
    return {code: int(value) for code, value in typed.items()}
