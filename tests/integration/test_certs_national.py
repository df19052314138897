"""National certificates: recorded after a dry run, checked by a second person, counted, and never taken for our own."""

import json
from datetime import timedelta
from uuid import UUID

from httpx import AsyncClient
from sqlalchemy import select, text

from certs.national.models import NationalRecord
from exam.core.audit.ledger import AuditRow
from exam.core.clock import FrozenClock, local_date
from exam.core.runtime import Runtime
from exam.identity.models import Person
from exam.identity.sessions import COOKIE
from exam.records.holdings import load_roster
from tests.builders.certs import HERE, ROOT
from tests.builders.desks import session_of
from tests.builders.records import engage, make_enterprise, make_person
from tests.builders.sitting import id_number
from tests.builders.web import send, wear

PATH = "/regulator/national"
NUMBER = id_number(77)
ROW = {
    "name": "买买提·艾力",
    "id_number": NUMBER,
    "item": "低压电工作业",
    "issuer": "应急管理部",
    "document_id": "1.2.156.3005.2.1",
    "valid_from": "2026-06-10",
    "valid_until": "2032-06-09",
}


async def _upload(client: AsyncClient, rows: list[dict[str, str]]) -> str:
    data = {"_csrf_token": client.cookies["csrftoken"]}
    file = ("national.json", json.dumps(rows).encode())
    answer = await client.post(f"{PATH}/import", data=data, files={"file": file})
    return answer.text


async def _standing(runtime: Runtime, enterprise: UUID) -> tuple[str, int]:
    """Return what the roster says, and how many posts the supervisor's list counts as covered."""
    on = local_date(runtime.clock.now())
    async with runtime.databases.session(HERE) as session:
        roster = await load_roster(session, enterprise, on=on)
        covered = text("select valid from records_enterprises_on(:today) where id = :id")
        valid = await session.scalar(covered, {"today": on, "id": enterprise})
    (line,) = roster.lines
    return line.standing.value, valid or 0


async def test_a_national_certificate_from_the_file_to_the_roster(
    runtime: Runtime, clock: FrozenClock, client: AsyncClient
) -> None:
    enterprise = await make_enterprise(runtime)
    person = await make_person(runtime, number=77, name=ROW["name"])
    since = local_date(clock.now()) - timedelta(days=30)
    await engage(runtime, person, enterprise, role="special", since=since)
    _, first = await session_of(runtime, role="regulator")
    wear(client, {COOKIE: first})

    rows = [ROW, ROW, ROW | {"id_number": id_number(78), "item": "烹饪"}, ROW | {"name": "别人"}]
    tried = await _upload(client, rows)
    assert "试运行：1 条可以登记，3 条不能" in tried
    assert ("已经登记过" in tried, "“操作项目”填写有误" in tried, NUMBER in tried) == (True, True, False)
    async with runtime.databases.session(ROOT) as session:
        assert (await session.scalars(select(NationalRecord))).all() == []
        assert len((await session.scalars(select(Person))).all()) == 1
    (file,) = [part.partition('"')[0] for part in tried.split('name="file" value="')[1:]]
    assert "已登记 1 条，3 条未通过" in (await send(client, f"{PATH}/import/confirm", {"file": file})).text
    async with runtime.databases.session(ROOT) as session:
        row = (await session.scalars(select(NationalRecord))).one()
    assert await _standing(runtime, enterprise) == ("missing", 0)
    question = {"name": ROW["name"], "number": NUMBER}
    told = (await send(client, "/query", question)).text
    assert ("国家平台证照" in told, "还没有人到国家平台核对" in told, "应急管理部" in told) == (True, True, True)

    own = await send(client, f"{PATH}/{row.id}/check", {"found": "true"})
    assert (own.status_code, "same_person" in own.text) == (403, True)
    _, second = await session_of(runtime, role="regulator")
    wear(client, {COOKIE: second})
    silent = await send(client, f"{PATH}/{row.id}/check", {"found": "false"})
    assert "请写明理由" in silent.text
    assert (await send(client, f"{PATH}/{row.id}/check", {"found": "true"})).status_code == 303
    assert await _standing(runtime, enterprise) == ("valid", 1)
    page = (await client.get(PATH)).text
    assert ("已核对一致" in page, NUMBER in page) == (True, False)
    answer = (await client.post("/api/verify", json=question)).json()
    assert (answer["valid"], answer["status"]) == (False, "recorded")
    (held,) = answer["credentials"]
    assert (held["origin"], held["checked"], held["issuer"], held["version"]) == ("national", True, "应急管理部", None)
    wrong = (await client.post("/api/verify", json=question | {"name": "张三"})).json()
    assert (wrong["status"], wrong["credentials"]) == ("not_found", [])

    async with runtime.databases.session(ROOT) as session:
        acts = select(AuditRow.act, AuditRow.leaf).where(AuditRow.act.startswith("national."))
        found = (await session.execute(acts.order_by(AuditRow.position))).all()
    assert [each.act for each in found] == ["national.imported", "national.checked"]
    assert all(NUMBER.encode() not in each.leaf for each in found)
    _, token = await session_of(runtime, role="regulator", region="33/3301/330102")
    wear(client, {COOKIE: token})
    assert (await client.get(f"{PATH}/{row.id}")).status_code == 404
