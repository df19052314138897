"""What the audit log holds of scores, results and releases, and folding it back against the tables."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncScalarResult, AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.folding import Difference, LeafEntry
from exam.core.audit.ledger import record
from exam.core.crypto import digest
from exam.core.principal import Principal
from grading.models import Release, Result, Score

MADE, RELEASED = "result.made", "result.released"
_FIXED = (
    *("version", "part", "marks", "pass_marks", "passed", "outcome", "rule_set", "reason", "qualification", "region"),
    *("sitting_id", "registration_id", "person_id", "attempt_id", "sheet_id", "score_id", "regrade_id"),
    *("made_by", "approved_by", "taken_at", "made_at"),
)


def score_digest(score: Score) -> bytes:
    """Return the digest by which the ledger knows a score: of the form, the responses, every slot's marks, the sum."""
    body = [
        score.attempt_id.hex,
        score.version,
        score.form_digest.hex(),
        (score.response_digest or b"").hex(),
        score.algorithm,
        score.slots,
        score.marks,
    ]
    return digest(msgspec.json.encode(body, order="deterministic"))


def result_digest(result: Result) -> bytes:
    """Return the digest by which the ledger knows one version of a result: every column of it but its own id."""
    return digest(msgspec.json.encode([_plain(getattr(result, name)) for name in _FIXED]))


def _plain(value: Any) -> Fact:
    if isinstance(value, datetime):
        return int(value.timestamp()) * 1_000_000 + value.microsecond
    return value.hex if isinstance(value, UUID) else value


async def note_result(
    session: AsyncSession, principal: Principal, result: Result, score: Score | None, *, at: datetime
) -> None:
    """Record that a version of a result was made, with the digests of its row and of the score behind it."""
    facts: dict[str, Fact] = {
        "origin": str(result.attempt_id or result.sheet_id),
        "version": result.version,
        "part": result.part,
        "marks": result.marks,
        "passed": result.passed,
        "digest": result_digest(result).hex(),
        "regrade": str(result.regrade_id) if result.regrade_id else None,
        "score": str(score.id) if score else None,
        "score_digest": score_digest(score).hex() if score else None,
    }
    await record(session, principal, MADE, ("result", result.id), at=at, region=result.region, facts=facts)


async def note_release(session: AsyncSession, principal: Principal, release: Release, version: int) -> None:
    """Record that a version of a result was told."""
    subject, at = ("result", release.result_id), release.released_at
    await record(session, principal, RELEASED, subject, at=at, region=release.region, facts={"version": version})


class _Regrade(msgspec.Struct):
    proposed_by: UUID | None = None
    approved_by: UUID | None = None

    @property
    def by_two(self) -> bool:
        return None not in {self.proposed_by, self.approved_by} and self.proposed_by != self.approved_by


class ResultFold:
    """Scores, results and releases as the log has them."""

    def __init__(self) -> None:
        self._results: dict[str, str] = {}
        self._scores: dict[str, str] = {}
        self._released: set[str] = set()
        self._regrades: dict[str, _Regrade] = {}
        self._regraded: dict[str, str] = {}

    def take(self, entry: LeafEntry) -> None:
        facts = entry.facts
        match entry.act:
            case "result.made":
                self._results[entry.subject] = str(facts["digest"])
                if facts["score"]:
                    self._scores[str(facts["score"])] = str(facts["score_digest"])
                if facts["regrade"]:
                    self._regraded[entry.subject] = str(facts["regrade"])
            case "result.released":
                self._released.add(entry.subject)
            case "regrade.proposed":
                self._regrades.setdefault(entry.subject, _Regrade()).proposed_by = entry.actor
            case "regrade.approved":
                self._regrades.setdefault(entry.subject, _Regrade()).approved_by = entry.actor

    async def differences(self, session: AsyncSession) -> AsyncIterator[Difference]:
        for regraded, regrade in self._regraded.items():
            if not self._regrades.get(regrade, _Regrade()).by_two:
                yield Difference(code="regrade_not_by_two", subject=regraded, detail={"regrade": regrade})
        async for each in _compare("result", self._results, await _digests(session, Result)):
            yield each
        owners = await _results_of_scores(session)
        async for each in _compare("score", self._scores, await _digests(session, Score)):
            # a score has no entry of its own: what is not logged yet waits with its result
            yield msgspec.structs.replace(each, subject=owners.get(each.subject, each.subject))
        told = {str(result): "" for result in await session.scalars(select(Release.result_id))}
        async for each in _compare("release", dict.fromkeys(self._released, ""), told):
            yield each


async def _results_of_scores(session: AsyncSession) -> dict[str, str]:
    query = select(Result.score_id, Result.id).where(Result.score_id.is_not(None))
    return {str(score): str(result) for score, result in await session.execute(query)}


async def _digests(session: AsyncSession, table: type[Result] | type[Score]) -> dict[str, str]:
    found: dict[str, str] = {}
    rows: AsyncScalarResult[Result | Score] = await session.stream_scalars(
        select(table).execution_options(yield_per=1000)
    )
    async for row in rows:
        made = result_digest(row) if isinstance(row, Result) else score_digest(row)
        found[str(row.id)] = made.hex()
    return found


async def _compare(kind: str, logged: dict[str, str], stored: dict[str, str]) -> AsyncIterator[Difference]:
    for subject in stored.keys() - logged.keys():
        yield Difference(code=f"{kind}_not_logged", subject=subject)
    for subject in logged.keys() - stored.keys():
        yield Difference(code=f"{kind}_gone", subject=subject)
    for subject in logged.keys() & stored.keys():
        if logged[subject] != stored[subject]:
            yield Difference(code=f"{kind}_changed", subject=subject)
