"""Observations of the picture in the database: what stands, what begins, what ends."""

from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.delivery.api import FINISHED_STATES, AttemptState, list_epochs
from proctor.analysis.frames import shard_of
from proctor.analysis.thresholds import KINDS
from proctor.analysis.watch import Change
from proctor.incidents.models import Observation
from proctor.incidents.observations import close_observation, open_observation


class Standing:
    """The observations of some seats that have begun and not ended; a change that cannot be written is tried again."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._open: dict[tuple[UUID, str], UUID] = {}
        self._unsaved: list[tuple[UUID, str, Change]] = []

    async def load(self, shards: set[int]) -> dict[UUID, tuple[str, list[str]]]:
        """Read what stands on these shards; return region and kinds by attempt."""
        query = select(Observation).where(Observation.ended_at.is_(None), Observation.kind.in_(KINDS))
        async with self._session() as session:
            rows = [row for row in await session.scalars(query) if shard_of(row.attempt_id) in shards]
        found: dict[UUID, tuple[str, list[str]]] = {}
        for row in rows:
            self._open[row.attempt_id, row.kind] = row.id
            found.setdefault(row.attempt_id, (row.region, []))[1].append(row.kind)
        return found

    async def close_finished(self) -> None:
        """End what still stands of attempts that are over, whoever saw it."""
        query = select(Observation.attempt_id).where(Observation.ended_at.is_(None)).distinct()
        async with self._session() as session:
            states = await list_epochs(session, list(await session.scalars(query)))
            over = [attempt_id for attempt_id, (_, state) in states.items() if AttemptState(state) in FINISHED_STATES]
            now = self._runtime.clock.now()
            still = update(Observation).where(Observation.attempt_id.in_(over), Observation.ended_at.is_(None))
            await session.execute(still.values(ended_at=func.greatest(now, Observation.began_at)))

    def note(self, attempt_id: UUID, region: str, changes: list[Change]) -> None:
        """Take what has changed; `write` brings it into the database."""
        self._unsaved += [(attempt_id, region, change) for change in changes]

    async def write(self) -> None:
        """Write what was noted, in order; what fails stays."""
        while self._unsaved:
            async with self._session() as session:
                await self._write(session, *self._unsaved[0])
            del self._unsaved[0]

    async def _write(self, session: AsyncSession, attempt_id: UUID, region: str, change: Change) -> None:
        at = datetime.fromtimestamp(change.at, UTC)
        key = (attempt_id, change.kind)
        if not change.begins:
            known = self._open.get(key)
            if known is not None:
                await close_observation(session, known, ended_at=at)
                await session.flush()
                del self._open[key]
        elif key not in self._open:
            self._open[key] = await open_observation(
                session,
                attempt_id=attempt_id,
                region=region,
                kind=change.kind,
                began_at=at,
                facts=dict(change.facts),
                at=self._runtime.clock.now(),
            )

    def _session(self) -> AbstractAsyncContextManager[AsyncSession]:
        runtime = self._runtime
        return runtime.databases.transaction(Scope(region=runtime.settings.root_region))
