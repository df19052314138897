"""Scoring after the close: once per attempt, whatever crashes, and reproducible from what is stored."""

from collections.abc import Sequence

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from exam.cli.scores import ScoreProof, check_scores
from exam.core.clock import FrozenClock
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.ids import new_id
from exam.core.runtime import Runtime
from exam.delivery.api import get_attempt, void_attempt
from exam.sitting.api import SittingNotFoundError
from grading import jobs
from grading.api import find_result, list_results
from grading.models import Result, Score
from grading.scores import score_one
from tests.builders.grading import (
    Examined,
    answer,
    close,
    close_and_score,
    examined,
    right_answer,
    score_now,
    scoring_form,
    work_off,
)
from tests.builders.sitting import COUNTY


async def _marks(runtime: Runtime, exam: Examined) -> list[tuple[int, bool, str]]:
    """Return marks, pass and outcome in the order of the candidates."""
    async with runtime.databases.session(exam.scope) as session:
        by_attempt = {each.attempt_id: each for each in await list_results(session, exam.sitting_id)}
    found = [by_attempt[attempt] for attempt in exam.attempts]
    return [(each.marks, each.passed, each.outcome) for each in found]


async def _count(runtime: Runtime, model: type[Score | Result]) -> int:
    async with runtime.databases.session(Scope(region="33")) as session:
        return await session.scalar(select(func.count()).select_from(model)) or 0


async def test_close_scores_every_attempt_by_its_own_form(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9, 8, 7, 0])
    await close_and_score(runtime, exam)
    assert await _marks(runtime, exam) == [
        (10000, True, "theory_passed_practical_outstanding"),
        (8500, True, "theory_passed_practical_outstanding"),
        (7000, False, "failed"),
        (0, False, "failed"),
    ]


async def test_theory_is_the_whole_exam_of_a_safety_officer(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9], qualification="officer.general")
    await close_and_score(runtime, exam)
    assert await _marks(runtime, exam) == [(10000, True, "passed")]


async def test_an_attempt_that_the_server_ended_is_scored_too(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9], finish="expired")
    await close_and_score(runtime, exam)
    assert await _marks(runtime, exam) == [(10000, True, "theory_passed_practical_outstanding")]


async def test_the_last_accepted_response_counts(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[8], finish="in_progress")
    form = await scoring_form(runtime, exam.attempts[0])
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await answer(session, runtime, exam.attempts[0], {9: right_answer(form, 9)}, seq=2)
        await session.execute(text("update delivery_attempt set state = 'submitted', finalised_at = now()"))
    await close_and_score(runtime, exam)
    assert (await _marks(runtime, exam))[0][0] == 10000


async def test_scoring_again_produces_nothing_twice(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9, 0])
    await close_and_score(runtime, exam)
    await score_now(runtime, exam)
    await jobs.score_overlooked(runtime)
    assert (await _count(runtime, Score), await _count(runtime, Result)) == (2, 2)


async def test_a_crash_between_batches_loses_nothing_and_repeats_nothing(
    runtime: Runtime, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam = await examined(runtime, clock, right=[9, 8, 7])
    monkeypatch.setattr(jobs, "BATCH", 1)
    calls: list[object] = []

    async def crashing(*args: object, **kwargs: object) -> bool:
        calls.append(args)
        scored = await score_one(*args, **kwargs)  # type: ignore[arg-type]
        if len(calls) == 2:
            raise RuntimeError
        return scored

    await close(runtime, exam)
    monkeypatch.setattr(jobs, "score_one", crashing)
    with pytest.raises(RuntimeError):
        await work_off(runtime)
    assert await _count(runtime, Score) == 1
    monkeypatch.setattr(jobs, "score_one", score_one)
    await jobs.score_overlooked(runtime)
    assert [marks for marks, _, _ in await _marks(runtime, exam)] == [10000, 8500, 7000]
    assert await _count(runtime, Score) == 3


async def test_a_voided_attempt_is_not_scored(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9, 9])
    async with runtime.databases.transaction(exam.scope) as session:
        await void_attempt(session, exam.centre.clerk, exam.attempts[0], reason="替考", at=runtime.clock.now())
    await close_and_score(runtime, exam)
    async with runtime.databases.session(exam.scope) as session:
        assert await find_result(session, exam.attempts[0]) is None
        assert (await get_attempt(session, exam.attempts[1], now=clock.now())).state == "scored"


async def test_stored_scores_are_reproduced_from_responses_and_forms(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9, 4])
    await close_and_score(runtime, exam)
    assert await check_scores(runtime, exam.sitting_id) == ScoreProof(sitting_id=exam.sitting_id, attempts=2, unlike=())


async def test_no_score_is_proved_of_a_sitting_that_is_open_or_unknown(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9])
    assert (await check_scores(runtime, exam.sitting_id)).attempts == 0
    with pytest.raises(SittingNotFoundError):
        await check_scores(runtime, new_id())


async def test_a_score_that_somebody_forged_is_noticed(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9, 4])
    await close_and_score(runtime, exam)
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await session.execute(text("alter table grading_score disable trigger user"))
        forge = text("update grading_score set marks = 900 where attempt_id = :attempt")
        await session.execute(forge, {"attempt": exam.attempts[1]})
        await session.execute(text("alter table grading_score enable trigger user"))
    assert (await check_scores(runtime, exam.sitting_id)).unlike == (exam.attempts[1],)


@pytest.mark.parametrize(
    "statement",
    [
        "update grading_score set marks = 0",
        "update grading_result set marks = 10000",
        "delete from grading_result",
        "delete from grading_score",
    ],
)
async def test_application_roles_cannot_rewrite_marks(runtime: Runtime, clock: FrozenClock, statement: str) -> None:
    exam = await examined(runtime, clock, right=[4])
    await close_and_score(runtime, exam)
    async with runtime.databases.session(exam.scope) as session:
        with pytest.raises(DBAPIError, match="permission denied"):
            await session.execute(text(statement))


@pytest.mark.parametrize("table", ["grading_score", "grading_result"])
async def test_even_the_owner_meets_the_append_only_trigger(runtime: Runtime, clock: FrozenClock, table: str) -> None:
    exam = await examined(runtime, clock, right=[4])
    await close_and_score(runtime, exam)
    async with runtime.databases.session(NOTHING, Role.OWNER) as session:
        with pytest.raises(DBAPIError, match="append-only"):
            await session.execute(text(f"update {table} set marks = 1"))


_COPIED = "attempt_id, sitting_id, registration_id, person_id, region, qualification, part, rule_set, taken_at, made_at"


async def _forge(runtime: Runtime, exam: Examined, values: dict[str, str]) -> None:
    """Insert a result of one's own, as the application's role, beside the one that is there."""
    given = {
        "marks": "8000",
        "pass_marks": "8000",
        "passed": "true",
        "outcome": "'passed'",
        "reason": "'scored'",
    } | values
    async with runtime.databases.session(exam.scope) as session:
        await session.execute(
            text(
                f"insert into grading_result (id, {_COPIED}, {', '.join(given)})"
                f" select gen_random_uuid(), {_COPIED}, {', '.join(given.values())} from grading_result"
            ),
        )


@pytest.mark.parametrize(
    ("version", "reason", "refusal"),
    [
        ("1", "'scored'", "does not follow"),
        ("3", "'regraded'", "does not follow"),
        ("2", "'regraded'", "approved regrade"),
        ("2", "'attempt_voided'", "approved regrade"),
    ],
)
async def test_the_database_refuses_a_correction_nobody_approved(
    runtime: Runtime, clock: FrozenClock, version: str, reason: str, refusal: str
) -> None:
    exam = await examined(runtime, clock, right=[0])
    await close_and_score(runtime, exam)
    with pytest.raises(DBAPIError, match=refusal):
        await _forge(runtime, exam, {"version": version, "reason": reason})


@pytest.mark.parametrize(
    "values",
    [{"marks": "7999"}, {"marks": "10001"}, {"marks": "-1"}, {"passed": "false"}, {"outcome": "'failed'"}],
)
async def test_the_database_refuses_a_result_that_contradicts_itself(
    runtime: Runtime, clock: FrozenClock, values: dict[str, str]
) -> None:
    exam = await examined(runtime, clock, right=[0])
    await close_and_score(runtime, exam)
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await session.execute(text("drop trigger grading_result_guard on grading_result"))
    with pytest.raises(DBAPIError, match="check constraint"):
        await _forge(runtime, exam, {"version": "2", **values})


@pytest.mark.parametrize("region", ["33/3302", "33/330", "33/3301/330106001", ""])
async def test_other_regions_see_neither_score_nor_result(runtime: Runtime, clock: FrozenClock, region: str) -> None:
    exam = await examined(runtime, clock, right=[9])
    await close_and_score(runtime, exam)
    async with runtime.databases.session(Scope(region=region)) as session:
        seen: Sequence[object] = (*await session.scalars(select(Result)), *await session.scalars(select(Score)))
    assert seen == ()
    assert region != COUNTY
