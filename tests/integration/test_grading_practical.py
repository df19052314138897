"""Practical parts: theory first, two assessors and a third, as often as the rule set allows."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from exam.core.clock import FrozenClock
from exam.core.db.scope import Scope
from exam.core.errors import SamePersonError
from exam.core.events import EventRow
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.delivery.api import place_hold, release_hold
from exam.identity.errors import RegionForbiddenError
from exam.sitting.api import list_passes
from grading.api import (
    ResultView,
    confirm_practical_sheet,
    get_sheet,
    list_awaiting_practical,
    list_results_of,
    record_practical_sheet,
    release_sitting,
    settle_practical_sheet,
)
from grading.errors import (
    PracticalAttemptsUsedError,
    PracticalNotRequiredError,
    PracticalPassedError,
    SheetOpenError,
    SheetStateError,
    TheoryOutstandingError,
    VetoUnknownError,
)
from grading.practical import SheetInvalidError
from tests.builders.grading import Examined, assessor, close_and_score, examined
from tests.builders.sitting import ELECTRICIAN

GOOD = {"K1": 9000, "K2": 9000, "K3": 9000, "K4": 9000}
BAD = {"K1": 5000, "K2": 5000, "K3": 5000, "K4": 5000}


async def _theory(
    runtime: Runtime, clock: FrozenClock, *, right: int = 9, qualification: str = ELECTRICIAN
) -> Examined:
    exam = await examined(runtime, clock, right=[right], qualification=qualification)
    await close_and_score(runtime, exam)
    async with runtime.databases.transaction(exam.scope) as session:
        await release_sitting(session, exam.centre.clerk, runtime, exam.sitting_id, clock.now())
    return exam


async def _record(
    runtime: Runtime,
    exam: Examined,
    marks: Mapping[str, int] = GOOD,
    *,
    by: Principal | None = None,
    vetoes: tuple[str, ...] = (),
) -> UUID:
    async with runtime.databases.transaction(exam.scope) as session:
        registration_id = exam.registrations[0].id
        at = runtime.clock.now()
        who = by or assessor()
        return await record_practical_sheet(
            session, who, registration_id=registration_id, marks=marks, vetoes=vetoes, at=at
        )


async def _confirm(runtime: Runtime, exam: Examined, sheet: UUID, *, by: Principal | None = None) -> str:
    async with runtime.databases.transaction(exam.scope) as session:
        view = await confirm_practical_sheet(session, by or assessor(), sheet, True, runtime.clock.now())
        return view.state


async def _differ(runtime: Runtime, exam: Examined, sheet: UUID, marks: Mapping[str, int], *vetoes: str) -> str:
    async with runtime.databases.transaction(exam.scope) as session:
        at = runtime.clock.now()
        view = await confirm_practical_sheet(session, assessor(), sheet, False, at, marks=marks, vetoes=vetoes)
        return view.state


async def _practical(runtime: Runtime, exam: Examined) -> list[ResultView]:
    async with runtime.databases.session(exam.scope) as session:
        results = await list_results_of(session, [exam.registrations[0].id])
    return [each for each in results if each.part == "practical"]


async def _waiting(runtime: Runtime, exam: Examined) -> list[UUID]:
    async with runtime.databases.session(exam.scope) as session:
        return [each.registration_id for each in await list_awaiting_practical(session, at=runtime.clock.now())]


async def test_two_agreeing_assessors_complete_the_exam(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _theory(runtime, clock)
    assert await _waiting(runtime, exam) == [exam.registrations[0].id]
    assert await _confirm(runtime, exam, await _record(runtime, exam)) == "confirmed"
    (result,) = await _practical(runtime, exam)
    assert (result.marks, result.passed, result.outcome) == (9000, True, "passed")
    assert result.released_at == clock.now()
    assert await _waiting(runtime, exam) == []
    async with runtime.databases.session(exam.scope) as session:
        passes = await list_passes(session, exam.registrations[0].person_id, ELECTRICIAN)
        events = await session.scalars(select(EventRow.name).order_by(EventRow.id))
        assert [each.part for each in passes] == ["theory", "practical"]
        assert [name for name in events if name in {"PracticalDecided", "ResultReleased"}] == [
            "ResultReleased",
            "PracticalDecided",
            "ResultReleased",
        ]


async def test_a_veto_both_noted_fails_the_whole(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _theory(runtime, clock)
    await _confirm(runtime, exam, await _record(runtime, exam, vetoes=("V2",)))
    (result,) = await _practical(runtime, exam)
    assert (result.marks, result.passed, result.outcome) == (9000, False, "failed")


async def test_the_first_assessor_cannot_be_the_second(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _theory(runtime, clock)
    first = assessor()
    sheet = await _record(runtime, exam, by=first)
    with pytest.raises(SamePersonError):
        await _confirm(runtime, exam, sheet, by=first)


async def test_the_database_refuses_one_person_as_both(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _theory(runtime, clock)
    await _record(runtime, exam)
    async with runtime.databases.session(exam.scope) as session:
        forge = (
            "update grading_practical_sheet set state = 'confirmed', second_by = first_by, second_marks = first_marks"
        )
        with pytest.raises(DBAPIError, match="check constraint"):
            await session.execute(text(forge))


async def test_marks_within_the_tolerance_count_as_their_mean(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _theory(runtime, clock)
    assert await _differ(runtime, exam, await _record(runtime, exam), GOOD | {"K2": 8000}) == "confirmed"
    (result,) = await _practical(runtime, exam)
    assert result.marks == (9000 * 600 + 8500 * 400) // 1000


async def test_a_dispute_waits_for_a_third_assessor(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _theory(runtime, clock)
    sheet = await _record(runtime, exam)
    assert await _differ(runtime, exam, sheet, GOOD | {"K2": 5000}, "V1") == "disputed"
    assert await _practical(runtime, exam) == []
    async with runtime.databases.transaction(exam.scope) as session:
        await settle_practical_sheet(session, assessor(), sheet, marks={"K2": 7000}, vetoes=(), at=clock.now())
    (result,) = await _practical(runtime, exam)
    assert (result.marks, result.passed) == ((9000 * 600 + 7000 * 400) // 1000, True)


async def test_an_assessor_of_the_dispute_cannot_settle_it(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _theory(runtime, clock)
    first = assessor()
    sheet = await _record(runtime, exam, by=first)
    await _differ(runtime, exam, sheet, BAD)
    async with runtime.databases.session(exam.scope) as session:
        with pytest.raises(SamePersonError):
            await settle_practical_sheet(session, first, sheet, marks=GOOD, vetoes=(), at=clock.now())


async def test_a_settlement_must_name_the_disputed_stations(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _theory(runtime, clock)
    sheet = await _record(runtime, exam)
    await _differ(runtime, exam, sheet, GOOD | {"K2": 5000})
    async with runtime.databases.transaction(exam.scope) as session:
        with pytest.raises(SheetInvalidError):
            await settle_practical_sheet(session, assessor(), sheet, marks={"K1": 7000}, vetoes=(), at=clock.now())
    async with runtime.databases.session(exam.scope) as session:
        assert (await get_sheet(session, sheet)).state == "disputed"


async def test_what_was_signed_stays_as_it_was_signed(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _theory(runtime, clock)
    await _confirm(runtime, exam, await _record(runtime, exam))
    async with runtime.databases.session(exam.scope) as session:
        with pytest.raises(DBAPIError, match="permission denied"):
            await session.execute(text("update grading_practical_sheet set first_marks = '{}'"))
    async with runtime.databases.session(exam.scope) as session:
        with pytest.raises(DBAPIError, match="cannot become"):
            await session.execute(text("update grading_practical_sheet set second_marks = '{}'"))


async def test_theory_comes_first(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _theory(runtime, clock, right=0)
    assert await _waiting(runtime, exam) == []
    with pytest.raises(TheoryOutstandingError):
        await _record(runtime, exam)


async def test_an_unreleased_theory_pass_does_not_open_the_practical(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9])
    await close_and_score(runtime, exam)
    with pytest.raises(TheoryOutstandingError):
        await _record(runtime, exam)


async def test_a_theory_pass_lapses_after_its_months(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _theory(runtime, clock)
    clock.advance(timedelta(days=366))
    assert await _waiting(runtime, exam) == []
    with pytest.raises(TheoryOutstandingError):
        await _record(runtime, exam)


async def test_a_qualification_without_practical_part_takes_no_sheet(runtime: Runtime, clock: FrozenClock) -> None:
    officer = await _theory(runtime, clock, qualification="officer.general")
    with pytest.raises(PracticalNotRequiredError):
        await _record(runtime, officer)


async def test_five_failed_takes_use_the_practical_up(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _theory(runtime, clock)
    for _ in range(5):
        assert await _waiting(runtime, exam) == [exam.registrations[0].id]
        await _confirm(runtime, exam, await _record(runtime, exam, BAD))
    assert await _waiting(runtime, exam) == []
    with pytest.raises(PracticalAttemptsUsedError):
        await _record(runtime, exam)


async def test_a_passed_practical_is_not_taken_again(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _theory(runtime, clock)
    await _confirm(runtime, exam, await _record(runtime, exam))
    with pytest.raises(PracticalPassedError):
        await _record(runtime, exam)


async def test_one_sheet_is_open_at_a_time(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _theory(runtime, clock)
    await _record(runtime, exam)
    with pytest.raises(SheetOpenError):
        await _record(runtime, exam)


async def test_a_decided_sheet_is_not_confirmed_again(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _theory(runtime, clock)
    sheet = await _record(runtime, exam)
    await _confirm(runtime, exam, sheet)
    with pytest.raises(SheetStateError):
        await _confirm(runtime, exam, sheet)


@pytest.mark.parametrize("marks", [{"K1": 9000}, GOOD | {"K5": 1}, GOOD | {"K1": 10001}, GOOD | {"K1": -1}])
async def test_an_unfit_sheet_is_refused(runtime: Runtime, clock: FrozenClock, marks: dict[str, int]) -> None:
    exam = await _theory(runtime, clock)
    with pytest.raises(SheetInvalidError):
        await _record(runtime, exam, marks)


async def test_an_unknown_veto_is_refused(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _theory(runtime, clock)
    with pytest.raises(VetoUnknownError):
        await _record(runtime, exam, vetoes=("V99",))


async def test_an_assessor_of_another_region_cannot_mark(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _theory(runtime, clock)
    with pytest.raises(RegionForbiddenError):
        await _record(runtime, exam, by=assessor(region="33/3302"))


async def test_a_hold_keeps_the_practical_result_back_until_it_is_lifted(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _theory(runtime, clock)
    async with runtime.databases.transaction(exam.scope) as session:
        hold = await place_hold(session, exam.centre.clerk, exam.attempts[0], reason="核查", at=clock.now())
    await _confirm(runtime, exam, await _record(runtime, exam))
    (held,) = await _practical(runtime, exam)
    assert held.released_at is None
    async with runtime.databases.transaction(exam.scope) as session:
        await release_hold(session, exam.centre.clerk, hold, reason="无问题", at=clock.now())
        assert await release_sitting(session, exam.centre.clerk, runtime, exam.sitting_id, clock.now()) == 1
    (told,) = await _practical(runtime, exam)
    assert told.released_at == clock.now()


async def test_other_regions_see_no_sheet(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _theory(runtime, clock)
    await _record(runtime, exam)
    async with runtime.databases.session(Scope(region="33/3302")) as session:
        assert list(await session.scalars(text("select 1 from grading_practical_sheet"))) == []
