"""The base of enterprises: brought in after a dry run, merged by rule, searched, deregistered, never deleted."""

import csv
import re
from collections.abc import AsyncIterator, Sequence
from datetime import date
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.core.sheets.writer import write_workbook
from exam.identity.api import OrganisationView, find_organisation_by_uscc, get_organisation
from exam.identity.models import Organisation
from exam.identity.sessions import COOKIE
from exam.records.api import fold_sums
from exam.records.covering import find_stale_regions
from exam.records.enterprises.listing import EVERY, EnterpriseFilter, EnterpriseLine, list_enterprises
from tests.builders.desks import session_of
from tests.builders.exchange import admitted, be, bearer, token_of
from tests.builders.identity import regions
from tests.builders.records import engage, hold, make_enterprise, make_person, unified_code
from tests.builders.sitting import COUNTY
from tests.builders.web import browsing, send

CITY, ELSEWHERE = "33/3301", "33/3302/330203"
HOME = "/regulator/enterprises"
TODAY = date(2026, 11, 23)
HEAD = (
    "企业名称",
    "统一社会信用代码",
    "行政区划代码",
    "监管行业",
    "行业代码",
    "规模",
    "高危企业",
    "主要负责人",
    "登记状态",
)
FULL = ("甲矿业", unified_code(1), "330106", "金属非金属矿山", "B10", "中型", "是", "王矿", "")


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[AsyncClient]:
    await regions(runtime)
    async with browsing(runtime) as opened:
        await _as_regulator(opened, runtime)
        yield opened


async def _as_regulator(client: AsyncClient, runtime: Runtime, region: str = CITY) -> None:
    _, token = await session_of(runtime, role="regulator", region=region)
    client.cookies.set(COOKIE, token)


async def _try(client: AsyncClient, *rows: Sequence[str]) -> tuple[str, str]:
    """Upload rows and return the page of the dry run with the name of the waiting file."""
    files = {"file": ("e.xlsx", write_workbook(HEAD, rows))}
    page = (await client.post(f"{HOME}/import", data={"_csrf_token": client.cookies["csrftoken"]}, files=files)).text
    found = re.search(r'name="file" value="(\w+)"', page)
    return page, found[1] if found else ""


async def _bring_in(client: AsyncClient, *rows: Sequence[str]) -> str:
    _, file = await _try(client, *rows)
    return (await send(client, f"{HOME}/import/confirm", {"file": file})).text


async def _known(runtime: Runtime, number: int) -> OrganisationView | None:
    async with runtime.databases.session(Scope(region=CITY)) as session:
        return await find_organisation_by_uscc(session, unified_code(number))


async def test_nothing_is_written_before_the_word_and_then_only_by_whoever_uploaded(
    client: AsyncClient, runtime: Runtime
) -> None:
    page, file = await _try(client, FULL, ("无区划", unified_code(2), *[""] * 7))
    assert "1 行可以写入，1 行不能" in page
    assert await _known(runtime, 1) is None
    await _as_regulator(client, runtime)
    assert (await send(client, f"{HOME}/import/confirm", {"file": file})).status_code == 404


async def test_a_row_is_merged_by_its_code_and_an_empty_cell_changes_nothing(
    client: AsyncClient, runtime: Runtime
) -> None:
    assert "已写入 1 行，0 行未通过" in await _bring_in(client, FULL)
    page = await _bring_in(client, ("甲矿业集团", unified_code(1), "", "", "", "大型", "", "", ""))
    assert "中型" in page
    known = await _known(runtime, 1)
    assert known is not None
    assert (known.name, known.region, known.industry, known.division) == ("甲矿业集团", COUNTY, "mine", "B10")
    assert (known.size, known.high_risk, known.in_charge) == ("large", True, "王矿")
    acts = text("select act from core_audit_entry where subject = :id order by position")
    async with runtime.databases.session(Scope(region="33")) as session:
        told = list(await session.scalars(acts, {"id": str(known.id)}))
    assert told == ["organisation.created", "organisation.amended", "organisation.amended"]


async def test_rows_that_cannot_be_merged_are_refused_and_leave_their_neighbours_alone(
    client: AsyncClient, runtime: Runtime
) -> None:
    await make_enterprise(runtime, name="外地", region=ELSEWHERE, uscc=unified_code(3))
    await make_enterprise(runtime, name="本地", uscc=unified_code(4))
    page = await _bring_in(
        client,
        FULL,
        ("又是甲", unified_code(1), "330106", *[""] * 6),
        ("外地", unified_code(3), "330106", *[""] * 6),
        ("本地", unified_code(4), "330102", *[""] * 6),
        ("新", unified_code(5), "330203", *[""] * 6),
        ("市级", unified_code(6), "330100", *[""] * 6),
        ("错码", "913301060000000001", "330106", *[""] * 6),
    )
    assert "已写入 1 行，6 行未通过" in page
    assert "第 2 行已经出现过" in page
    assert page.count("该企业已登记在别的辖区") == 2
    assert page.count("新企业须填写行政区划代码") == 2


async def test_a_deregistered_enterprise_keeps_everything_and_shows_as_such(
    client: AsyncClient, runtime: Runtime
) -> None:
    enterprise = await make_enterprise(runtime, uscc=unified_code(1))
    person = await make_person(runtime, number=1)
    await engage(runtime, person, enterprise, role="officer", since=date(2026, 1, 1))
    assert "注销" in await _bring_in(client, ("临安机电", unified_code(1), *[""] * 6, "注销"))
    assert "临安机电" not in (await client.get(HOME)).text
    assert "2026-11-23 注销，资料保留" in (await client.get(f"{HOME}?standing=gone")).text
    page = (await client.get(f"{HOME}/{enterprise}")).text
    assert "2026-11-23 注销，资料保留" in page
    assert "缺证" in page  # its roster is still there
    page, _ = await _try(client, ("改名", unified_code(1), *[""] * 7))
    assert "0 行可以写入，1 行不能" in page
    assert (await send(client, f"{HOME}/{enterprise}/deregister")).status_code == 409


async def test_no_role_of_the_application_can_delete_an_enterprise(runtime: Runtime) -> None:
    enterprise = await make_enterprise(runtime)
    with pytest.raises(DBAPIError, match="permission denied"):
        async with runtime.databases.transaction(Scope(region="33")) as session:
            await session.execute(text("delete from identity_organisation where id = :id"), {"id": enterprise})
    async with runtime.databases.session(Scope(region=COUNTY)) as session:
        assert (await get_organisation(session, enterprise)).id == enterprise


async def test_programs_merge_by_the_same_rules(client: AsyncClient, runtime: Runtime) -> None:
    body = {"enterprises": [{"uscc": unified_code(1), "name": "乙", "region": "330106", "size": "micro"}]}
    neighbour, _ = await admitted(runtime, client, "", region=CITY)
    await be(runtime, client, "system_admin", CITY)
    headers = bearer(await token_of(client, neighbour, "enterprises:write"))
    reading = bearer(await token_of(client, neighbour, "messages:read"))
    client.cookies.clear()
    refused = [await client.post("/api/enterprises", json=body, headers=each) for each in ({}, reading)]
    assert [each.status_code for each in refused] == [401, 403]
    tried = await client.post("/api/enterprises", json=body, headers=headers)
    assert tried.json() == {
        "accepted": 1,
        "refused": 0,
        "written": False,
        "rows": [
            {
                "number": 1,
                "uscc": unified_code(1),
                "act": "create",
                "changed": ["name", "size"],
                "code": "",
                "message": "",
            }
        ],
    }
    assert await _known(runtime, 1) is None
    written = await client.post("/api/enterprises", json={**body, "dry_run": False}, headers=headers)
    assert written.json()["written"]
    assert await _known(runtime, 1) is not None
    async with runtime.databases.session(Scope(region=CITY)) as session:
        named = "select subject, facts ->> 'refused' from core_audit_entry where act = 'enterprises.merged'"
        assert (await session.execute(text(named))).one() == (str(neighbour), "0")
    elsewhere = {"uscc": unified_code(2), "name": "丙", "region": "330203"}
    answer = await client.post("/api/enterprises", json={"enterprises": [elsewhere]}, headers=headers)
    assert [row["code"] for row in answer.json()["rows"]] == ["enterprise_region"]
    assert (await client.post("/api/enterprises", json={"enterprises": []}, headers=headers)).status_code == 400


async def _listed(runtime: Runtime, region: str = CITY, asked: EnterpriseFilter = EVERY) -> list[EnterpriseLine]:
    async with runtime.databases.session(Scope(region=region)) as session:
        return await list_enterprises(session, on=TODAY, limit=20, asked=asked)


async def test_enterprises_are_found_by_words_and_by_what_the_base_knows(client: AsyncClient, runtime: Runtime) -> None:
    covered = await make_enterprise(runtime, name="100%满员", industry="general")
    person = await make_person(runtime, number=1)
    await engage(runtime, person, covered, role="officer", since=date(2026, 1, 1))
    await hold(runtime, person, "officer.general", ends_in=20)
    await make_enterprise(runtime, name="外地", region=ELSEWHERE)
    await _bring_in(client, FULL)
    for asked, names in (
        (EnterpriseFilter(words="矿"), ["甲矿业"]),
        (EnterpriseFilter(words="0%"), ["100%满员"]),
        (EnterpriseFilter(words=unified_code(1).lower()), ["甲矿业"]),
        (EnterpriseFilter(industry="mine", division="B", size="medium", high_risk="yes"), ["甲矿业"]),
        (EnterpriseFilter(division="B11"), []),
        (EnterpriseFilter(high_risk="no"), ["100%满员"]),
        (EnterpriseFilter(covered="full"), ["100%满员"]),
        (EnterpriseFilter(covered="ending"), ["100%满员"]),
        (EnterpriseFilter(covered="nobody"), ["甲矿业"]),
        (EnterpriseFilter(covered="missing"), []),
        (EnterpriseFilter(standing="gone"), []),
    ):
        assert [line.name for line in await _listed(runtime, asked=asked)] == names
    page = (await client.get(f"{HOME}?words=矿&size=medium&covered=nobody")).text
    assert "甲矿业" in page
    assert "100%满员" not in page
    table = (await client.get(f"{HOME}/list.csv?size=medium")).text
    assert "甲矿业" in table
    assert "非金属矿采选业" in table


async def test_the_list_as_a_file_names_who_is_in_charge_and_how_to_reach_them(
    client: AsyncClient, runtime: Runtime
) -> None:
    await _bring_in(client, FULL)
    async with runtime.databases.transaction(Scope(region=CITY)) as session:
        told = "safety_head = '=李安', address = '大型', contact = '0571-88880000'"
        await session.execute(text(f"update identity_organisation set {told} where name = '甲矿业'"))
    client.cookies.set("lang", "en")  # what was typed in is not translated
    [row] = csv.DictReader((await client.get(f"{HOME}/list.csv")).text.lstrip("\ufeff").splitlines())
    columns = ("Principal manager", "Head of safety", "Address", "Telephone")
    assert [row[column] for column in columns] == ["王矿", "'=李安", "大型", "0571-88880000"]


async def test_what_is_kept_of_coverage_agrees_with_the_rosters_after_every_change(runtime: Runtime) -> None:
    await regions(runtime)
    first = await make_enterprise(runtime, name="甲")
    other = await make_enterprise(runtime, name="乙", region="33/3301/330102")
    await make_enterprise(runtime, name="丙", region=ELSEWHERE)
    person = await make_person(runtime, number=1)
    counted = await _listed(runtime)
    await fold_sums(runtime)
    assert await _stale(runtime) == []
    assert await _listed(runtime) == counted
    await engage(runtime, person, first, role="officer", since=date(2026, 1, 1))
    assert await _stale(runtime) == [COUNTY]
    assert [(line.id, line.missing) for line in await _listed(runtime)] == [(first, 1), (other, 0)]
    await fold_sums(runtime)
    assert await _stale(runtime) == []
    assert [(line.id, line.missing) for line in await _listed(runtime)] == [(first, 1), (other, 0)]
    await hold(runtime, person, "officer.general", ends_in=20)
    await _deregister(runtime, other)
    assert [(line.id, line.valid, line.expiring) for line in await _listed(runtime)] == [(first, 1, 1)]
    await fold_sums(runtime)
    assert [(line.id, line.valid, line.expiring) for line in await _listed(runtime)] == [(first, 1, 1)]
    assert [line.id for line in await _listed(runtime, region="33/3302")] != []
    assert [line.id for line in await _listed(runtime, region="33/3301/330102")] == []


async def _stale(runtime: Runtime) -> list[str] | None:
    async with runtime.databases.session(Scope(region=CITY)) as session:
        return await find_stale_regions(session, TODAY)


async def _deregister(runtime: Runtime, organisation_id: UUID) -> None:
    async with runtime.databases.transaction(Scope(region=CITY)) as session:
        (row,) = await session.scalars(select(Organisation).where(Organisation.id == organisation_id))
        row.deregistered_on = TODAY
