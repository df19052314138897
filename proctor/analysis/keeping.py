"""Observations of the picture in the database: what stands, what begins, what ends."""

from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from uuid import UUID

import msgspec
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


class Subject(msgspec.Struct, frozen=True):
    """What is observed: an attempt, or the camera in the room of a sitting."""

    id: UUID
    region: str
    camera_room: UUID | None = None

    @property
    def columns(self) -> dict[str, UUID | None]:
        """The columns that name it."""
        if self.camera_room is None:
            return {"attempt_id": self.id}
        return {"camera_id": self.id, "room_id": self.camera_room}


class Standing:
    """The observations of some seats and cameras that have begun and not ended; a change that cannot be written is tried again."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._open: dict[tuple[UUID, str], UUID] = {}
        self._unsaved: list[tuple[Subject, Change]] = []

    async def load(self, shards: set[int]) -> dict[Subject, list[str]]:
        """Read what stands on these shards; return the kinds."""
        query = select(Observation).where(Observation.ended_at.is_(None), Observation.kind.in_(KINDS))
        async with self._session() as session:
            rows = [(_subject(row), row) for row in await session.scalars(query)]
        found: dict[Subject, list[str]] = {}
        for subject, row in rows:
            if shard_of(subject.id) in shards:
                self._open[subject.id, row.kind] = row.id
                found.setdefault(subject, []).append(row.kind)
        return found

    async def close_finished(self) -> None:
        """End what still stands of attempts that are over, whoever saw it."""
        query = select(Observation.attempt_id).where(
            Observation.ended_at.is_(None), Observation.attempt_id.is_not(None)
        )
        async with self._session() as session:
            states = await list_epochs(session, set(await session.scalars(query)))
            over = [attempt_id for attempt_id, (_, state) in states.items() if AttemptState(state) in FINISHED_STATES]
            now = self._runtime.clock.now()
            still = update(Observation).where(Observation.attempt_id.in_(over), Observation.ended_at.is_(None))
            await session.execute(still.values(ended_at=func.greatest(now, Observation.began_at)))

    def note(self, subject: Subject, changes: list[Change]) -> None:
        """Take what has changed; `write` brings it into the database."""
        self._unsaved += [(subject, change) for change in changes]

    async def write(self) -> None:
        """Write what was noted, in order; what fails stays."""
        while self._unsaved:
            async with self._session() as session:
                await self._write(session, *self._unsaved[0])
            del self._unsaved[0]

    async def _write(self, session: AsyncSession, subject: Subject, change: Change) -> None:
        at = datetime.fromtimestamp(change.at, UTC)
        key = (subject.id, change.kind)
        if not change.begins:
            known = self._open.get(key)
            if known is not None:
                await close_observation(session, known, ended_at=at)
                await session.flush()
                del self._open[key]
        elif key not in self._open:
            self._open[key] = await open_observation(
                session,
                **subject.columns,
                region=subject.region,
                kind=change.kind,
                began_at=at,
                facts=dict(change.facts),
                at=self._runtime.clock.now(),
            )

    def _session(self) -> AbstractAsyncContextManager[AsyncSession]:
        runtime = self._runtime
        return runtime.databases.transaction(Scope(region=runtime.settings.root_region))


def _subject(row: Observation) -> Subject:
    if row.attempt_id is not None:
        return Subject(row.attempt_id, row.region)
    return Subject(row.camera_id or row.id, row.region, row.room_id)
