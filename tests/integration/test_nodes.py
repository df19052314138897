"""Batches between county and city: by mutual TLS and as files, resumed, returned, corrected, accepted, compared."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import msgspec
import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from exam.core.clock import FrozenClock, local_date
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.runtime import Runtime
from exam.identity.api import get_region
from exam.records.exchange.models import Neighbour
from exam.records.exchange.secrets import OVERLAP, Secrets, secrets_of
from exam.records.exchange.signing import SignatureWrongError, headers_of, verify
from exam.records.exchange.state import MessageState
from exam.records.nodes.accepting import accept, keep_accepted
from exam.records.nodes.arrivals import give_back
from exam.records.nodes.batches import correct_batch, make_batch
from exam.records.nodes.carrying import Upper, carry, reconcile_batches
from exam.records.nodes.errors import (
    BatchOpenError,
)
from exam.records.nodes.reconciling import BatchDifference, BatchReconciliation
from exam.records.nodes.sealing import new_keys
from exam.records.nodes.transfer import KEPT_FOR, forget_parts
from exam.reports.errors import ReportLevelError
from exam.reports.submission.forms import get_form
from exam.reports.submission.service import decide_report, save_report, sign_report, start_report, submit_report
from exam.reports.submission.travelling import KNOWN, UPPER
from tests.builders.exchange import SECRET, be, held, turned
from tests.builders.grading import work_off
from tests.builders.identity import CITY, regions
from tests.builders.nodes import ROOT, Authority, Node, connect, node, regulator
from tests.builders.sitting import COUNTY
from tests.builders.web import browsing, send
from tests.services import Services

BELOW, ABOVE = regulator(COUNTY), regulator(CITY)
PAGES, ADMIN = "/regulator/batches", "/admin/exchange"
OTHER_CITY = "33/3302"
STATES = "select number, state from records_node_batch order by number"
ARRIVED = "select number, state, faulty from records_node_arrival order by number"
KEPT = "select subject, sequence from records_exchange_incoming order by subject, sequence"


@pytest.fixture
async def pair(services: Services, clock: FrozenClock, tmp_path: Path) -> AsyncIterator[tuple[Node, Node]]:
    authority = Authority(tmp_path)
    async with AsyncExitStack() as stack:
        county, city = [await stack.enter_async_context(node(services, authority, name, clock)) for name in ("a", "b")]
        await regions(county.runtime)
        yield county, city


async def seal(county: Node, upper: UUID, note: str = "") -> UUID:
    async with county.runtime.databases.transaction(ROOT) as session:
        return await make_batch(session, county.runtime, BELOW, upper, note=note)


async def decide(city: Node, batch: UUID, *, reason: str = "", rows: dict[int, str] | None = None) -> None:
    async with city.runtime.databases.transaction(ROOT) as session:
        if reason:
            await give_back(session, city.runtime, ABOVE, batch, reason=reason, rows=rows or {})
        else:
            await accept(session, city.runtime, ABOVE, batch)
    if not reason:
        await keep_accepted(city.runtime, arrival_id=str(batch))


async def test_a_batch_is_returned_corrected_and_accepted_over_mutual_tls(pair: tuple[Node, Node]) -> None:
    county, city = pair
    upper = await connect(county, city, COUNTY)
    first, second = [await held(county.runtime, number) for number in (1, 2)]
    await turned(county.runtime, first, "suspended")
    await turned(county.runtime, second, "suspended")
    await work_off(county.runtime)
    batch = await seal(county, upper)
    with pytest.raises(BatchOpenError):
        await seal(county, upper)
    await carry(county.runtime, neighbour_id=str(upper))
    assert await county.rows(STATES) == [(1, "arrived")]
    assert await city.rows(ARRIVED) == [(1, "arrived", 0)]
    await decide(city, batch, reason="请核对第 1 行", rows={1: "状态与名单不符"})
    await carry(county.runtime, neighbour_id=str(upper))
    assert await county.rows(STATES) == [(1, "returned")]
    assert await county.rows("select number, reason from records_node_batch_row order by number") == [
        (1, "状态与名单不符"),
        (2, ""),
    ]
    assert await city.rows(KEPT) == []
    async with county.runtime.databases.transaction(ROOT) as session:
        corrected = await correct_batch(session, county.runtime, BELOW, batch, note="已更正")
    # the credential was never suspended in the county's books: what is told now is what is true
    assert await county.rows("select state, sequence from records_exchange_message order by position") == [
        (MessageState.SET_ASIDE, 1),
        (MessageState.WAITING, 1),
        (MessageState.WAITING, 2),
    ]
    await carry(county.runtime, neighbour_id=str(upper))
    assert await city.rows(ARRIVED) == [(1, "superseded", 0), (2, "arrived", 0)]
    assert await city.rows("select supersedes, note from records_node_arrival where number = 2") == [(batch, "已更正")]
    await decide(city, corrected)
    await carry(county.runtime, neighbour_id=str(upper))
    assert await county.rows(STATES) == [(1, "superseded"), (2, "accepted")]
    assert await city.rows(KEPT) == sorted([(f"credential:{first[0]}", 2), (f"credential:{second[0]}", 1)])
    async with county.runtime.databases.session(ROOT) as session:
        assert await reconcile_batches(session, county.runtime, upper) == BatchReconciliation(2, [])
    async with city.runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await session.execute(text("update records_node_arrival set rows = 3 where number = 2"))
    async with county.runtime.databases.session(ROOT) as session:
        found = await reconcile_batches(session, county.runtime, upper)
    assert found == BatchReconciliation(1, [BatchDifference(2, "changed", "accepted", "accepted")])


async def filed(runtime: Runtime) -> UUID:
    """Let two regulators of the county file last month's report."""
    filler, signer, at = regulator(COUNTY), regulator(COUNTY), runtime.clock.now()
    async with runtime.databases.transaction(ROOT) as session:
        region = await get_region(session, COUNTY)
        form, today = get_form("exam-month"), local_date(at)
        report = await start_report(session, filler, form, region, date(2026, 10, 1), today=today, at=at)
        await save_report(session, filler, report, {"inspections": 4, "found": 2, "settled": 1}, "说明", at)
        await sign_report(session, signer, report, at)
        await submit_report(session, signer, report, at)
    return report


async def test_a_report_goes_up_in_a_batch_and_its_return_comes_back(pair: tuple[Node, Node]) -> None:
    county, city = pair
    upper = await connect(county, city, COUNTY)
    report = await filed(county.runtime)
    await work_off(county.runtime)
    batch = await seal(county, upper)
    await carry(county.runtime, neighbour_id=str(upper))
    await decide(city, batch)
    await work_off(city.runtime)
    ((above, state, version, entries),) = await city.rows("select id, state, version, entries from reports_report")
    assert (state, version, entries["found"]) == ("submitted", 1, 2)
    at = city.runtime.clock.now()
    async with city.runtime.databases.transaction(ROOT) as session:
        with pytest.raises(ReportLevelError):
            await decide_report(session, BELOW, above, at, reason="x")
        await decide_report(session, ABOVE, above, at, reason="检查次数与台账不一致")
    await carry(county.runtime, neighbour_id=str(upper))
    await work_off(county.runtime)
    assert await county.rows("select id, state, reason from reports_report") == [
        (report, "returned", "检查次数与台账不一致")
    ]
    async with browsing(plainly(county)) as client:
        await be(county.runtime, client, "regulator", COUNTY)
        page = (await client.get(f"/regulator/reports/{report}")).text
        assert "检查次数与台账不一致" in page
        assert "监管员" in page
    # a decision of the level above is nobody's here without its kept answer
    again = await filed(county.runtime)
    words = "update reports_report set state = 'received', decided_by = :by, decided_at = now() where id = :id"
    with pytest.raises(DBAPIError):
        async with county.runtime.databases.transaction(Scope(region=COUNTY)) as session:
            await session.execute(text(words), {"by": ABOVE.account, "id": again})
    # what the level above has by another way is not taken twice, and the page below says so
    await regions(city.runtime)
    await filed(city.runtime)
    await work_off(county.runtime)
    batch = await seal(county, upper)
    await carry(county.runtime, neighbour_id=str(upper))
    await decide(city, batch)
    await work_off(city.runtime)
    await carry(county.runtime, neighbour_id=str(upper))
    await work_off(county.runtime)
    query = f"select state, reason, people->>decided_by::text from reports_report where id = '{again}'"
    assert await county.rows(query) == [("returned", KNOWN, UPPER)]


async def test_a_broken_transfer_goes_on_where_it_stopped(
    pair: tuple[Node, Node], clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    county, city = pair
    upper = await connect(county, city, COUNTY)
    await turned(county.runtime, await held(county.runtime, 1), "suspended", "restored")
    await work_off(county.runtime)
    await seal(county, upper)
    monkeypatch.setattr("exam.records.nodes.carrying.PART_BYTES", 300)
    sent: list[int] = []
    call = Upper.call

    async def cut(self: Upper, path: str, named: str, body: bytes, **query: str) -> bytes:
        if len(body) and len(sent) == 2:
            sent.append(-1)
            raise httpx.ReadError("cut")
        sent.extend([int(query["start"])] if body and "start" in query else [])
        return await call(self, path, named, body, **query)

    monkeypatch.setattr(Upper, "call", cut)
    await carry(county.runtime, neighbour_id=str(upper))
    assert await city.rows("select start_at from records_node_part order by start_at") == [(0,), (300,)]
    assert await city.rows(ARRIVED) == []
    await carry(county.runtime, neighbour_id=str(upper))
    assert sent[:4] == [0, 300, -1, 600]
    assert await city.rows(ARRIVED) == [(1, "arrived", 0)]
    assert await city.rows("select start_at from records_node_part") == []
    # the parts of a file that nobody goes on with are forgotten after a week
    left = (
        "insert into records_node_part select neighbour_id, sha256('x'), 0, region, 'x', :at from records_node_arrival"
    )
    async with city.runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await session.execute(text(left), {"at": city.runtime.clock.now() - KEPT_FOR})
    await forget_parts(city.runtime)
    assert await city.rows("select start_at from records_node_part") == [(0,)]
    clock.advance(timedelta(seconds=1))
    await forget_parts(city.runtime)
    assert await city.rows("select start_at from records_node_part") == []


async def test_a_stranger_another_certificate_and_no_certificate_are_refused(
    pair: tuple[Node, Node], tmp_path: Path
) -> None:
    county, city = pair
    upper = await connect(county, city, COUNTY)
    await turned(county.runtime, await held(county.runtime, 1), "suspended")
    await work_off(county.runtime)
    await seal(county, upper)
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    known, mine = county.runtime, county.runtime.settings
    # certificates of nobody, of another authority, and of another node of the same one
    stranger = msgspec.structs.replace(other.issue(mine, "x"), exchange_roots=mine.exchange_roots)
    for settings in (
        msgspec.structs.replace(mine, exchange_certificate=Path()),
        stranger,
        msgspec.structs.replace(
            mine,
            exchange_certificate=city.runtime.settings.exchange_certificate,
            exchange_key=city.runtime.settings.exchange_key,
        ),
    ):
        object.__setattr__(known, "settings", settings)
        await carry(known, neighbour_id=str(upper))
        assert await city.rows(ARRIVED) == []
    object.__setattr__(known, "settings", mine)
    await carry(known, neighbour_id=str(upper))
    assert await city.rows(ARRIVED) == [(1, "arrived", 0)]
    # what has become faulty between the decision and the job comes back to the person who decides
    ((batch,),) = await city.rows("select id from records_node_arrival")
    async with city.runtime.databases.transaction(ROOT) as session:
        await accept(session, city.runtime, ABOVE, batch)
    assert await city.rows(ARRIVED) == [(1, "accepting", 0)]
    async with city.runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await session.execute(text("update records_node_arrival_row set body = 'x'"))
    await keep_accepted(city.runtime, arrival_id=str(batch))
    assert await city.rows(ARRIVED) == [(1, "arrived", 1)]
    assert await city.rows(KEPT) == []


FILE_FIELDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


def plainly(node: Node) -> Runtime:
    """Return the node's ports for a client of its pages that speaks no TLS: else it would keep no cookie."""
    return replace(node.runtime, settings=msgspec.structs.replace(node.runtime.settings, base_url="http://node.local"))


async def post_file(client: AsyncClient, data: bytes) -> httpx.Response:
    """Import a file on the page."""
    fields = {"_csrf_token": client.cookies["csrftoken"]}
    return await client.post(f"{PAGES}/import", data=fields, files={"file": ("x.ankao", data)})


SHOWN = ("2 行全部通过", "第一批", "资格 .{2,}业 · .*状态 已暂停 · 有效期自 .*有效期至 2")
"""What whoever accepts or returns a batch is shown of it."""


async def test_files_are_carried_to_and_fro_on_the_pages_of_both_sides(pair: tuple[Node, Node]) -> None:
    county, city = pair
    upper = await connect(county, city, COUNTY, network=False)
    for number in (1, 2):
        await turned(county.runtime, await held(county.runtime, number), "suspended")
    await work_off(county.runtime)
    async with browsing(plainly(county)) as below, browsing(plainly(city)) as above:
        await be(county.runtime, below, "regulator", COUNTY)
        await be(city.runtime, above, "regulator", CITY)
        assert "2 条数据待上报" in (await below.get(PAGES)).text
        sealed = await send(below, PAGES, {"neighbour": str(upper), "note": "第一批"})
        assert sealed.status_code == 303, sealed.text[-3000:]
        batch = sealed.headers["location"]
        assert "0 条数据待上报" in (await below.get(PAGES)).text
        assert (await send(below, PAGES, {"neighbour": str(upper)})).status_code == 409
        file = (await below.get(f"{batch}/file")).content
        for wrong in (b"", b"x", file[:-1] + bytes([file[-1] ^ 1])):
            assert (await post_file(above, wrong)).status_code in {400, 401}
        arrival = (await post_file(above, file)).headers["location"]
        assert (await post_file(above, file)).headers["location"] == arrival
        page = (await above.get(arrival)).text
        assert all(re.search(each, page) for each in SHOWN)
        assert (await send(above, f"{arrival}/return", {"reason": " "})).status_code == 400
        fields: dict[str, str | list[str]] = {"reason": "第 2 行有误", "number": ["1", "2"], "said": ["", "状态不符"]}
        assert (await send(above, f"{arrival}/return", fields)).status_code == 303
        receipt = (await above.get(f"{arrival}/receipt")).content
        assert (await post_file(below, receipt)).status_code == 303
        page = (await below.get(batch)).text
        assert "第 2 行有误" in page
        assert "状态不符" in page
        corrected = (await send(below, f"{batch}/correct", {"note": "已更正"})).headers["location"]
        file = (await below.get(f"{corrected}/file")).content
        arrival = (await post_file(above, file)).headers["location"]
        assert "已更正" in (await above.get(arrival)).text
        await be(city.runtime, above, "regulator", COUNTY)
        assert (await send(above, f"{arrival}/accept")).status_code == 403
        await be(city.runtime, above, "regulator", OTHER_CITY)
        assert (await above.get(arrival)).status_code == 404
        await be(city.runtime, above, "regulator", CITY)
        assert (await send(above, f"{arrival}/accept")).status_code == 303
        assert "正在入库" in (await above.get(arrival)).text
        assert (await send(above, f"{arrival}/return", {"reason": "x"})).status_code == 409
        await work_off(city.runtime)
        receipt = (await above.get(f"{arrival}/receipt")).content
        assert (await post_file(below, receipt)).status_code == 303
        assert (await post_file(below, receipt)).status_code == 303
        assert "上级已接收" in (await below.get(PAGES)).text
        assert "已接收" in (await above.get(PAGES)).text
    assert await county.rows(STATES) == [(1, "superseded"), (2, "accepted")]
    assert await county.rows("select state, count(*) from records_exchange_message group by state order by state") == [
        ("delivered", 2),
        ("set_aside", 1),
    ]
    assert await city.rows("select way, count(*) from records_node_arrival group by way") == [("file", 2)]
    acts = await county.rows("select act from core_audit_entry where act like 'batch.%' order by position")
    assert [act for (act,) in acts] == [
        "batch.sealed",
        "batch.arrived_above",
        "batch.returned_above",
        "batch.sealed",
        "batch.arrived_above",
        "batch.accepted_above",
    ]


async def test_two_administrators_say_who_a_node_is_and_a_secret_is_changed_while_both_work(
    runtime: Runtime, client: AsyncClient, clock: FrozenClock
) -> None:
    await regions(runtime)
    await be(runtime, client, "system_admin")
    typed = {"name": "市级节点", "region": CITY, "address": "", "kinds": "result.released", "carriage": "batch"}
    secret = SECRET.search(page := (await send(client, ADMIN, typed)).text)
    found = FILE_FIELDS.search(page)
    assert found
    assert secret
    here = f"{ADMIN}/{found[0]}"
    await be(runtime, client, "security_admin")
    assert (await send(client, f"{here}/admit")).status_code == 303
    assert (await send(client, f"{here}/identity", {"card": "x"})).status_code == 403
    await be(runtime, client, "system_admin")
    assert (await send(client, f"{ADMIN}/keys")).status_code == 303
    card = new_keys().card
    assert "ankao-node:1:" in (await client.get(ADMIN)).text
    assert (await send(client, f"{here}/identity", {"card": "x"})).status_code == 400
    assert (await send(client, f"{here}/identity", {"card": card.text, "certificate": "x"})).status_code == 400
    assert (await send(client, f"{here}/identity", {"card": card.text})).status_code == 303
    assert (await send(client, f"{here}/identity/confirm")).status_code == 403
    await be(runtime, client, "security_admin")
    assert (await send(client, f"{here}/identity/confirm")).status_code == 303
    assert card.name in (await client.get(here)).text

    await be(runtime, client, "system_admin")
    assert (await send(client, f"{here}/secret", {"given": "x"})).status_code == 400
    fresh = SECRET.search((await send(client, f"{here}/secret")).text)
    assert fresh
    assert fresh[1] != secret[1]

    async def good() -> Secrets:
        async with runtime.databases.session(ROOT) as session:
            return secrets_of(runtime, await session.get_one(Neighbour, UUID(found[0])))

    assert await good() == Secrets(fresh[1], secret[1])
    now_s = int(clock.now().timestamp())
    old, both = headers_of(secret[1], "m", now_s, b""), headers_of(fresh[1], "m", now_s, b"", before=secret[1])
    assert verify(fresh[1], old, b"", now_s=now_s, before=secret[1]) == "m"
    assert verify(secret[1], both, b"", now_s=now_s) == verify(fresh[1], both, b"", now_s=now_s) == "m"
    with pytest.raises(SignatureWrongError):
        verify(fresh[1], old, b"", now_s=now_s)
    assert "旧密钥到" in (await client.get(here)).text
    clock.advance(OVERLAP)
    assert await good() == Secrets(fresh[1])
    await be(runtime, client, "system_admin")
    assert (await send(client, f"{here}/secret", {"given": secret[1]})).status_code == 303
    assert await good() == Secrets(secret[1], fresh[1])
    assert (await send(client, f"{here}/secret/end")).status_code == 303
    assert await good() == Secrets(secret[1])
