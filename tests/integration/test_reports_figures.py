"""Figures equal what a plain recount of the stored rows gives, before and after corrections; nobody reads beyond their region."""

import csv
import io
import re
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from pypdf import PdfReader
from sqlalchemy import text

from exam.core.clock import FrozenClock, local_date
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.principal import VisibleRegion
from exam.core.runtime import Runtime
from exam.identity.sessions import COOKIE
from exam.records.api import MEASURES, PLACE, TIME, TOTAL, By, Dimension, Narrowing, Span, add_up, count, period_at
from exam.records.folding import fold_sums
from tests.builders.certs import CITY, Certified, certified, regrade_to_fail, release
from tests.builders.desks import session_of
from tests.builders.grading import close_and_score, examined, work_off
from tests.builders.identity import regions
from tests.builders.records import engage, hold, make_enterprise, make_person
from tests.builders.sitting import COUNTY

FIGURES = "/regulator/statistics"
ELSEWHERE = "33/3302/330203"


async def _raw(runtime: Runtime, query: str) -> list[Any]:
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        return list((await session.execute(text(query))).mappings())


async def _count(
    runtime: Runtime,
    *,
    region: str = "33",
    span: Span = Span.YEAR,
    day: date | None = None,
    by: By = TOTAL,
    narrowing: Narrowing | None = None,
) -> dict[str, dict[str, int]]:
    today = local_date(runtime.clock.now())
    period = period_at(span, day or today, today=today)
    async with runtime.databases.session(Scope(region=region)) as session:
        return await count(
            session, VisibleRegion(region), period, by=by, narrowing=narrowing or Narrowing(), measures=MEASURES
        )


async def _recount(runtime: Runtime, region: str, first: date, last: date) -> dict[str, int]:
    """Count again from whole tables in plain loops, sharing nothing with the views."""

    def within(each: Any, when: Any) -> bool:
        return bool(when) and (each["region"] + "/").startswith(region + "/") and first <= local_date(when) <= last

    found: Counter[str] = Counter()
    sittings = {each["id"]: each for each in await _raw(runtime, "select * from sitting_sitting")}
    attempts = {each["registration_id"]: each for each in await _raw(runtime, "select * from delivery_attempt")}
    for each in await _raw(runtime, "select * from sitting_registration"):
        if each["state"] != "accepted":
            continue
        found["registrations"] += within(each, each["registered_at"])
        sitting = sittings[each["sitting_id"]]
        if sitting["state"] in {"closed", "released"} and within(each, sitting["starts_at"]):
            found["due"] += 1
            found["attended"] += bool(each["id"] in attempts and attempts[each["id"]]["started_at"])
    for each in sittings.values():
        found["sittings"] += bool(each["opened_at"]) and within(each, each["starts_at"])
    for each in attempts.values():
        found["attempts"] += each["state"] != "voided" and within(each, each["started_at"])
    await _recount_results(runtime, found, within)
    credentials = {each["id"]: each for each in await _raw(runtime, "select * from certs_credential")}
    for each in await _raw(runtime, "select * from certs_credential_event"):
        gone = credentials[each["credential_id"]]["status"] in {"revoked", "annulled"}
        if within(each, each["at"]) and each["kind"] in {"issued", "suspended", "revoked"}:
            found[each["kind"]] += not (each["kind"] == "issued" and gone)
    for each in await _raw(runtime, "select * from training_hours"):
        found["hours"] += each["seconds"] * within(each, each["recorded_at"])
    return dict(found)


async def _recount_results(runtime: Runtime, found: Counter[str], within: Any) -> None:
    told: dict[Any, dict[str, Any]] = {}
    first_told: dict[Any, Any] = {}
    rows = await _raw(
        runtime,
        "select r.*, l.released_at from grading_result r join grading_release l on l.result_id = r.id"
        " order by l.released_at, r.version",
    )
    for each in rows:
        first_told.setdefault(each["origin_id"], each["released_at"])
        told.setdefault(each["registration_id"], {})[each["part"]] = each
    for parts in told.values():
        any_part = next(iter(parts.values()))
        if not within(any_part, max(first_told[each["origin_id"]] for each in parts.values())):
            continue
        failed = any(not each["passed"] for each in parts.values())
        passed = not failed and any(each["outcome"] == "passed" for each in parts.values())
        found["over"] += failed or passed
        found["passed"] += passed
        found["outstanding"] += not failed and not passed
        if "theory" in parts:
            marks = parts["theory"]["marks"] // 100
            found[f"marks_{max(low for low in (0, 60, 70, 80, 90) if marks >= low)}"] += 1


async def _agree(runtime: Runtime, region: str, span: Span, day: date) -> dict[str, int]:
    """Compare every counted figure of a period with the recount and return the figures."""
    today = local_date(runtime.clock.now())
    period = period_at(span, day, today=today)
    counted = (await _count(runtime, region=region, span=span, day=day)).get("", {})
    again = await _recount(runtime, region, period.first_on, period.last_on)
    stands = {"valid", "lapsed", "expiring_30", "expiring_60", "expiring_90", "enterprises", "covered"}
    happened = {code: value for code, value in counted.items() if value and code not in stands}
    assert happened == {code: value for code, value in again.items() if value}
    return counted


@pytest.fixture
async def exams(runtime: Runtime, clock: FrozenClock) -> Certified:
    """One certified operator of five registrations, sat over two days around a month's end."""
    clock.instant = clock.instant.replace(month=10, day=30)
    got = await certified(runtime, clock)
    clock.advance(timedelta(days=3))
    more = await examined(runtime, clock, right=[0, 8, 9], qualification="officer.general")
    await close_and_score(runtime, more)
    await release(runtime, more)
    await work_off(runtime)
    return got


async def test_every_figure_equals_a_recount_and_follows_a_regrade_into_its_own_period(
    runtime: Runtime, clock: FrozenClock, exams: Certified
) -> None:
    told_on = local_date(clock.now() - timedelta(days=3))
    await fold_sums(runtime)
    before = await _agree(runtime, "33", Span.MONTH, told_on)
    assert (before["passed"], before["issued"]) == (1, 1)
    assert (await _agree(runtime, "33", Span.MONTH, local_date(clock.now())))["hours"] == 3 * 48 * 2700
    clock.advance(timedelta(days=20))
    await regrade_to_fail(runtime, exams.exam)
    await work_off(runtime)
    after = await _agree(runtime, "33", Span.MONTH, told_on)
    assert (after["over"], after["passed"]) == (before["over"], 0)
    await fold_sums(runtime)
    for region in ("33", CITY, COUNTY, ELSEWHERE):
        for span in Span:
            await _agree(runtime, region, span, told_on)
    await _agree(runtime, COUNTY, Span.QUARTER, local_date(clock.now()))


async def test_parts_add_up_to_the_whole(runtime: Runtime, exams: Certified) -> None:
    whole = (await _count(runtime))[""]
    assert exams.exam.sitting_id
    for by in (PLACE, TIME, *(By(dimension=each) for each in Dimension)):
        parts = add_up((await _count(runtime, by=by)).values())
        assert parts == {code: whole[code] for code in parts}, by
    items = await _count(runtime, by=By(dimension=Dimension.ITEM))
    for item, counts in items.items():
        narrowed = (await _count(runtime, narrowing=Narrowing(item=item))).get("", {})
        assert {code: value for code, value in narrowed.items() if value} == {
            code: value for code, value in counts.items() if value
        }
    month = (await _count(runtime, by=TIME)).values()
    assert add_up(month)["registrations"] == whole["registrations"]


async def test_what_stands_is_told_as_of_the_last_day(runtime: Runtime, clock: FrozenClock, exams: Certified) -> None:
    issued_on = local_date(clock.now() - timedelta(days=3))
    enterprise = await make_enterprise(runtime)
    person = await make_person(runtime, number=77)
    await engage(runtime, person, enterprise, role="officer", since=date(2026, 10, 1))
    await hold(runtime, person, "officer.general", ends_in=40)
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await session.execute(
            text(
                "insert into certs_credential_event (id, credential_id, region, kind, reason, at, audit_id, ground,"
                " rule_set, basis) select gen_random_uuid(), :id, region, 'suspended', 'x', :at,"
                " (select min(id::text)::uuid from core_audit_entry), 'inquiry', 'x', ''"
                " from certs_credential where id = :id"
            ),
            {"id": exams.credential_id, "at": clock.now() - timedelta(days=1)},
        )
        await session.execute(
            text("update certs_credential set status = 'suspended' where id = :id"), {"id": exams.credential_id}
        )
    then = (await _count(runtime, span=Span.DAY, day=issued_on))[""]
    now = (await _count(runtime))[""]
    assert (then["valid"], now["valid"], now["expiring_30"], now["expiring_60"]) == (2, 3, 0, 1)
    assert (now["enterprises"], now["covered"], now["suspended"]) == (1, 1, 1)


@pytest.fixture
async def regulator(client: AsyncClient, runtime: Runtime) -> AsyncClient:
    await regions(runtime)
    _, token = await session_of(runtime, role="regulator", region=CITY)
    client.cookies.set(COOKIE, token)
    return client


async def test_page_and_files_say_the_same_and_lead_to_the_rows(
    runtime: Runtime, exams: Certified, regulator: AsyncClient
) -> None:
    counted = (await _count(runtime, region=CITY))[""]
    page = (await regulator.get(FIGURES)).text
    assert f"{FIGURES}?region={COUNTY.replace('/', '%2F')}" in page
    table = list(csv.reader(io.StringIO((await regulator.get(f"{FIGURES}/files/csv")).content.decode("utf-8-sig"))))
    closing = dict(zip(table[0], next(row for row in table if row[0].endswith("合计")), strict=True))
    assert closing["报名人次"] == str(counted["registrations"])
    assert (counted["passed"], counted["over"], closing["合格率 (%)"]) == (3, 4, "75.0")
    workbook = await regulator.get(f"{FIGURES}/files/xlsx?by=item")
    assert workbook.content[:2] == b"PK"
    printed = PdfReader(io.BytesIO((await regulator.get(f"{FIGURES}/files/pdf")).content))
    words = "".join(each.extract_text() for each in printed.pages)
    assert "杭州市" in words
    assert "合格人次占有结论人次的比例" in words
    for measure in MEASURES:
        rows = await regulator.get(f"{FIGURES}/rows?measure={measure.code}")
        assert rows.status_code == 200, measure.code
        listed = rows.text.count('<td data-label="人员或单位">')
        whole = measure.whole or measure.code
        assert whole == "hours" or listed == counted.get(whole, 0), measure.code
    assert (
        f"/centre/registrations/{exams.registration.id}" in (await regulator.get(f"{FIGURES}/rows?measure=passed")).text
    )


_LINKED = re.compile(r'data-label="([^"]+)"><a href="(/regulator/statistics/rows[^"]+)">([0-9,]+)</a>')


@pytest.mark.usefixtures("exams")
async def test_every_number_of_the_breakdown_leads_to_just_its_rows(regulator: AsyncClient) -> None:
    for by in ("place", "category", "item", "centre"):
        linked = _LINKED.findall((await regulator.get(f"{FIGURES}?by={by}")).text)
        assert {label for label, _, _ in linked} >= {"报名人次", "实考人次", "有结论人次"}, by
        for label, address, written in linked:
            rows = await regulator.get(address.replace("&amp;", "&"))
            assert rows.text.count('<td data-label="人员或单位">') == int(written), (by, label)
    bars = re.findall(
        r'<a href="([^"]+show=passed[^"]*)">(\d+)</a>', (await regulator.get(f"{FIGURES}?show=passed")).text
    )
    pages = [await regulator.get(address.replace("&amp;", "&")) for address, _ in bars]
    told = [page.text.count('<td data-label="人员或单位">') for page in pages]
    assert told == [int(written) for _, written in bars] != []


async def test_files_of_one_centre_name_it(exams: Certified, regulator: AsyncClient) -> None:
    query = f"centre={exams.exam.centre.id}"
    for address in (f"{FIGURES}?{query}", f"{FIGURES}/files/csv?{query}"):
        answer = (await regulator.get(address)).content.decode()
        assert "第一考点" in answer, address


QUERIES = {
    "region=33": 403,
    "region=33/3302": 403,
    "day=2031-01-01": 400,
    "day=1999-01-01": 400,
    "day=yesterday": 400,
    "day=2026-02-30": 400,
    "centre=x": 400,
    "span=week": 400,
    "by=person": 400,
    "category=%27or%201": 400,
    "category=welder": 400,
    "item=%27or%201": 400,
    "item=special.9.9": 200,
    "industry=nowhere": 400,
    "level=below": 400,
    "until=2026-02-30": 400,
    "span=month&day=2026-10-01&until=2026-09-30": 400,
    "until=2031-01-01": 400,
    "category=none&item=none&centre=none&industry=none&level=own": 200,
    "region=33/3301/330106/330106002&span=day": 200,
}


async def test_nobody_reads_beyond_the_region_or_asks_for_nonsense(regulator: AsyncClient) -> None:
    for query, status in QUERIES.items():
        assert (await regulator.get(f"{FIGURES}?{query}")).status_code == status, query
        assert (await regulator.get(f"{FIGURES}/rows?measure=passed&{query}")).status_code == status, query
    assert (await regulator.get(f"{FIGURES}/rows?measure=nothing")).status_code == 400
    assert (await regulator.get(f"{FIGURES}/files/exe")).status_code == 400
