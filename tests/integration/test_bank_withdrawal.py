"""An item withdrawn during an exam: two people of the bank, the papers as they were, the rule applied by two of the centre."""

import asyncio
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import FrozenClock
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.errors import ForbiddenError, SamePersonError
from exam.core.runtime import Runtime
from exam.identity.roles import Role as Duty
from exam.identity.sessions import COOKIE
from grading.api import Action, approve_regrade, list_versions, release_sitting
from grading.errors import RegradeEmptyError, WithdrawnUnsettledError
from grading.regrades import propose_withdrawn_regrade
from grading.withdrawn import list_withdrawn
from questionbank.api import list_withdrawals
from questionbank.items.errors import ReasonRequiredError
from questionbank.items.models import ItemRow
from questionbank.withdrawals.errors import WithdrawalDecidedError, WithdrawalNeedlessError, WithdrawalOpenError
from questionbank.withdrawals.service import (
    WithdrawalRule,
    confirm_withdrawal,
    decline_withdrawal,
    list_item_withdrawals,
    propose_withdrawal,
)
from tests.builders.desks import session_of
from tests.builders.grading import Examined, close_and_score, colleague, examined, scoring_form
from tests.builders.identity import account, session_cookie
from tests.builders.questionbank import ROOT, maker
from tests.builders.web import send, wear

BANK = Scope(region=ROOT)


async def _withdraw(
    runtime: Runtime, item_id: UUID, *, rule: WithdrawalRule = WithdrawalRule.FULL_CREDIT, reason: str = "两个选项都对"
) -> None:
    at = runtime.clock.now()
    async with runtime.databases.transaction(BANK, Role.BANK) as bank:
        made = await propose_withdrawal(bank, maker("reviewer"), item_id, rule=rule, reason=reason, at=at)
    async with runtime.databases.transaction(BANK, Role.BANK) as bank:
        await confirm_withdrawal(bank, maker("publisher"), made, at=at)


async def _asked(runtime: Runtime, exam: Examined, slot: int) -> UUID:
    form = await scoring_form(runtime, exam.attempts[0])
    return UUID(next(each.item_id for each in form.slots if each.slot == slot))


async def test_who_was_asked_a_withdrawn_item_is_graded_by_its_rule(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[8])
    # the ninth slot, a multiple of 1.5 marks, is the one that was answered wrongly
    item = await _asked(runtime, exam, 9)
    await _withdraw(runtime, item)
    async with runtime.databases.session(exam.scope) as session:
        (told,) = await list_withdrawals(session, exam.sitting_id, at=clock.now())
        assert (told.item_id, told.rule, told.reason) == (None, None, None)
        assert await list_withdrawn(session, exam.sitting_id, at=clock.now()) == []
    async with runtime.databases.session(Scope(region="34")) as session:
        assert await list_withdrawals(session, exam.sitting_id, at=clock.now()) == []
    async with runtime.databases.session(BANK, Role.BANK) as bank:
        assert (await bank.get_one(ItemRow, item)).state == "retired"
    await close_and_score(runtime, exam)
    clerk, other, at = exam.centre.clerk, colleague(exam.centre), clock.now()
    async with runtime.databases.transaction(exam.scope) as session:
        (found,) = await list_withdrawn(session, exam.sitting_id, at=at)
        assert (found.change.item_id, found.change.action, found.held) == (str(item), Action.FULL_CREDIT, 1)
        with pytest.raises(WithdrawnUnsettledError):
            await release_sitting(session, clerk, runtime, exam.sitting_id, at)
        regrade = await propose_withdrawn_regrade(session, clerk, runtime, sitting_id=exam.sitting_id, at=at)
        assert regrade.reason == "两个选项都对"
        with pytest.raises(RegradeEmptyError):
            await propose_withdrawn_regrade(session, clerk, runtime, sitting_id=exam.sitting_id, at=at)
        with pytest.raises(SamePersonError):
            await approve_regrade(session, clerk, runtime, regrade_id=regrade.id, at=at)
        await approve_regrade(session, other, runtime, regrade_id=regrade.id, at=at)
        assert [each.marks for each in await list_versions(session, exam.attempts[0])] == [8500, 10000]
        assert await release_sitting(session, clerk, runtime, exam.sitting_id, at) == 1


async def test_an_item_that_nobody_was_asked_keeps_no_result_back(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9])
    form = await scoring_form(runtime, exam.attempts[0])
    async with runtime.databases.session(BANK, Role.BANK) as bank:
        asked = [each.item_id for each in form.slots]
        query = text("select id from questionbank_item where id::text <> all(:asked) and state = 'published' limit 1")
        other = (await bank.execute(query, {"asked": asked})).scalar_one()
    await _withdraw(runtime, other, rule=WithdrawalRule.VOID)
    await close_and_score(runtime, exam)
    async with runtime.databases.transaction(exam.scope) as session:
        (found,) = await list_withdrawn(session, exam.sitting_id, at=clock.now())
        assert (found.held, found.is_settled) == (0, True)
        assert await release_sitting(session, exam.centre.clerk, runtime, exam.sitting_id, clock.now()) == 1
    # once its scoring is open a sitting is a matter for a regrade, and no other is to come
    async with runtime.databases.transaction(BANK, Role.BANK) as bank:
        with pytest.raises(WithdrawalNeedlessError):
            await propose_withdrawal(
                bank, maker("publisher"), UUID(asked[0]), rule=WithdrawalRule.VOID, reason="错", at=clock.now()
            )


async def test_two_people_withdraw_and_the_database_sees_to_it(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9])
    item, publisher, at = await _asked(runtime, exam, 1), maker("publisher"), clock.now()
    rule = WithdrawalRule.VOID
    async with runtime.databases.transaction(BANK, Role.BANK) as bank:
        with pytest.raises(ForbiddenError):
            await propose_withdrawal(bank, maker("author"), item, rule=rule, reason="错", at=at)
        with pytest.raises(ReasonRequiredError):
            await propose_withdrawal(bank, publisher, item, rule=rule, reason=" ", at=at)
        made = await propose_withdrawal(bank, publisher, item, rule=rule, reason="题干有误", at=at)
        with pytest.raises(WithdrawalOpenError):
            await propose_withdrawal(bank, maker("reviewer"), item, rule=rule, reason="错", at=at)
        with pytest.raises(SamePersonError):
            await confirm_withdrawal(bank, publisher, made, at=at)
        with pytest.raises(ForbiddenError):
            await decline_withdrawal(bank, maker("reviewer"), made, at=at)
    for forged in ("state = 'confirmed', decided_by = proposed_by, decided_at = now()", "reason = '另一个'"):
        with pytest.raises(DBAPIError):
            async with runtime.databases.transaction(NOTHING, Role.OWNER) as owner:
                await owner.execute(text(f"update questionbank_withdrawal set {forged}"))
    async with runtime.databases.transaction(BANK, Role.BANK) as bank:
        await decline_withdrawal(bank, publisher, made, at=at)
        with pytest.raises(WithdrawalDecidedError):
            await confirm_withdrawal(bank, maker("publisher"), made, at=at)
        (told,) = await list_item_withdrawals(bank, item)
        assert (told.state, len(told.sittings)) == ("declined", 1)
    async with runtime.databases.session(exam.scope) as session:
        assert await list_withdrawals(session, exam.sitting_id, at=at) == []


async def test_the_pages_say_it_plainly(client: AsyncClient, runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[8])
    item = await _asked(runtime, exam, 9)
    page = f"/bank/items/{item}"
    reviewer = await account(runtime, login="reviewer", roles=(Duty.REVIEWER,), region=ROOT, name="李审题")
    wear(client, await session_cookie(runtime, reviewer))
    assert "申请撤题" in (await client.get(page)).text
    refused = await send(client, f"{page}/withdrawals", {"rule": "full_credit", "reason": ""})
    made = await send(client, f"{page}/withdrawals", {"rule": "full_credit", "reason": "答案有争议"})
    assert (refused.status_code, made.status_code) == (400, 303)
    assert "须由另一位发布员确认" in (await client.get(page)).text
    publisher = await account(runtime, login="publisher", roles=(Duty.PUBLISHER,), region=ROOT, name="王发布")
    wear(client, await session_cookie(runtime, publisher))
    assert "答案有争议" in (await client.get("/bank")).text
    confirm = (await client.get(page)).text.split(f"{page}/withdrawals/")[1].split('"')[0]
    assert (await send(client, f"{page}/withdrawals/{confirm}", {})).status_code == 303
    assert "已撤下" in (await client.get(page)).text
    _, token = await session_of(runtime, role="centre", organisation=exam.centre.id)
    wear(client, {COOKIE: token})
    desk = f"/centre/sittings/{exam.sitting_id}"
    running = (await client.get(desk)).text
    assert "题库已撤下 1 道可能用于本场的试题" in running
    assert "答案有争议" not in running
    await close_and_score(runtime, exam)
    results = (await client.get(f"{desk}/results")).text
    assert [word for word in ("答案有争议", "1 人抽到本题", "按撤题规则提出重评") if word not in results] == []
    proposed = await send(client, f"{desk}/withdrawn", {})
    assert proposed.headers["location"].startswith("/centre/regrades/")
    assert "重评待批准" in (await client.get(f"{desk}/results")).text


async def test_of_two_proposals_at_one_instant_one_stands(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9])
    item, at = await _asked(runtime, exam, 1), clock.now()

    async def propose(bank: AsyncSession) -> UUID:
        return await propose_withdrawal(
            bank, maker("reviewer"), item, rule=WithdrawalRule.VOID, reason="题干有误", at=at
        )

    async def propose_too() -> None:
        async with runtime.databases.transaction(BANK, Role.BANK) as bank:
            await propose(bank)

    async with runtime.databases.transaction(BANK, Role.BANK) as bank:
        await propose(bank)
        late = asyncio.create_task(propose_too())
        for _ in range(500):
            if await bank.scalar(text("select count(*) from pg_locks where not granted")):
                break
            await asyncio.sleep(0.01)
    with pytest.raises(WithdrawalOpenError):
        await late
