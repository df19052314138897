"""Release (公布成绩): the moment a result becomes a fact for the candidate and for every other package."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.crypto import digest
from exam.core.events import publish
from exam.core.ids import new_id
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.delivery import api as delivery
from exam.sitting import api as sitting_api
from exam.standards.api import recall_rule_set
from grading.events import ResultReleased
from grading.guards import require_centre, require_closed
from grading.judging import valid_until_on
from grading.logged import note_release
from grading.models import Release
from grading.scores import SCORABLE
from grading.verdict import Part
from grading.views import ResultView, list_results, list_told
from grading.withdrawn import require_settled

_LOCK = text("select pg_advisory_xact_lock(hashtextextended('grading.release:' || :sitting, 0))")


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where the results of a sitting stand: `ready` may be told now, `held` wait for a hold, `unscored` for the worker.

    `voided` attempts have no result to tell; `candidates` counts the attempts that there are.
    """

    candidates: int
    ready: int
    held: int
    unscored: int
    voided: int
    released: int


async def release_sitting(
    session: AsyncSession,
    principal: Principal,
    runtime: Runtime,  # noqa: ARG001  # the contract's place for ports
    sitting_id: UUID,
    at: datetime,
) -> int:
    """Tell every result that no hold keeps back and return how many; calling again tells what has become free since.

    Raises SittingNotClosedError, NotOwnSittingError, WithdrawnUnsettledError.
    """
    await session.execute(_LOCK, {"sitting": str(sitting_id)})
    sitting = await sitting_api.get_sitting(session, sitting_id)
    require_centre(principal, sitting)
    require_closed(sitting)
    await require_settled(session, sitting_id, at=at)
    attempts = await delivery.list_attempts(session, sitting_id, now=at)
    results = await list_results(session, sitting_id)
    free = _free(results, attempts)
    told = await list_told(session, sitting_id)
    for result in free:
        await release_result(session, principal, result, told.get(result.origin, ()), at=at)
    standing = standing_of(attempts, await list_results(session, sitting_id))
    if not standing.ready and not standing.unscored:
        await sitting_api.mark_released(session, principal, sitting_id, at)
    facts: dict[str, Fact] = {"released": len(free), "held": standing.held, "results": digest_of(free).hex()}
    await record(
        session, principal, "results.released", ("sitting", sitting_id), at=at, region=sitting.region, facts=facts
    )
    return len(free)


async def release_result(
    session: AsyncSession, principal: Principal, result: ResultView, told: Sequence[ResultView], *, at: datetime
) -> None:
    """Tell one result version: the release row, the event, and the facts that eligibility is judged by.

    A correction tells only what changed since the versions that were `told`, oldest first: the attempt was counted
    when the first of them was.
    """
    release = Release(
        id=new_id(),
        result_id=result.id,
        person_id=result.person_id,
        region=result.region,
        released_by=principal.account,
        released_at=at,
    )
    session.add(release)
    await session.flush()
    await note_release(session, principal, release, result.version)
    await _keep_pass(session, result, told, at)
    if not told:
        await _count_attempt(session, result, at)
    event = ResultReleased(
        region=result.region,
        registration_id=result.registration_id,
        result_id=result.id,
        attempt_id=result.attempt_id,
        person_id=result.person_id,
        qualification=result.qualification,
        part="theory" if result.part == Part.THEORY else "practical",
        passed=result.passed,
        version=result.version,
    )
    await publish(session, event, at=at)


async def _keep_pass(session: AsyncSession, result: ResultView, told: Sequence[ResultView], at: datetime) -> None:
    """Let the fact follow the newest told version: one pass for each run of passing versions."""
    stood = bool(told) and told[-1].passed
    if result.passed and not stood:
        await _record_pass(session, result, at)
    elif stood and not result.passed:
        passed = [version.id for version in told if version.passed]
        await sitting_api.withdraw_pass(session, passed, corrected_by=result.id, at=at)


async def _record_pass(session: AsyncSession, result: ResultView, at: datetime) -> None:
    passed_on = local_date(result.taken_at)
    rules = recall_rule_set(result.qualification, result.rule_set)
    await sitting_api.record_pass(
        session,
        person_id=result.person_id,
        qualification=result.qualification,
        part=result.part,
        passed_on=passed_on,
        valid_until=valid_until_on(rules, passed_on),
        result_id=result.id,
        region=result.region,
        at=at,
    )


async def _count_attempt(session: AsyncSession, result: ResultView, at: datetime) -> None:
    await sitting_api.record_attempt_used(
        session,
        person_id=result.person_id,
        qualification=result.qualification,
        part=result.part,
        attempt_id=result.attempt_id or result.sheet_id or result.id,
        region=result.region,
        at=at,
    )
    if result.attempt_id is not None:
        await delivery.mark_released(session, result.attempt_id)


def standing_of(attempts: Iterable[delivery.AttemptView], results: Iterable[ResultView]) -> Standing:
    """Return where a sitting's results stand."""
    attempts, results = list(attempts), list(results)
    free = _free(results, attempts)
    voided = {attempt.registration_id for attempt in attempts if attempt.state == "voided"}
    untold = [each for each in results if each.released_at is None and each.registration_id not in voided]
    return Standing(
        candidates=len(attempts),
        ready=len(free),
        held=len(untold) - len(free),
        unscored=sum(attempt.state in SCORABLE for attempt in attempts),
        voided=len(voided),
        released=sum(each.released_at is not None for each in results),
    )


def _free(results: Iterable[ResultView], attempts: Iterable[delivery.AttemptView]) -> list[ResultView]:
    """Return what may be told now: not told yet, no hold, not voided."""
    kept = {attempt.registration_id for attempt in attempts if attempt.holds or attempt.state == "voided"}
    return [each for each in results if each.released_at is None and each.registration_id not in kept]


def digest_of(results: Iterable[ResultView]) -> bytes:
    """Return the digest by which the ledger knows which results were told with which marks."""
    rows = sorted([each.id.hex, each.registration_id.hex, each.marks, each.passed, each.version] for each in results)
    return digest(msgspec.json.encode(rows))
