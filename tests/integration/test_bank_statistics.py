"""Statistics of items: written by grading after a sitting, read on the item's page, and what may have leaked decided."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from exam.core.clock import FrozenClock
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.errors import ForbiddenError
from exam.core.ids import new_id
from exam.core.runtime import Runtime
from exam.delivery.api import void_attempt
from exam.identity.roles import Role as Duty
from grading.statistics import write_statistics
from questionbank.api import ScoredSitting, Sums, record_item_statistics
from questionbank.items.errors import ReasonRequiredError
from questionbank.items.finding import ItemFilter
from questionbank.items.listing import list_items
from questionbank.items.models import ItemRow, ItemVersionRow
from questionbank.statistics.models import ItemStatistic, SittingStatistic
from questionbank.statistics.suspicions import SuspicionDecidedError, decide_suspicion, list_suspicions
from tests.builders.grading import close_and_score, examined, work_off
from tests.builders.identity import account, regions, session_cookie
from tests.builders.questionbank import ROOT, maker, makers, publish_items, some_drafts
from tests.builders.web import send, wear

CODE = "special.1.2"
HERE, THERE = new_id(), new_id()
COUNTY = "33/3301/330106"


async def totals(runtime: Runtime) -> tuple[int, int, int, int]:
    """Return seen, asked, correct and blank over all items."""
    columns = (ItemStatistic.seen, ItemStatistic.asked, ItemStatistic.correct, ItemStatistic.blank)
    async with runtime.databases.session(Scope(region=ROOT), Role.BANK) as session:
        row = (await session.execute(select(*(func.coalesce(func.sum(each), 0) for each in columns)))).one()
        return tuple(map(int, row))  # type: ignore[return-value]  # four of them


async def test_a_scored_sitting_tells_the_bank_how_its_items_did(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9, 8, 0])
    await close_and_score(runtime, exam)
    assert await totals(runtime) == (27, 27, 17, 0)
    await write_statistics(runtime, sitting_id=str(exam.sitting_id))
    assert await totals(runtime) == (27, 27, 17, 0)
    async with runtime.databases.transaction(exam.scope) as session:
        await void_attempt(session, exam.centre.clerk, exam.attempts[0], at=clock.now(), reason="替考")
    await work_off(runtime)
    # whoever was voided has seen the items and answered none that counts
    assert await totals(runtime) == (27, 18, 8, 0)
    async with runtime.databases.session(exam.scope, Role.BANK) as session:
        assert (await session.scalars(select(SittingStatistic.candidates))).all() == [3]
    async with runtime.databases.session(Scope(region="34"), Role.BANK) as session:
        assert (await session.scalars(select(ItemStatistic.seen))).all() == []


def sitting(centre: UUID, held_on: date, region: str = COUNTY) -> ScoredSitting:
    name = "一号考点" if centre == HERE else "二号考点"
    return ScoredSitting(
        sitting_id=new_id(),
        qualification=CODE,
        region=region,
        centre_id=centre,
        centre_name=name,
        title="考试",
        held_on=held_on,
        candidates=60,
    )


def sums(asked: int, right: int) -> Sums:
    return Sums(
        seen=asked,
        asked=asked,
        correct=right,
        earned=right * 100,
        earned_squares=right * 10_000,
        rest=asked * 7000,
        rest_squares=asked * 7000**2,
        products=right * 700_000,
        choices={"A": right, "B": asked - right},
    )


async def leaked(runtime: Runtime, clock: FrozenClock) -> tuple[UUID, UUID]:
    """Publish two items, ask both for a year, and let the first become easy at one centre; return their ids."""
    await regions(runtime)
    ids = await publish_items(runtime, makers(), qualification=CODE, drafts=some_drafts(each=1)[1:3], at=clock.now())
    today = clock.now().date()
    async with runtime.databases.transaction(Scope(region=ROOT), Role.BANK) as session:
        rows = await session.execute(select(ItemVersionRow.item_id, ItemVersionRow.digest))
        digests = {item: digest for item, digest in rows}  # noqa: C416
        told = [
            (sitting(HERE, today - timedelta(days=90)), (60, 30), (60, 30)),
            (sitting(THERE, today - timedelta(days=60)), (60, 33), (60, 31)),
            (sitting(THERE, today - timedelta(days=3)), (60, 34), (60, 30)),
            (sitting(HERE, today), (40, 38), (40, 22)),
        ]
        found = [
            await record_item_statistics(
                session,
                where,
                {(ids[0], digests[ids[0]]): sums(*first), (ids[1], digests[ids[1]]): sums(*second)},
                at=clock.now(),
            )
            for where, first, second in told
        ]
        again = await record_item_statistics(
            session, told[-1][0], {(ids[0], digests[ids[0]]): sums(40, 38)}, at=clock.now()
        )
    assert (found, again) == ([0, 0, 0, 1], 0)
    return ids[0], ids[1]


async def test_an_item_that_became_easy_at_one_centre_is_suspected_and_decided_once(
    runtime: Runtime, clock: FrozenClock
) -> None:
    item, other = await leaked(runtime, clock)
    publisher, at = maker("publisher"), clock.now()
    async with runtime.databases.transaction(Scope(region=ROOT), Role.BANK) as session:
        (one,) = await list_suspicions(session)
        assert (one.item_id, one.centre, one.asked_before, one.percent_before, one.percent_now) == (
            item,
            "一号考点",
            180,
            54,
            95,
        )
        listed, _ = await list_items(session, ItemFilter(mark="suspected"))
        assert [each.id for each in listed] == [item]
        with pytest.raises(ReasonRequiredError):
            await decide_suspicion(session, publisher, one.id, leaked=True, reason=" ", at=at)
        with pytest.raises(ForbiddenError):
            await decide_suspicion(session, maker("reviewer"), one.id, leaked=True, reason="网上有原题", at=at)
        await decide_suspicion(session, publisher, one.id, leaked=True, reason="网上有原题", at=at)
        with pytest.raises(SuspicionDecidedError):
            await decide_suspicion(session, publisher, one.id, leaked=False, reason="看错了", at=at)
        states = await session.execute(select(ItemRow.id, ItemRow.state).where(ItemRow.id.in_([item, other])))
        assert {each: state for each, state in states} == {item: "retired", other: "published"}  # noqa: C416
    with pytest.raises(DBAPIError):
        async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
            await session.execute(text("update questionbank_item_suspicion set state = 'dismissed'"))


async def test_pages_tell_figures_and_a_suspicion_is_dismissed_there(
    client: AsyncClient, runtime: Runtime, clock: FrozenClock
) -> None:
    item, other = await leaked(runtime, clock)
    for duty in (Duty.AUTHOR, Duty.PUBLISHER):
        holder = await account(runtime, login=duty.value, roles=(duty,), region=ROOT, name="王库管")
        wear(client, await session_cookie(runtime, holder))
        shown = (await client.get(f"/bank/items/{item}")).text
        told = (
            "220",
            "得分率(难度系数)".replace("(", "（").replace(")", "）"),
            "一号考点",
            "疑似泄题",
            "西湖区",
            "2026-08",
        )
        assert [word for word in told if word not in shown] == []
    page = (await client.get("/bank/suspicions")).text
    suspicion = page.split("/bank/suspicions/")[1].split("/")[0]
    refused = await send(client, f"/bank/suspicions/{suspicion}/decide", {"leaked": "false", "reason": ""})
    kept = await send(
        client, f"/bank/suspicions/{suspicion}/decide", {"leaked": "false", "reason": "该考点刚讲过这一节"}
    )
    assert (refused.status_code, kept.status_code) == (400, 303)
    assert "没有待处理的线索" in (await client.get("/bank/suspicions")).text
    assert "该考点刚讲过这一节" in (await client.get("/bank/suspicions?all_of_them=true")).text
    assert "还没有考生" not in (await client.get(f"/bank/items/{other}")).text
