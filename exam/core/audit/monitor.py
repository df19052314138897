"""The monitor: follows the published log with a memory of its own and a read-only account, and folds it.

It trusts the keys of a policy that it pinned, and the clock of its own host. It believes the database nothing: it
replays the entries, compares the tree with the heads that were published, and the tables with what the entries came to.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.checkpoint import Checkpoint
from exam.core.audit.custody import write_durably
from exam.core.audit.folding import FOLDS, Difference, Fold, LeafEntry
from exam.core.audit.ledger import AuditRow
from exam.core.audit.models import LogLeaf
from exam.core.audit.note import NoteError
from exam.core.audit.policy import NONE, Policy, Witnessed, parse_policy
from exam.core.audit.proving import instant
from exam.core.audit.publication import CHECKPOINT, POLICY, WITNESSED, LogPublication
from exam.core.audit.replay import Replayed, replay
from exam.core.audit.standing import PATIENCE
from exam.core.audit.tiles import Edge
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.errors import NotFoundError
from exam.core.runtime import Runtime

STATE_FILE, STATUS_FILE, POLICY_FILE = "state.json", "status.json", "policy"
SLACK = timedelta(seconds=120)
"""An entry's time may lie so far before the moment the log was last seen without it: long transactions, the interval."""
_ONE_MOMENT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A head as this monitor saw it, when it did."""

    size: int
    root: bytes
    seen_at: datetime


class MonitorState(msgspec.Struct, frozen=True, kw_only=True):
    """What the monitor will not forget, whatever it is shown: the greatest head, and when each size was first seen."""

    newest: Seen | None = None
    witnessed: Seen | None = None
    grown: tuple[Seen, ...] = ()
    """Heads by which the log had grown, the latest last; older ones are thinned out."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One look at the log; an empty list of alarms means that everything fits."""

    at: datetime
    size: int
    signed: int
    witnessed: int
    cosigned_by: tuple[str, ...]
    alarms: tuple[Difference, ...]
    whole_at: datetime | None = None
    """When everything was last read; the alarms of then are among these."""


KEPT = 256


class _Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What a look may go on from: the tree at the least head of the last one, and what the last whole look found."""

    whole_at: datetime
    edge: Edge
    alarms: tuple[Difference, ...]


class Monitor:
    """One monitor over its folder.

    A whole look reads the log from its first entry and holds every table against it. One that goes on from it reads what
    was ordered since, and costs what has happened and not what there is.
    """

    def __init__(
        self,
        runtime: Runtime,
        folder: Path,
        source: LogPublication,
        *,
        policy: Policy | None = None,
        patience: timedelta = PATIENCE,
    ) -> None:
        self._runtime = runtime
        self._folder = folder
        self._source = source
        self._policy = policy
        self._patience = patience
        self._ground: _Ground | None = None
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def look(self, *, whole: bool = True) -> Report:
        """Look once, remember what was seen, and write the report beside the memory; the first look is always whole."""
        at = self._runtime.clock.now()
        state, alarms = self._load(), list[Difference]()
        policy = await self._pinned()
        newest = await self._read(policy, CHECKPOINT, alarms)
        witnessed = await self._read(policy, WITNESSED, alarms)
        alarms += _stale(state, newest, witnessed)
        alarms += _unwitnessed(policy, newest, at, self._patience)
        heads = _heads(state, newest, witnessed)
        ground, self._ground = None if whole else self._ground, None  # a look that fails half-way leaves none
        least = min((head.size for head in heads.values()), default=0)
        if ground and least < ground.edge.size:
            ground = None
        async with self._runtime.databases.session(NOTHING, Role.MONITOR) as session:
            await session.connection(execution_options=_ONE_MOMENT)
            found, lasting = await self._compare(session, state, {head.size for head in heads.values()}, ground)
            late = await _late(session, at, self._patience)
        self._ground = _Ground(
            whole_at=ground.whole_at if ground else at,
            edge=found.edges.get(least, Edge()),
            alarms=lasting,
        )
        report = Report(
            at=at,
            size=found.size,
            signed=newest.checkpoint.size if newest else 0,
            witnessed=witnessed.checkpoint.size if witnessed else 0,
            cosigned_by=tuple(newest.cosigned) if newest else (),
            alarms=(*alarms, *lasting, *_unlike(heads, found), *late),
            whole_at=self._ground.whole_at,
        )
        self._keep(state, newest, witnessed, at, report)
        return report

    async def _pinned(self) -> Policy:
        """Return the policy given, or the one that was found first and is held against every later one."""
        path = self._folder / POLICY_FILE
        if self._policy:
            return self._policy
        if not path.exists():
            published = await self._source.find(POLICY)
            if published is None:
                raise NotFoundError(file=POLICY)
            write_durably(path, published)
        return parse_policy(path.read_text(encoding="utf-8"))

    async def _read(self, policy: Policy, key: str, alarms: list[Difference]) -> Witnessed | None:
        data = await self._source.find(key)
        if data is None:
            return None
        try:
            found = policy.read(data)
        except NoteError as error:
            alarms.append(Difference(code="head_not_signed", subject=key, detail={"reason": error.code}))
            return None
        if key == WITNESSED and not policy.has_quorum(found.cosigned):
            alarms.append(Difference(code="head_not_witnessed", subject=key, detail={"by": len(found.cosigned)}))
        return found

    async def _compare(
        self, session: AsyncSession, state: MonitorState, sizes: set[int], ground: _Ground | None
    ) -> tuple[Replayed, tuple[Difference, ...]]:
        """Return what was read, and what does not fit and is not read again before the next whole look."""
        folds = [] if ground else list(self._runtime.ports.get(FOLDS)())
        back_dated, known = _BackDated(state.grown), ground.alarms if ground else ()
        since = ground.edge if ground else Edge()
        replayed = await replay(session, _Takes(folds, back_dated), sizes=sizes, published=self._source, since=since)
        found, waiting = [*replayed.differences, *back_dated.found], await _waiting(session)
        for fold in folds:
            found += [each async for each in fold.differences(session) if each.subject not in waiting]
        return replayed, (*known, *(each for each in found if each not in known))

    def _load(self) -> MonitorState:
        path = self._folder / STATE_FILE
        return msgspec.json.decode(path.read_bytes(), type=MonitorState) if path.exists() else MonitorState()

    def _keep(
        self,
        state: MonitorState,
        newest: Witnessed | None,
        witnessed: Witnessed | None,
        at: datetime,
        report: Report,
    ) -> None:
        kept = MonitorState(
            newest=_greater(state.newest, newest, at),
            witnessed=_greater(state.witnessed, witnessed, at),
            grown=_grown(state.grown, newest, at),
        )
        write_durably(self._folder / STATE_FILE, msgspec.json.encode(kept))
        write_durably(self._folder / STATUS_FILE, msgspec.json.encode(report), mode=0o644)


def _of(code: str, subject: str, **detail: object) -> Difference:
    return Difference(code=code, subject=subject, detail=detail)


class _Takes:
    """Hands each entry to everybody who wants it."""

    def __init__(self, folds: Sequence[Fold], back_dated: "_BackDated") -> None:
        self._takers = [*(fold.take for fold in folds), back_dated.take]

    def __call__(self, entry: LeafEntry) -> None:
        for take in self._takers:
            take(entry)


class _BackDated:
    """Entries that claim a time before the log was last seen without them."""

    def __init__(self, grown: Sequence[Seen]) -> None:
        self._ahead = sorted(grown, key=lambda each: each.size)
        self._not_before: datetime | None = None
        self.found: list[Difference] = []

    def take(self, entry: LeafEntry) -> None:
        while self._ahead and self._ahead[0].size <= entry.index:
            self._not_before = self._ahead.pop(0).seen_at
        if self._not_before and entry.at < self._not_before - SLACK:
            detail = {"at": entry.at, "not_before": self._not_before, "act": entry.act}
            self.found.append(Difference(code="back_dated", subject=str(entry.index), detail=detail))


def _stale(state: MonitorState, newest: Witnessed | None, witnessed: Witnessed | None) -> list[Difference]:
    """Find heads that are smaller than what was seen before, and a log that is gone."""
    found = []
    for name, before, now in (("newest", state.newest, newest), ("witnessed", state.witnessed, witnessed)):
        if before and (now is None or now.checkpoint.size < before.size):
            shown = now.checkpoint.size if now else None
            found.append(_of("head_stale", name, seen=before.size, shown=shown))
    if newest is None and state.newest is None:
        found.append(_of("log_absent", "newest"))
    return found


def _unwitnessed(policy: Policy, newest: Witnessed | None, at: datetime, patience: timedelta) -> list[Difference]:
    """Find a head without its quorum, and one whose witnesses have not seen it for too long by this host's clock."""
    if newest is None or policy.quorum == NONE:
        return []
    if not policy.has_quorum(newest.cosigned):
        return [_of("not_yet_witnessed", "newest", by=len(newest.cosigned), size=newest.checkpoint.size)]
    last = newest.witnessed_at(policy)
    if last is not None and at - instant(last) > patience:
        return [_of("head_old", "newest", seen_at=instant(last))]
    if last is not None and instant(last) - at > PATIENCE:
        return [_of("clock_differs", "newest", seen_at=instant(last))]
    return []


def _heads(state: MonitorState, newest: Witnessed | None, witnessed: Witnessed | None) -> dict[str, Checkpoint | Seen]:
    heads: dict[str, Checkpoint | Seen | None] = {
        "newest": newest.checkpoint if newest else None,
        "witnessed": witnessed.checkpoint if witnessed else None,
        "seen before": state.newest,
        "witnessed before": state.witnessed,
    }
    return {name: head for name, head in heads.items() if head}


def _unlike(heads: Mapping[str, Checkpoint | Seen], found: Replayed) -> list[Difference]:
    """Find heads that promise more than there is, or another tree."""
    alarms = []
    for name, head in heads.items():
        if head.size > found.size:
            alarms.append(_of("log_behind", name, signed=head.size, size=found.size))
        elif found.edges[head.size].root() != head.root:
            alarms.append(_of("root_differs", name, size=head.size))
    return alarms


def _unordered() -> ColumnElement[bool]:
    return ~select(LogLeaf.entry_id).where(LogLeaf.entry_id == AuditRow.id).exists()


async def _waiting(session: AsyncSession) -> set[str]:
    """Return the subjects of entries that are not ordered yet: their rows are compared once the log has them."""
    return set((await session.scalars(select(AuditRow.subject).where(_unordered()))).all())


async def _late(session: AsyncSession, at: datetime, patience: timedelta) -> list[Difference]:
    """Find entries that wait for their order too long."""
    count, oldest = (await session.execute(select(func.count(), func.min(AuditRow.at)).where(_unordered()))).one()
    return [_of("entries_wait", "log", count=count, since=oldest)] if oldest and at - oldest > patience else []


def _greater(before: Seen | None, now: Witnessed | None, at: datetime) -> Seen | None:
    if now is None or (before and before.size >= now.checkpoint.size):
        return before
    return Seen(size=now.checkpoint.size, root=now.checkpoint.root, seen_at=at)


def _grown(before: tuple[Seen, ...], newest: Witnessed | None, at: datetime) -> tuple[Seen, ...]:
    """Keep when the log was seen at its size, the last time for each size; of the oldest every other one goes."""
    if newest is None:
        return before
    now = Seen(size=newest.checkpoint.size, root=newest.checkpoint.root, seen_at=at)
    kept = (*(each for each in before if each.size != now.size), now)
    return kept if len(kept) <= KEPT else (*kept[: KEPT // 2 : 2], *kept[KEPT // 2 :])
