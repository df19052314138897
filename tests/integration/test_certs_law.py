"""One certificate across the change from order 30 to order 19, and the article that every turn of its life rests on."""

from datetime import UTC, date, datetime

from sqlalchemy import text

from certs.api import CredentialView, Ground, confirm, get_credential, list_events, propose, suspend
from certs.jobs import note_expiry
from certs.keys import published_ring
from certs.offline import check_qr
from certs.publishing import LIST_KEY, publish_status
from certs.statuslist import read_list
from certs.views import EventView
from exam.core.clock import FrozenClock, local_date
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.runtime import Runtime
from exam.identity.sessions import COOKIE
from exam.training.api import TrainingKind
from tests.builders.certs import ROOT, Certified, certified, regulator, train_on
from tests.builders.desks import session_of
from tests.builders.web import browsing, send, wear

LAST_OF_ORDER_30, FIRST_OF_ORDER_19 = datetime(2023, 6, 1, 1, tzinfo=UTC), datetime(2023, 6, 2, 1, tzinfo=UTC)
TODAY = datetime(2026, 11, 27, 1, tzinfo=UTC)


async def _seen(runtime: Runtime, holder: Certified) -> tuple[CredentialView, list[EventView]]:
    async with runtime.databases.session(ROOT) as session:
        view = await get_credential(session, holder.credential_id, on=local_date(runtime.clock.now()))
        return view, await list_events(session, holder.credential_id)


async def _asked(runtime: Runtime, holder: Certified, on: date | None = None) -> str:
    await runtime.valkey.flushdb()
    async with browsing(runtime) as client:
        body = {"qr": holder.qr_text, "on": on.isoformat() if on else None}
        told = await client.post("/api/verify", json=body)
    return str(told.json()["status"])


async def test_a_review_that_falls_due_under_the_new_order_is_ended_and_the_term_holds(
    runtime: Runtime, clock: FrozenClock
) -> None:
    clock.instant = FIRST_OF_ORDER_19
    holder = await certified(runtime, clock)
    clock.instant = TODAY
    assert await _asked(runtime, holder) == "valid"
    await note_expiry(runtime)
    await note_expiry(runtime)
    view, events = await _seen(runtime, holder)
    assert (view.status, view.review_due_on, view.valid_until) == ("issued", None, date(2029, 6, 1))
    ended = events[-1]
    assert [event.kind for event in events] == ["issued", "pdf_made", "review_ended"]
    assert (ended.ground, "order-19@1" in ended.rule_set, "不再复审" in ended.basis) == ("review_ended", True, True)
    assert "第19条" in events[0].basis
    assert [await _asked(runtime, holder, day) for day in (date(2026, 6, 1), date(2026, 6, 2))] == ["valid"] * 2


async def test_a_review_missed_under_the_old_order_voids_and_the_new_order_brings_nothing_back(
    runtime: Runtime, clock: FrozenClock
) -> None:
    clock.instant = LAST_OF_ORDER_30
    holder = await certified(runtime, clock)
    clock.instant = TODAY
    await note_expiry(runtime)
    view, events = await _seen(runtime, holder)
    assert (view.status, view.duty, await _asked(runtime, holder)) == ("expired", None, "expired")
    assert (events[-1].kind, events[-1].reason) == ("expired", "逾期未复审,证书失效")
    assert ("order-30@1" in events[-1].rule_set, "第26条" in events[-1].basis) == (True, True)
    assert await _asked(runtime, holder, date(2026, 5, 31)) == "valid"
    assert await _asked(runtime, holder, date(2026, 6, 1)) == "expired"
    await publish_status(runtime)
    async with runtime.databases.session(NOTHING, Role.PUBLIC) as session:
        ring = await published_ring(session)
    statuses = read_list(await runtime.storage.get(LIST_KEY), ring)
    assert check_qr(holder.qr_text, ring, at=TODAY, statuses=statuses).reasons == ("expired", "status_as_of_list")


async def test_a_review_in_time_with_its_hours_keeps_the_certificate(runtime: Runtime, clock: FrozenClock) -> None:
    clock.instant = LAST_OF_ORDER_30
    holder = await certified(runtime, clock)
    clock.instant = datetime(2026, 5, 6, 1, tzinfo=UTC)
    path = f"/centre/credentials/{holder.credential_id}"
    cookie = {COOKIE: (await session_of(runtime, role="regulator", region="33/3301"))[1]}
    async with browsing(runtime) as client:
        wear(client, cookie)
        page = (await client.get(path)).text
        assert ("应复审" in page, "期内应完成培训 8 学时。" in page) == (True, True)
        short = await send(client, f"{path}/review", {})
        assert (short.status_code, "复审培训已登记 0 学时" in short.text) == (409, True)
        await train_on(runtime, holder, 8, TrainingKind.REVIEW)
        assert (await send(client, f"{path}/review", {})).status_code == 303
    clock.instant = TODAY
    await note_expiry(runtime)
    view, events = await _seen(runtime, holder)
    assert (view.status, events[-1].kind, "第21条" in events[-1].basis) == ("issued", "reviewed", True)
    assert await _asked(runtime, holder) == "valid"


async def test_every_turn_keeps_its_ground_and_article_in_history_and_log(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    at = clock.now()
    async with runtime.databases.transaction(ROOT) as session:
        await suspend(session, regulator(), holder.credential_id, reason="举报核查", at=at)
        asked = await propose(session, regulator(), holder.credential_id, Ground.FRAUD, reason="查实", at=at)
        await confirm(session, regulator(), asked, at=at)
    _, events = await _seen(runtime, holder)
    assert [(event.kind, event.ground) for event in events[2:]] == [("suspended", "inquiry"), ("revoked", "fraud")]
    assert [event.basis for event in events[2:]] == ["本系统设定", "中华人民共和国行政许可法 第69条第2款"]
    leaf = text("select convert_from(leaf, 'UTF8') from core_audit_entry where act = 'credential.revoked'")
    async with runtime.databases.session(ROOT) as session:
        logged = (await session.execute(leaf)).scalar_one()
    assert ("第69条第2款" in logged, "order-19@1" in logged) == (True, True)
