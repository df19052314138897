"""Regrade: weighed before, approved by somebody else, told as corrections; the old versions stay."""

from collections.abc import Sequence
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from exam.core.clock import FrozenClock
from exam.core.errors import SamePersonError
from exam.core.events import EventRow
from exam.core.runtime import Runtime
from exam.delivery.api import list_attempts
from exam.sitting.api import list_passes
from grading.api import (
    Action,
    RegradeView,
    RuleChange,
    approve_regrade,
    find_result,
    find_unfaithful_scores,
    list_regrades,
    list_versions,
    preview_regrade,
    propose_regrade,
    reject_regrade,
    release_sitting,
)
from grading.errors import NotOwnSittingError, RegradeDecidedError, RegradeEmptyError, RegradeItemError, RegradeKeyError
from questionbank.api import ScoringSlot
from tests.builders.grading import Examined, close_and_score, colleague, examined, scoring_form
from tests.builders.sitting import ELECTRICIAN, make_centre


async def _told(runtime: Runtime, clock: FrozenClock, *, right: Sequence[int]) -> Examined:
    exam = await examined(runtime, clock, right=right)
    await close_and_score(runtime, exam)
    async with runtime.databases.transaction(exam.scope) as session:
        await release_sitting(session, exam.centre.clerk, runtime, exam.sitting_id, clock.now())
    return exam


async def _slot(runtime: Runtime, exam: Examined, slot: int, *, candidate: int = 0) -> ScoringSlot:
    form = await scoring_form(runtime, exam.attempts[candidate])
    return next(each for each in form.slots if each.slot == slot)


def _other_key(slot: ScoringSlot) -> tuple[str, ...]:
    """Return a wrong single answer in the author's labels."""
    labels = [original for shown, original in slot.option_map if shown not in slot.key] or ["T", "F"]
    return (next(label for label in labels if (label,) != slot.key),)


async def _propose(runtime: Runtime, exam: Examined, *changes: RuleChange, reason: str = "答案有误") -> RegradeView:
    async with runtime.databases.transaction(exam.scope) as session:
        return await propose_regrade(
            session,
            exam.centre.clerk,
            runtime,
            sitting_id=exam.sitting_id,
            changes=changes,
            reason=reason,
            at=runtime.clock.now(),
        )


async def _approve(runtime: Runtime, exam: Examined, regrade: RegradeView) -> RegradeView:
    async with runtime.databases.transaction(exam.scope) as session:
        by = colleague(exam.centre)
        return await approve_regrade(session, by, runtime, regrade_id=regrade.id, at=runtime.clock.now())


async def _marks(runtime: Runtime, exam: Examined, candidate: int = 0) -> list[int]:
    async with runtime.databases.session(exam.scope) as session:
        return [each.marks for each in await list_versions(session, exam.attempts[candidate])]


async def _events(runtime: Runtime, exam: Examined) -> list[tuple[object, object]]:
    async with runtime.databases.session(exam.scope) as session:
        query = select(EventRow.payload).where(EventRow.name == "ResultReleased").order_by(EventRow.id)
        return [(each["version"], each["passed"]) for each in await session.scalars(query)]


async def _passes(runtime: Runtime, exam: Examined) -> list[str]:
    """Return the parts that every region together knows as passed."""
    async with runtime.databases.session(exam.scope) as session:
        return [each.part for each in await list_passes(session, exam.registrations[0].person_id, ELECTRICIAN)]


async def test_an_approved_regrade_turns_a_fail_into_a_pass_and_tells_it(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _told(runtime, clock, right=[7])
    item = (await _slot(runtime, exam, 8)).item_id
    regrade = await _propose(runtime, exam, RuleChange(item_id=item, action=Action.FULL_CREDIT))
    assert regrade.effect == {"affected": 1, "raised": 1, "lowered": 0, "up": 1, "down": 0}
    assert await _marks(runtime, exam) == [7000]
    assert (await _approve(runtime, exam, regrade)).state == "approved"
    assert await _marks(runtime, exam) == [7000, 8500]
    assert await _events(runtime, exam) == [(1, False), (2, True)]
    assert await _passes(runtime, exam) == ["theory"]


async def test_a_new_key_takes_marks_from_those_who_had_the_old_one(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _told(runtime, clock, right=[8])
    slot = await _slot(runtime, exam, 5)
    regrade = await _propose(runtime, exam, RuleChange(item_id=slot.item_id, action=Action.REKEY, key=_other_key(slot)))
    assert regrade.effect["down"] == 1
    await _approve(runtime, exam, regrade)
    assert await _marks(runtime, exam) == [8500, 7500]
    assert await _events(runtime, exam) == [(1, True), (2, False)]
    assert await _passes(runtime, exam) == []


async def test_a_pass_that_comes_back_counts_again(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _told(runtime, clock, right=[8])
    fifth, sixth = await _slot(runtime, exam, 5), await _slot(runtime, exam, 6)
    standing = []
    for change in (
        RuleChange(item_id=fifth.item_id, action=Action.REKEY, key=_other_key(fifth)),
        RuleChange(item_id=fifth.item_id, action=Action.FULL_CREDIT),
        RuleChange(item_id=sixth.item_id, action=Action.REKEY, key=_other_key(sixth)),
    ):
        await _approve(runtime, exam, await _propose(runtime, exam, change))
        standing.append(await _passes(runtime, exam))
    assert [passed for _, passed in await _events(runtime, exam)] == [True, False, True, False]
    assert standing == [[], ["theory"], []]


async def test_a_second_key_leaves_those_with_the_old_one_alone(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _told(runtime, clock, right=[8])
    slot = await _slot(runtime, exam, 5)
    change = RuleChange(item_id=slot.item_id, action=Action.ACCEPT_ALSO, key=_other_key(slot))
    await _approve(runtime, exam, await _propose(runtime, exam, change))
    assert await _marks(runtime, exam) == [8500]
    assert await _events(runtime, exam) == [(1, True)]


async def test_a_voided_item_is_taken_out_of_the_sum(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _told(runtime, clock, right=[8])
    item = (await _slot(runtime, exam, 9)).item_id
    await _approve(runtime, exam, await _propose(runtime, exam, RuleChange(item_id=item, action=Action.VOID)))
    assert await _marks(runtime, exam) == [8500, 10000]


async def test_regrades_add_up(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _told(runtime, clock, right=[7])
    for slot in (8, 9):
        item = (await _slot(runtime, exam, slot)).item_id
        await _approve(
            runtime, exam, await _propose(runtime, exam, RuleChange(item_id=item, action=Action.FULL_CREDIT))
        )
    assert await _marks(runtime, exam) == [7000, 8500, 10000]


async def test_regraded_scores_are_reproduced_too(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _told(runtime, clock, right=[7, 2])
    item = (await _slot(runtime, exam, 8)).item_id
    await _approve(runtime, exam, await _propose(runtime, exam, RuleChange(item_id=item, action=Action.VOID)))
    async with runtime.databases.session(exam.scope) as session:
        attempts = await list_attempts(session, exam.sitting_id, now=clock.now())
        assert await find_unfaithful_scores(session, runtime, attempts, at=clock.now()) == []


async def test_nobody_approves_the_own_proposal(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _told(runtime, clock, right=[7])
    item = (await _slot(runtime, exam, 8)).item_id
    regrade = await _propose(runtime, exam, RuleChange(item_id=item, action=Action.FULL_CREDIT))
    async with runtime.databases.session(exam.scope) as session:
        with pytest.raises(SamePersonError):
            await approve_regrade(session, exam.centre.clerk, runtime, regrade_id=regrade.id, at=clock.now())


async def test_the_database_refuses_the_proposer_as_approver(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _told(runtime, clock, right=[7])
    item = (await _slot(runtime, exam, 8)).item_id
    await _propose(runtime, exam, RuleChange(item_id=item, action=Action.FULL_CREDIT))
    async with runtime.databases.session(exam.scope) as session:
        forge = "update grading_regrade set state = 'approved', decided_by = proposed_by, decided_at = now()"
        with pytest.raises(DBAPIError, match="second person"):
            await session.execute(text(forge))


async def test_a_decided_proposal_stays_decided(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _told(runtime, clock, right=[7])
    item = (await _slot(runtime, exam, 8)).item_id
    regrade = await _propose(runtime, exam, RuleChange(item_id=item, action=Action.FULL_CREDIT))
    async with runtime.databases.transaction(exam.scope) as session:
        await reject_regrade(session, exam.centre.clerk, regrade_id=regrade.id, at=clock.now())
    with pytest.raises(RegradeDecidedError):
        await _approve(runtime, exam, regrade)
    async with runtime.databases.session(exam.scope) as session:
        with pytest.raises(DBAPIError, match="is decided"):
            await session.execute(text("update grading_regrade set state = 'approved', decided_by = gen_random_uuid()"))


async def test_a_preview_writes_nothing(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _told(runtime, clock, right=[7, 9])
    item = (await _slot(runtime, exam, 8)).item_id
    async with runtime.databases.transaction(exam.scope) as session:
        change = RuleChange(item_id=item, action=Action.FULL_CREDIT)
        weighed = await preview_regrade(
            session, exam.centre.clerk, runtime, sitting_id=exam.sitting_id, changes=[change], at=clock.now()
        )
        assert [(each.attempt.id, each.before.marks, each.marks) for each in weighed] == [
            (exam.attempts[0], 7000, 8500)
        ]
    async with runtime.databases.session(exam.scope) as session:
        assert await list_regrades(session, exam.sitting_id) == []
    assert await _marks(runtime, exam) == [7000]


async def test_a_regrade_before_the_release_is_told_with_it(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[7])
    await close_and_score(runtime, exam)
    item = (await _slot(runtime, exam, 8)).item_id
    await _approve(runtime, exam, await _propose(runtime, exam, RuleChange(item_id=item, action=Action.FULL_CREDIT)))
    assert await _events(runtime, exam) == []
    async with runtime.databases.transaction(exam.scope) as session:
        await release_sitting(session, exam.centre.clerk, runtime, exam.sitting_id, clock.now())
    assert await _events(runtime, exam) == [(2, True)]
    async with runtime.databases.session(exam.scope) as session:
        result = await find_result(session, exam.attempts[0])
        assert result is not None
        assert result.reason == "regraded"


async def test_an_item_of_no_form_is_refused(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _told(runtime, clock, right=[7])
    with pytest.raises(RegradeItemError):
        await _propose(runtime, exam, RuleChange(item_id=str(UUID(int=1)), action=Action.VOID))


@pytest.mark.parametrize("key", [(), ("Z",), ("T", "F")])
async def test_a_key_that_does_not_fit_is_refused(runtime: Runtime, clock: FrozenClock, key: tuple[str, ...]) -> None:
    exam = await _told(runtime, clock, right=[7])
    item = (await _slot(runtime, exam, 1)).item_id
    with pytest.raises(RegradeKeyError):
        await _propose(runtime, exam, RuleChange(item_id=item, action=Action.REKEY, key=key))


async def test_a_proposal_needs_a_reason(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _told(runtime, clock, right=[7])
    item = (await _slot(runtime, exam, 1)).item_id
    with pytest.raises(RegradeEmptyError):
        await _propose(runtime, exam, RuleChange(item_id=item, action=Action.VOID), reason="  ")


async def test_another_centre_cannot_propose(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _told(runtime, clock, right=[7])
    item = (await _slot(runtime, exam, 1)).item_id
    other = await make_centre(runtime, name="第二考点")
    async with runtime.databases.session(exam.scope) as session:
        with pytest.raises(NotOwnSittingError):
            await propose_regrade(
                session,
                other.clerk,
                runtime,
                sitting_id=exam.sitting_id,
                changes=[RuleChange(item_id=item, action=Action.VOID)],
                reason="答案有误",
                at=clock.now(),
            )
