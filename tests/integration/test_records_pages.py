"""The desks of regulators and enterprises: what is counted, who sees it, and what an enterprise may enter."""

import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from exam.core.clock import FrozenClock
from exam.core.db.scope import Scope
from exam.core.principal import VisibleRegion
from exam.core.runtime import Runtime
from exam.identity.sessions import COOKIE
from exam.records.api import Figures, Span, Standing, count_region, list_enterprises, load_roster, period_of, total
from exam.records.api import list_usable_credentials as list_usable
from exam.records.board import list_of_period
from exam.records.enterprise_pages import TRIES_PER_HOUR
from tests.builders.certs import pass_practical, regrade_to_fail, release
from tests.builders.desks import session_of
from tests.builders.grading import close_and_score, examined
from tests.builders.identity import regions
from tests.builders.records import engage, hold, make_enterprise, make_person
from tests.builders.sitting import COUNTY, id_number
from tests.builders.web import browsing, send

CITY = "33/3301"
ELSEWHERE = "33/3302/330203"
SINCE = date(2026, 10, 8)


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[AsyncClient]:
    await regions(runtime)
    async with browsing(runtime) as opened:
        yield opened


async def _as_regulator(client: AsyncClient, runtime: Runtime, region: str = CITY) -> None:
    _, token = await session_of(runtime, role="regulator", region=region)
    client.cookies.set(COOKIE, token)


async def _as_enterprise(client: AsyncClient, runtime: Runtime, organisation: UUID) -> None:
    _, token = await session_of(runtime, role="enterprise", organisation=organisation, second_factor=False)
    client.cookies.set(COOKIE, token)


async def _count(runtime: Runtime, region: str) -> dict[str, Figures]:
    span = period_of(Span.YEAR, runtime.clock.now())
    async with runtime.databases.session(Scope(region=region)) as session:
        return await count_region(session, VisibleRegion(region), span)


async def test_figures_follow_an_exam_to_its_released_results(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9, 0, 8])
    await close_and_score(runtime, exam)
    await release(runtime, exam)
    (figures,) = (await _count(runtime, CITY)).values()
    assert (figures.registrations, figures.attempts, figures.results) == (3, 3, 3)
    assert (figures.passed, figures.outstanding, figures.pass_permille) == (0, 2, 0)


async def test_a_registration_counts_once_however_many_parts_were_told(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9, 0, 8])
    await close_and_score(runtime, exam)
    await release(runtime, exam)
    await pass_practical(runtime, exam)
    (figures,) = (await _count(runtime, CITY)).values()
    assert (figures.results, figures.passed, figures.outstanding, figures.pass_permille) == (3, 1, 1, 500)
    year = period_of(Span.YEAR, clock.now())
    async with runtime.databases.session(Scope(region=CITY)) as session:
        (line,) = await list_of_period(session, since=year.since, until=year.until, limit=10, offset=0)
    assert (line.registered, line.results, line.passed, line.outstanding) == (3, 3, 1, 1)


async def test_a_pass_that_was_corrected_is_no_pass_in_the_figures(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9])
    await close_and_score(runtime, exam)
    await release(runtime, exam)
    await pass_practical(runtime, exam)
    await regrade_to_fail(runtime, exam)
    (figures,) = (await _count(runtime, CITY)).values()
    assert (figures.results, figures.passed, figures.outstanding) == (1, 0, 0)


async def test_figures_stand_under_the_region_directly_below(runtime: Runtime, clock: FrozenClock) -> None:
    await examined(runtime, clock, right=[9])
    for region, below in (("33", "33/3301"), ("33/3301", COUNTY), (COUNTY, COUNTY)):
        assert list(await _count(runtime, region)) == [below]
    assert await _count(runtime, "33/3302") == {}


async def test_bands_of_expiring_certificates_hold_the_shorter_ones(runtime: Runtime) -> None:
    person = await make_person(runtime, number=1)
    for item, days in (("special.1.1", 30), ("special.1.2", 31), ("special.1.3", 90), ("special.2.1", 91)):
        await hold(runtime, person, item, ends_in=days)
    await hold(runtime, person, "special.3.1", ends_in=-1)
    await hold(runtime, person, "special.3.2", ends_in=10, status="suspended")
    figures = total(await _count(runtime, CITY))
    assert (figures.valid, figures.expiring_30, figures.expiring_60, figures.expiring_90) == (4, 1, 2, 3)
    async with runtime.databases.session(Scope(region=CITY)) as session:
        listed = await list_usable(session, on=date(2026, 11, 23), within=60)
    assert [row.days_left for row in listed] == [30, 31]


async def test_enterprise_counts_agree_with_its_roster(runtime: Runtime) -> None:
    enterprise = await make_enterprise(runtime, industry="mine")
    for number, (role, item, days) in enumerate(
        (
            ("principal", "principal.mine", 200),
            ("officer", "officer.general", 200),
            ("special", "special.1.2", 20),
            ("special", "special.2.1", -3),
        ),
    ):
        person = await make_person(runtime, number=number)
        await engage(runtime, person, enterprise, role=role, since=SINCE)
        await hold(runtime, person, item, ends_in=days)
    async with runtime.databases.session(Scope(region=COUNTY)) as session:
        (line,) = await list_enterprises(session, on=date(2026, 11, 23), limit=10)
        summary = (await load_roster(session, enterprise, on=date(2026, 11, 23))).summary
    assert (line.wanted, line.valid, line.missing, line.expiring) == (4, 2, 2, 1)
    assert (summary.wanted, summary.valid, summary.missing, summary.expiring[90]) == (4, 2, 2, 1)


async def test_certificate_from_another_region_counts_for_the_employers_supervisor(runtime: Runtime) -> None:
    enterprise = await make_enterprise(runtime)
    person = await make_person(runtime, number=1, region=ELSEWHERE)
    await hold(runtime, person, "officer.general", ends_in=400, region=ELSEWHERE)
    await engage(runtime, person, enterprise, role="officer", since=SINCE)
    async with runtime.databases.session(Scope(region=COUNTY)) as session:
        roster = await load_roster(session, enterprise, on=date(2026, 11, 23))
    assert roster.summary.valid == 1
    assert total(await _count(runtime, COUNTY)).valid == 0


async def test_regulator_sees_today_and_the_regions_below(
    client: AsyncClient, runtime: Runtime, clock: FrozenClock
) -> None:
    exam = await examined(runtime, clock, right=[9, 0])
    await _as_regulator(client, runtime)
    page = (await client.get("/regulator")).text
    assert "杭州市" in page
    assert f"/centre/sittings/{exam.sitting_id}" in page
    assert f"/regulator?region={COUNTY}" in page
    assert (await client.get(f"/regulator?region={COUNTY}&period=month")).status_code == 200
    assert (await client.get(f"/centre/sittings/{exam.sitting_id}")).status_code == 200


async def test_board_counts_people_by_where_they_are(client: AsyncClient, runtime: Runtime, clock: FrozenClock) -> None:
    await examined(runtime, clock, right=[9, 0])
    await _as_regulator(client, runtime)
    board = (await client.get(f"/regulator/today?region={CITY}")).text
    assert "<html" not in board
    numbers = re.findall(r'<td class="number"[^>]*>(?:<span>)?(?:<a[^>]*>)?(\d+)', board)
    assert numbers[:3] == ["2", "2", "0"]


async def test_region_outside_the_grant_is_refused(client: AsyncClient, runtime: Runtime) -> None:
    await _as_regulator(client, runtime, COUNTY)
    for path in ("", "/today", "/sittings", "/credentials", "/enterprises", "/figures.csv", "/credentials.csv"):
        for region in (CITY, ELSEWHERE):
            assert (await client.get(f"/regulator{path}?region={region}")).status_code == 403


async def test_enterprise_of_another_region_is_not_found(client: AsyncClient, runtime: Runtime) -> None:
    enterprise = await make_enterprise(runtime, region=ELSEWHERE)
    await _as_regulator(client, runtime)
    assert (await client.get(f"/regulator/enterprises/{enterprise}")).status_code == 404


async def test_figures_file_ends_with_the_sum(client: AsyncClient, runtime: Runtime, clock: FrozenClock) -> None:
    await examined(runtime, clock, right=[9])
    await _as_regulator(client, runtime)
    lines = (await client.get("/regulator/figures.csv?period=year")).content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("辖区,行政区划代码,报名人次")
    assert lines[-1].startswith("杭州市 合计 2026-01-01 — 2026-11-23,330100,1,1,")


async def test_enterprise_sees_its_own_people_and_nobody_elses(client: AsyncClient, runtime: Runtime) -> None:
    own, other = await make_enterprise(runtime, name="甲厂"), await make_enterprise(runtime, name="乙厂")
    mine, theirs = await make_person(runtime, number=1, name="王芳"), await make_person(runtime, number=2, name="赵强")
    await engage(runtime, mine, own, role="special", since=SINCE)
    await engage(runtime, theirs, other, role="special", since=SINCE)
    await _as_enterprise(client, runtime, own)
    page = (await client.get("/enterprise")).text
    assert "王芳" in page
    assert "无有效证书" in page
    assert "赵强" not in page
    assert "乙厂" not in page


async def test_enterprise_without_people_is_told_what_to_do_first(client: AsyncClient, runtime: Runtime) -> None:
    await _as_enterprise(client, runtime, await make_enterprise(runtime))
    assert "还没有登记人员" in (await client.get("/enterprise")).text


async def test_enterprise_adds_a_person_and_ends_the_engagement(
    client: AsyncClient, runtime: Runtime, clock: FrozenClock
) -> None:
    enterprise = await make_enterprise(runtime)
    await _as_enterprise(client, runtime, enterprise)
    form = {"name": "王芳", "id_number": id_number(7), "role": "officer", "started_on": "2026-11-01"}
    answer = await send(client, "/enterprise/people", form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/enterprise")
    async with runtime.databases.session(Scope(organisation=enterprise)) as session:
        (line,) = (await load_roster(session, enterprise, on=date(2026, 11, 23))).lines
    assert (line.requirement.wanted, line.standing) == ("officer.general", Standing.MISSING)
    path = f"/enterprise/engagements/{line.requirement.engagement_id}/end"
    assert (await send(client, path, {"ended_on": "2026-11-22"})).status_code == 303
    clock.advance(timedelta(days=1))
    async with runtime.databases.session(Scope(organisation=enterprise)) as session:
        assert (await load_roster(session, enterprise, on=date(2026, 11, 23))).lines == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"id_number": id_number(7)[:-1] + ("1" if id_number(7)[-1] == "0" else "0")}, "id_number_check_digit"),
        ({"role": "boss"}, "engagement_role"),
        ({"started_on": "2027-01-01"}, "engagement_date"),
        ({"name": ""}, "name_empty"),
    ],
)
async def test_wrong_entry_comes_back_with_what_was_typed(
    client: AsyncClient, runtime: Runtime, change: dict[str, str], code: str
) -> None:
    await _as_enterprise(client, runtime, await make_enterprise(runtime))
    form = {"name": "王芳", "id_number": id_number(7), "role": "officer", "started_on": "2026-11-01"} | change
    answer = await send(client, "/enterprise/people", form)
    assert answer.status_code == 400
    assert code in answer.text
    assert f'value="{form["id_number"]}"' in answer.text


async def test_a_number_of_another_region_is_not_told_its_name(client: AsyncClient, runtime: Runtime) -> None:
    """Whoever guesses numbers of people elsewhere must learn nothing of them (TRUST.md C15)."""
    await make_person(runtime, number=9, name="欧阳静", region="33/3302/330203")
    await _as_enterprise(client, runtime, await make_enterprise(runtime))
    form = {"name": "王芳", "id_number": id_number(9), "role": "officer", "started_on": "2026-11-01"}
    answer = await send(client, "/enterprise/people", form)
    assert (answer.status_code, "person_name_mismatch" in answer.text) == (409, True)
    assert "欧阳静" not in answer.text + (await client.get("/enterprise")).text
    async with runtime.databases.session(Scope(region="33/3301/330106")) as session:
        assert (await session.execute(text("select 1 from identity_engagement"))).all() == []
    known = await send(client, "/enterprise/people", form | {"name": "欧阳静"})
    assert known.status_code == 303


async def test_enterprise_cannot_try_the_numbers_of_a_county(client: AsyncClient, runtime: Runtime) -> None:
    await _as_enterprise(client, runtime, await make_enterprise(runtime))
    form = {"name": "王芳", "role": "boss", "started_on": "2026-11-01"}
    answers = [
        (await send(client, "/enterprise/people", form | {"id_number": id_number(number)})).status_code
        for number in range(TRIES_PER_HOUR + 1)
    ]
    assert set(answers[:-1]) == {400}
    assert answers[-1] == 429


async def test_enterprise_cannot_end_somebody_elses_engagement(client: AsyncClient, runtime: Runtime) -> None:
    other = await make_enterprise(runtime, name="乙厂")
    person = await make_person(runtime, number=1)
    engagement = await engage(runtime, person, other, role="special", since=SINCE)
    await _as_enterprise(client, runtime, await make_enterprise(runtime, name="甲厂"))
    answer = await send(client, f"/enterprise/engagements/{engagement}/end", {"ended_on": "2026-11-22"})
    assert answer.status_code == 404


async def test_account_without_enterprise_is_refused(client: AsyncClient, runtime: Runtime) -> None:
    _, token = await session_of(runtime, role="enterprise", second_factor=False)
    client.cookies.set(COOKIE, token)
    assert (await client.get("/enterprise")).status_code == 403


async def test_rescue_list_names_who_may_do_what_and_every_opening_is_written_down(
    client: AsyncClient, runtime: Runtime
) -> None:
    enterprise = await make_enterprise(runtime)
    for number, (name, item, days, status) in enumerate(
        (
            ("张三", "special.1.2", 200, "issued"),
            ("李四", "special.1.2", -1, "issued"),
            ("王五", "special.2.1", 90, "suspended"),
            ("赵六", "officer.general", 90, "issued"),
        ),
    ):
        person = await make_person(runtime, number=number, name=name)
        await engage(runtime, person, enterprise, role="special", since=SINCE)
        await hold(runtime, person, item, ends_in=days, status=status)
    await _as_enterprise(client, runtime, enterprise)
    calls = list(
        dict.fromkeys(re.findall(r"/enterprise/engagements/[0-9a-f-]+/contact", (await client.get("/enterprise")).text))
    )
    assert (await send(client, calls[-1], {"contact": "打我电话"})).status_code == 400
    for at, address in enumerate(calls):
        assert (await send(client, address, {"contact": f"+86 571-8800 000{at}"})).status_code == 303
    assert 'value="+86 571-8800 0000"' in (await client.get(calls[0])).text
    async with runtime.databases.session(Scope(region=CITY)) as session:
        kept = list(await session.scalars(text("select contact_sealed from identity_engagement")))
    assert len(kept) == 4
    assert not any(b"8800" in each for each in kept)
    await _as_regulator(client, runtime)
    address = f"/regulator/enterprises/{enterprise}"
    assert f"{address}/rescue" in (await client.get(address)).text
    page = (await send(client, f"{address}/rescue")).text
    assert [name in page for name in ("张三", "李四", "王五", "赵六")] == [True, False, False, True]
    assert len(set(re.findall(r'href="tel:\+86571-8800000\d"', page))) == 2
    assert page.index("低压电工作业") < page.index("一般生产经营单位安全生产管理人员")
    opened = "select count(*) from core_audit_entry where act = 'rescue.opened' and subject = :id"
    async with runtime.databases.session(Scope(region=CITY)) as session:
        assert await session.scalar(text(opened), {"id": str(enterprise)}) == 1
    await _as_regulator(client, runtime, region=ELSEWHERE)
    assert (await send(client, f"{address}/rescue")).status_code == 404
    assert (await client.get(f"{address}/rescue")).status_code == 405


async def test_who_took_office_is_to_be_assessed_within_six_months(client: AsyncClient, runtime: Runtime) -> None:
    enterprise = await make_enterprise(runtime)
    for number, (role, since) in enumerate((("principal", date(2026, 3, 31)), ("officer", date(2026, 8, 31)))):
        person = await make_person(runtime, number=number)
        await engage(runtime, person, enterprise, role=role, since=since)
    await _as_enterprise(client, runtime, enterprise)
    page = (await client.get("/enterprise")).text
    assert "应于 2026-09-30 前考核合格，已逾期" in page
    assert re.search("应于 2027-02-28 前考核合格(?!，已逾期)", page)


async def test_an_enterprise_pages_its_roster(client: AsyncClient, runtime: Runtime) -> None:
    enterprise = await make_enterprise(runtime)
    for number in range(12):
        person = await make_person(runtime, number=number)
        await engage(runtime, person, enterprise, role="special", since=SINCE)
        await hold(runtime, person, "special.1.2", ends_in=50)
    await _as_enterprise(client, runtime, enterprise)
    rows = 'data-label="应持证书"'
    page = (await client.get("/enterprise")).text
    # fifty days before the end the window for renewal is open
    assert (page.count(rows), page.count("应换证")) == (10, 10)
    second = (await client.get("/enterprise?page=2&within=30")).text
    assert (second.count(rows), "30 日内没有到期的证书" in second) == (2, True)
    assert (await client.get("/enterprise?within=45")).status_code == 400


ROW = '<td data-label="姓名">'
_NUMBER = re.compile(r'<a href="(/regulator/(?:sittings/|today/people)[^"]+)">(?:待实操 )?(\d+)</a>')


async def test_every_number_of_the_board_leads_to_just_whom_it_counts(
    client: AsyncClient, runtime: Runtime, clock: FrozenClock
) -> None:
    exam = await examined(runtime, clock, right=[9, 0, 8])
    await examined(runtime, clock, right=[9], qualification="officer.general")
    await close_and_score(runtime, exam)
    await release(runtime, exam)
    await pass_practical(runtime, exam)
    await _as_regulator(client, runtime)
    numbers = []
    for page in ("/regulator/today", "/regulator/sittings"):
        numbers += _NUMBER.findall((await client.get(page)).text)
    for address, written in numbers:
        listed = (await client.get(address.replace("&amp;", "&"))).text
        assert listed.count(ROW) == int(written), address
    seen = {re.search("step=([a-z_]+)", address)[1] for address, _ in numbers}  # type: ignore[index]  # each has a step
    assert seen == {"registered", "checked_in", "finished", "results", "passed", "outstanding"}
    sitting = f"/regulator/sittings/{exam.sitting_id}"
    assert (await client.get(f"{sitting}?step=asleep")).status_code == 400
    await _as_regulator(client, runtime, ELSEWHERE)
    assert (await client.get(sitting)).status_code == 404
    assert ROW not in (await client.get("/regulator/today/people")).text


async def test_every_number_of_a_roster_leads_to_just_its_posts(client: AsyncClient, runtime: Runtime) -> None:
    enterprise = await make_enterprise(runtime, industry="mine")
    for number, (role, item, days) in enumerate(
        (("principal", "principal.mine", 200), ("officer", "officer.general", 200), ("special", "special.1.2", 20))
    ):
        person = await make_person(runtime, number=number)
        await engage(runtime, person, enterprise, role=role, since=SINCE)
        await hold(runtime, person, item, ends_in=days)
    await hold(runtime, person, "special.2.1", ends_in=40)
    await _as_regulator(client, runtime, COUNTY)
    base = await client.get("/regulator/enterprises")
    numbers = re.findall(r'<a href="(/regulator/enterprises/[^"]+posts=[^"]*)#roster">(\d+)</a>', base.text)
    assert [int(written) for _, written in numbers] == [3, 2, 1, 1]
    for address, written in numbers:
        page = (await client.get(address.replace("&amp;", "&"))).text
        assert page.count('<td data-label="应持证书">') == int(written), address
    await _as_enterprise(client, runtime, enterprise)
    for within, soon in ((30, 1), (60, 2)):
        page = (await client.get(f"/enterprise?within={within}")).text
        assert page.count('<span class="soon-when">') == soon
        assert f"/enterprise?within={within}#soon" in page
