"""A report on its way upward: two people sign, the level above decides, a regrade shows as a correction, nobody else reads it."""

import asyncio
from datetime import date, timedelta
from uuid import UUID

import msgspec
import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from certs.api import confirm, revoke
from exam.core.clock import FrozenClock, local_date
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.principal import VisibleRegion
from exam.core.runtime import Runtime
from exam.identity.api import get_region
from exam.identity.sessions import COOKIE
from exam.records.api import Span, period_at
from exam.reports.api import ReportStaff, list_work, seed_reports
from exam.reports.submission.due import Days, Timeliness, days_of, list_duties, list_owed
from exam.reports.submission.forms import get_form
from exam.reports.submission.service import corrections_of, get_report, list_versions, start_report
from exam.reports.submission.state import ReportState
from tests.builders.certs import CITY, ROOT, Certified, certified, regrade_to_fail, regulator
from tests.builders.desks import session_of
from tests.builders.grading import work_off
from tests.builders.identity import begin, regions
from tests.builders.sitting import COUNTY
from tests.builders.web import send

HOME = "/regulator/reports"
OTHER_COUNTY = "33/3301/330105"
YEAR = period_at(Span.YEAR, date(2025, 6, 1), today=date(2026, 11, 28))
FILLED = {"inspections": "4", "found": "2", "settled": "1", "note": "一处考点摄像头偏移。"}


class Desk:
    """Regulators who take turns in one browser."""

    def __init__(self, client: AsyncClient, runtime: Runtime) -> None:
        self.client, self.runtime = client, runtime
        self.tokens: dict[str, str] = {}

    async def be(self, who: str, region: str) -> "Desk":
        if who not in self.tokens:
            _, self.tokens[who] = await session_of(self.runtime, role="regulator", region=region)
        self.client.cookies.set(COOKIE, self.tokens[who])
        return self

    async def act(self, path: str, data: dict[str, str] | None = None) -> int:
        return (await send(self.client, f"{HOME}{path}", data)).status_code

    async def start(self, day: str, *, region: str = COUNTY) -> UUID:
        answer = await send(self.client, HOME, {"form": "exam-month", "region": region, "day": day})
        assert answer.status_code == 303, answer.text[-600:]
        return UUID(answer.headers["location"].rpartition("/")[2])

    async def file(self, day: str) -> UUID:
        """Bring a report to the level above by two people of the county."""
        report = await (await self.be("clerk", COUNTY)).start(day)
        assert await self.act(f"/{report}/save", FILLED) == 303
        await self.be("head", COUNTY)
        assert [await self.act(f"/{report}/{act}") for act in ("sign", "submit")] == [303, 303]
        return report


@pytest.fixture
async def exam(runtime: Runtime, clock: FrozenClock) -> Certified:
    """One certified person in a month that has ended two days ago."""
    await regions(runtime)
    await begin(runtime, date(2026, 1, 1))
    clock.instant = clock.instant.replace(month=10, day=30)
    got = await certified(runtime, clock)
    clock.advance(timedelta(days=3))
    return got


@pytest.fixture
def desk(client: AsyncClient, runtime: Runtime) -> Desk:
    return Desk(client, runtime)


@pytest.mark.usefixtures("exam")
async def test_a_double_click_leads_to_the_one_report_that_was_begun(desk: Desk) -> None:
    await (await desk.be("clerk", COUNTY)).start("2026-09-15")  # the browser has its token now
    first, second = await asyncio.gather(desk.start("2026-10-15"), desk.start("2026-10-15"))
    assert first == second
    assert await desk.start("2026-10-15") == first
    assert "已经在填报或报送中" in (await desk.client.get(f"{HOME}/{first}")).text


async def _state(runtime: Runtime, report: UUID) -> ReportState:
    async with runtime.databases.session(Scope(region="33")) as session:
        return (await get_report(session, report)).state


async def test_two_people_file_and_the_level_above_returns_and_receives(
    runtime: Runtime, exam: Certified, desk: Desk
) -> None:
    await desk.be("clerk", COUNTY)
    assert await desk.act("", {"form": "exam-month", "region": COUNTY, "day": "2026-11-01"}) == 409
    assert await desk.act("", {"form": "exam-month", "region": CITY, "day": "2026-10-01"}) == 403
    report = await desk.start("2026-10-15")
    assert await desk.start("2026-10-01") == report
    assert await desk.act(f"/{report}/sign") == 403  # who filled it in does not sign
    await desk.be("head", COUNTY)
    assert await desk.act(f"/{report}/sign") == 400  # nothing is filled in
    assert await desk.act(f"/{report}/submit") == 409
    await desk.be("clerk", COUNTY)
    assert await desk.act(f"/{report}/save", {**FILLED, "found": "x"}) == 400
    assert await desk.act(f"/{report}/save", {**FILLED, "settled": "3"}) == 303
    page = (await desk.client.get(f"{HOME}/{report}")).text
    assert "已整改问题数不能多于检查发现问题数" in page
    await desk.be("head", COUNTY)
    assert await desk.act(f"/{report}/sign") == 400
    await desk.be("clerk", COUNTY)
    assert await desk.act(f"/{report}/save", FILLED) == 303
    await desk.be("head", COUNTY)
    assert await desk.act(f"/{report}/sign") == 303
    assert await desk.act(f"/{report}/save", FILLED) == 409
    assert await desk.act(f"/{report}/submit") == 303
    assert await desk.act(f"/{report}/receive") == 403
    await desk.be("city", CITY)
    assert "待接收" in (await desk.client.get(f"{HOME}?day=2026-10-01")).text
    assert await desk.act(f"/{report}/return", {"reason": " "}) == 400
    assert await desk.act(f"/{report}/return", {"reason": "检查次数与台账不符"}) == 303
    second = await desk.file("2026-10-15")
    assert await _state(runtime, report) is ReportState.RETURNED
    await desk.be("city", CITY)
    assert [await desk.act(f"/{second}/receive"), await desk.act(f"/{second}/receive")] == [303, 409]
    async with runtime.databases.session(Scope(region=CITY)) as session:
        versions = await list_versions(session, "exam-month", COUNTY, (await get_report(session, report)).first_on)
        acts = (
            await session.scalars(
                text("select act from core_audit_entry where subject = :id order by position"), {"id": str(second)}
            )
        ).all()
    assert [(each.version, each.state) for each in versions] == [(2, "received"), (1, "returned")]
    assert versions[0].figures["summary.passed"] == versions[0].figures["category.special.passed"] == 1
    assert acts == [f"report.{each}" for each in ("drafted", "filled", "signed", "submitted", "received")]
    assert exam.credential_id


async def test_a_regrade_after_the_report_shows_as_a_correction_to_its_period(
    runtime: Runtime, exam: Certified, desk: Desk
) -> None:
    report = await desk.file("2026-10-30")
    await desk.be("city", CITY)
    assert await desk.act(f"/{report}/receive") == 303
    assert "数据有更正" not in (await desk.client.get(f"{HOME}?day=2026-10-01")).text
    await regrade_to_fail(runtime, exam.exam)
    await work_off(runtime)
    assert "数据有更正" in (await desk.client.get(f"{HOME}?day=2026-10-01")).text
    assert "报送 1，现为 0" in (await desk.client.get(f"{HOME}/{report}")).text
    corrected = await desk.file("2026-10-30")
    await desk.be("city", CITY)
    assert "数据有更正" not in (await desk.client.get(f"{HOME}?day=2026-10-01")).text
    async with runtime.databases.session(Scope(region=CITY)) as session:
        assert (await get_report(session, corrected)).figures["summary.passed"] == 0
        assert (await get_report(session, report)).figures["summary.passed"] == 1


async def test_a_revocation_after_the_report_shows_as_a_correction_to_its_period(
    runtime: Runtime, exam: Certified, desk: Desk
) -> None:
    report = await desk.file("2026-10-30")
    await desk.be("city", CITY)
    assert await desk.act(f"/{report}/receive") == 303
    assert "数据有更正" not in (await desk.client.get(f"{HOME}/{report}")).text
    async with runtime.databases.transaction(ROOT) as session:
        at = runtime.clock.now()
        proposal = await revoke(session, regulator(), exam.credential_id, reason="考场录像显示替考", at=at)
        await confirm(session, regulator(), proposal, at=at)
    await work_off(runtime)
    assert "数据有更正" in (await desk.client.get(f"{HOME}?day=2026-10-01")).text
    async with runtime.databases.session(Scope(region=CITY)) as session:
        filed = await get_report(session, report)
        corrections = await corrections_of(session, VisibleRegion(COUNTY), filed)
    assert corrections["summary.issued"] == (1, 0)
    assert "summary.passed" not in corrections  # the exam was passed; what is gone is the certificate
    corrected = await desk.file("2026-10-30")
    async with runtime.databases.session(Scope(region=CITY)) as session:
        assert (await get_report(session, corrected)).figures["summary.issued"] == 0
        assert (await get_report(session, report)).figures["summary.issued"] == 1


async def test_the_level_above_sees_who_is_in_time_late_and_missing(
    runtime: Runtime, clock: FrozenClock, exam: Certified, desk: Desk
) -> None:
    form = get_form("exam-month")
    period = period_at(form.span, local_date(clock.now() - timedelta(days=3)), today=local_date(clock.now()))

    async def standing() -> tuple[Timeliness, Timeliness]:
        async with runtime.databases.session(Scope(region=CITY)) as session:
            places = [await get_region(session, path) for path in (COUNTY, OTHER_COUNTY)]
            first, second = await list_duties(session, form, places, period, await _days(runtime, session))
        return first.timeliness, second.timeliness

    assert await standing() == (Timeliness.WAITING, Timeliness.WAITING)
    async with runtime.databases.session(Scope(region=COUNTY)) as session:
        assert (await list_work(session, runtime.settings, COUNTY, now=clock.now())).owed >= 1
    report = await desk.file("2026-10-30")
    assert await standing() == (Timeliness.IN_TIME, Timeliness.WAITING)
    clock.advance(timedelta(days=10))
    assert await standing() == (Timeliness.IN_TIME, Timeliness.MISSING)
    async with runtime.databases.session(Scope(region=CITY)) as session:
        work = await list_work(session, runtime.settings, CITY, now=clock.now())
    assert (work.to_receive, work.missing_below >= 1, work.overdue >= 1) == (1, True, True)
    assert report != exam.credential_id


async def test_a_demonstration_has_a_report_on_its_way_and_one_that_came_back(runtime: Runtime) -> None:
    await regions(runtime)
    staff = ReportStaff(
        region=COUNTY, filler=regulator(region=COUNTY), signer=regulator(region=COUNTY), above=regulator()
    )
    await seed_reports(runtime, staff)
    async with runtime.databases.session(Scope(region=CITY)) as session:
        months = [await list_versions(session, "exam-month", COUNTY, date(2026, month, 1)) for month in (9, 10)]
    assert [[each.state for each in versions] for versions in months] == [["returned"], ["submitted"]]


async def test_what_came_back_stays_on_the_work_list_until_it_is_filled_in_anew(
    runtime: Runtime, clock: FrozenClock
) -> None:
    await regions(runtime)
    filler = regulator(region=COUNTY)
    staff = ReportStaff(region=COUNTY, filler=filler, signer=regulator(region=COUNTY), above=regulator())
    await seed_reports(runtime, staff)

    async def returned() -> int:
        async with runtime.databases.session(Scope(region=COUNTY)) as session:
            return (await list_work(session, runtime.settings, COUNTY, now=clock.now())).returned

    assert await returned() == 1
    clock.advance(timedelta(days=300))
    assert await returned() == 1
    async with runtime.databases.transaction(Scope(region=COUNTY)) as session:
        region, now = await get_region(session, COUNTY), clock.now()
        form = get_form("exam-month")
        await start_report(session, filler, form, region, date(2026, 9, 1), today=local_date(now), at=now)
    assert await returned() == 0


async def test_what_was_never_sent_stays_on_the_work_list_until_the_next_report_falls_due(
    runtime: Runtime, clock: FrozenClock, desk: Desk
) -> None:
    await regions(runtime)
    await begin(runtime, date(2025, 12, 31))
    third, year = ("exam-quarter", date(2026, 7, 1)), ("exam-year", date(2025, 1, 1))
    clock.instant = clock.instant.replace(month=11, day=28)
    assert await _late(runtime, clock) == {("exam-month", date(2026, 10, 1)), third, year}
    await desk.be("clerk", COUNTY)
    page = (await desk.client.get(f"{HOME}?region={COUNTY}")).text
    assert [f"form={code}&day={first_on}" in page.replace("&amp;", "&") for code, first_on in (third, year)] == [
        True,
        True,
    ]
    clock.instant = clock.instant.replace(year=2027, month=1, day=10)
    assert await _late(runtime, clock) == {("exam-month", date(2026, 12, 1)), third, year}
    clock.advance(timedelta(days=1))
    assert await _late(runtime, clock) == {("exam-month", date(2026, 12, 1)), ("exam-quarter", date(2026, 10, 1)), year}
    clock.advance(timedelta(days=10))
    assert year not in await _late(runtime, clock)


async def test_nothing_is_asked_of_the_time_before_the_installation_began(
    runtime: Runtime, clock: FrozenClock, desk: Desk
) -> None:
    await regions(runtime)
    await begin(runtime, date(2026, 9, 30))
    clock.instant = clock.instant.replace(month=11, day=28)
    # the quarter ended on that very day, the year before had ended long ago
    assert await _late(runtime, clock) == {("exam-month", date(2026, 10, 1)), ("exam-quarter", date(2026, 7, 1))}
    await desk.be("clerk", COUNTY)
    page = (await desk.client.get(f"{HOME}?form=exam-year")).text
    assert "启用前，不要求" in page
    assert "逾期未报" not in page.partition("<main")[2].partition('id="own"')[2].partition("</section>")[0]
    async with runtime.databases.session(Scope(region=CITY)) as session:
        places = [await get_region(session, COUNTY)]
        (duty,) = await list_duties(session, get_form("exam-year"), places, YEAR, await _days(runtime, session))
    assert (duty.timeliness, duty.open) == (Timeliness.UNASKED, False)
    assert await desk.start("2026-08-15")  # whoever wants to may
    settings = msgspec.structs.replace(runtime.settings, reports_since="2026-11-01")
    async with runtime.databases.session(Scope(region=COUNTY)) as session:
        assert (await list_work(session, settings, COUNTY, now=clock.now())).overdue == 0
    clock.instant = clock.instant.replace(year=2027, month=1, day=25)
    assert ("exam-year", date(2026, 1, 1)) in await _late(runtime, clock)


async def _days(runtime: Runtime, session: AsyncSession) -> Days:
    return await days_of(session, runtime.settings, runtime.clock.now())


async def _late(runtime: Runtime, clock: FrozenClock) -> set[tuple[str, date]]:
    async with runtime.databases.session(Scope(region=CITY)) as session:
        owed = await list_owed(session, await get_region(session, COUNTY), await _days(runtime, session))
        found = {(each.form.code, each.period.first_on) for each in owed if each.timeliness is Timeliness.MISSING}
        assert (await list_work(session, runtime.settings, COUNTY, now=clock.now())).overdue == len(found)
        assert (await list_work(session, runtime.settings, CITY, now=clock.now())).missing_below >= len(found)
    return found


async def test_no_other_region_reads_a_report_and_the_database_keeps_the_steps(
    runtime: Runtime, exam: Certified, desk: Desk
) -> None:
    report = await desk.file("2026-10-30")
    await desk.be("neighbour", OTHER_COUNTY)
    assert (await desk.client.get(f"{HOME}/{report}")).status_code == 404
    assert await desk.act(f"/{report}/receive") == 404
    decide = "update reports_report set state = 'received', decided_by = gen_random_uuid(), decided_at = now()"
    for scope, statement in (
        (COUNTY, decide),
        (CITY, "update reports_report set note = 'x'"),
        (CITY, "update reports_report set state = 'draft', signed_by = null, signed_at = null"),
        (CITY, "delete from reports_report"),
    ):
        with pytest.raises(DBAPIError):
            async with runtime.databases.transaction(Scope(region=scope)) as session:
                await session.execute(text(statement))
    async with runtime.databases.session(Scope(region=OTHER_COUNTY)) as session:
        assert (await session.execute(text("select count(*) from reports_report"))).scalar() == 0
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        assert (await session.execute(text("select state from reports_report"))).scalar() == "submitted"
    assert exam.credential_id
