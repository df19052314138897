"""Folding the log back into hand-ins: every accepted answer is the one whose digest was logged at the end."""

from collections.abc import AsyncIterator
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.folding import Difference, LeafEntry
from exam.delivery.attempts import revision_of
from exam.delivery.models import Attempt, ResponseRevision
from exam.delivery.receipt import Revision, hand_in_digest

FINALISED = "attempt.finalised"
READ_TOGETHER = 5_000


class HandInFold:
    """Digest of every attempt's answers as it was logged when the attempt ended."""

    def __init__(self) -> None:
        self._digests: dict[str, str] = {}

    def take(self, entry: LeafEntry) -> None:
        if entry.act == FINALISED:
            self._digests[entry.subject] = str(entry.facts["digest"])

    async def differences(self, session: AsyncSession) -> AsyncIterator[Difference]:
        stored: dict[str, str] = {}
        columns = select(Attempt.id, Attempt.response_digest).where(Attempt.finalised_at.is_not(None))
        for attempt_id, made in await session.execute(columns):
            stored[str(attempt_id)] = (made or b"").hex()
        for subject in stored.keys() - self._digests.keys():
            yield Difference(code="hand_in_not_logged", subject=subject)
        for subject, digest in self._digests.items():
            if stored.get(subject) != digest:
                yield Difference(code="hand_in_changed", subject=subject)
        async for subject in self._changed_answers(session):
            yield Difference(code="answers_changed", subject=subject)

    async def _changed_answers(self, session: AsyncSession) -> AsyncIterator[str]:
        """Make each digest anew from the stored answers."""
        seen: set[str] = set()
        async for attempt_id, revisions in _by_attempt(session):
            subject = str(attempt_id)
            seen.add(subject)
            made = hand_in_digest(attempt_id, revisions).hex()
            if subject in self._digests and made != self._digests[subject]:
                yield subject
        for subject in self._digests.keys() - seen:
            if self._digests[subject] != hand_in_digest(UUID(subject), []).hex():
                yield subject


async def _by_attempt(session: AsyncSession) -> AsyncIterator[tuple[UUID, list[Revision]]]:
    """Yield each attempt's answers without holding those of the next."""
    query = select(ResponseRevision).order_by(ResponseRevision.attempt_id).execution_options(yield_per=READ_TOGETHER)
    known: tuple[UUID, list[Revision]] | None = None
    async for row in await session.stream_scalars(query):
        if known and known[0] != row.attempt_id:
            yield known
            known = None
        known = known or (row.attempt_id, [])
        known[1].append(revision_of(row))
    if known:
        yield known
