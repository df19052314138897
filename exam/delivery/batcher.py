"""Group commit of saves: while one batch is being committed the next one fills; no timer (PERFORMANCE.md §3.1)."""

import asyncio
import time
from datetime import datetime
from uuid import UUID

import msgspec
import psycopg
import structlog
from psycopg.pq.abc import PGresult

from exam.core.errors import DomainError, Kind
from exam.delivery import binary
from exam.delivery.link import Link, SharedLink
from exam.delivery.timing import DRAIN_S

MAX_BATCH = 512
LINGER_S = 0.002
"""The longest a batch waits for requests that have already reached the process."""
PATIENCE_S = float(DRAIN_S)
"""When the database has been silent for so long, its connection is given up and the saves are refused."""

Key = tuple[UUID, int, int]
"""Attempt, slot, seq."""


class ServerFullError(DomainError):
    """The save was not stored; the terminal keeps it and sends it again."""

    kind = Kind.UNAVAILABLE
    code = "server_full"
    message = "服务器繁忙,答案已保存在本机,将自动重新上传。"


class PendingSave(msgspec.Struct, frozen=True):
    """One save on its way to a commit; `arrived_us` is Unix microseconds, stamped before anything else was done."""

    attempt_id: UUID
    epoch: int
    slot: int
    seq: int
    response: str
    arrived_us: int

    @property
    def key(self) -> Key:
        return (self.attempt_id, self.slot, self.seq)


class Verdict(msgspec.Struct, frozen=True):
    """What became of one save: an empty `code` means stored, now or before, exactly as sent.

    `arrived_us` is the arrival that counts: the first one, where the save had been stored before. `state`,
    `deadline_at` and `paused_at` are the attempt's in the same statement; None where the attempt is unknown.
    """

    code: str
    arrived_us: int
    state: str | None
    deadline_at: datetime | None
    paused_at: datetime | None


# One statement for the whole batch. The share lock, taken in id order, holds off the finaliser until this commit;
# a finished or foreign attempt refuses its own rows and never fails its neighbours.
_STORE = """
with input as (
    select * from unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::text[], $6::timestamptz[])
        with ordinality as i(attempt_id, epoch, slot, seq, response, arrived_at, position)
), locked as (
    select a.id, a.epoch, a.state, a.deadline_at, a.paused_at
    from delivery_attempt a
    where a.id = any($7::uuid[])
    order by a.id
    for share
), judged as (
    select i.*, l.state, l.deadline_at, l.paused_at, case
        when l.id is null then 'attempt_unknown'
        when l.state in ('submitted', 'expired', 'scored', 'released', 'voided') then 'attempt_finalised'
        when i.epoch <> l.epoch then 'lease_stale'
        when l.state = 'paused' then 'attempt_paused'
        when l.state <> 'in_progress' then 'not_started'
        when i.arrived_at > l.deadline_at then 'deadline_passed'
        else '' end as code
    from input i left join locked l on l.id = i.attempt_id
), stored as (
    insert into delivery_response_revision (attempt_id, slot, seq, response, arrived_at, epoch)
    select attempt_id, slot, seq, response, arrived_at, epoch from judged where code = ''
    order by attempt_id, slot, seq
    on conflict do nothing
    returning 1
)
select j.code, j.state, j.deadline_at, j.paused_at, (select count(*) from stored)
from judged j
order by j.position
"""

_READ_EARLIER = """
select r.response, r.arrived_at
from unnest($1::uuid[], $2::int[], $3::int[]) with ordinality as i(attempt_id, slot, seq, position)
join delivery_response_revision r using (attempt_id, slot, seq)
order by i.position
"""

_KEEP_REFUSED = """
insert into delivery_refused_save (id, attempt_id, slot, seq, response, epoch, reason, arrived_at)
select gen_random_uuid(), i.attempt_id, i.slot, i.seq, i.response, i.epoch, i.reason, i.arrived_at
from unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::text[], $6::timestamptz[], $7::text[])
    as i(attempt_id, epoch, slot, seq, response, arrived_at, reason)
on conflict do nothing
"""
KEPT_AS_EVIDENCE = frozenset({"lease_stale", "attempt_finalised", "deadline_passed"})

_STATEMENTS = {"store": _STORE, "read_earlier": _READ_EARLIER, "keep_refused": _KEEP_REFUSED}
SETTINGS = {
    "synchronous_commit": "on",  # asserted here and not hoped for: acknowledged means on disk
    "plan_cache_mode": "force_generic_plan",  # planning anew would cost more than the statement
    "jit": "off",
}
_READ_SHAPE = {"read_shape": "select shape from delivery_attempt where id = $1::uuid"}


class Batcher:
    """Collects saves of one process and commits them together on a connection of its own."""

    def __init__(self, conninfo: str, *, queue: int, batch: int = MAX_BATCH) -> None:
        self._conninfo = conninfo
        self._limit = queue
        self._batch = batch
        self._waiting: list[tuple[list[PendingSave], asyncio.Future[list[Verdict]]]] = []
        self._count = 0
        self._wake = asyncio.Event()
        self._commit_s = 0.0
        self._task: asyncio.Task[None] | None = None
        self._link: Link | None = None
        self._shapes = SharedLink(conninfo, SETTINGS, _READ_SHAPE, patience_s=PATIENCE_S)

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="answer-batcher")

    async def stop(self) -> None:
        """Commit what is waiting, then end."""
        await asyncio.gather(*(future for _, future in self._waiting), return_exceptions=True)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._disconnect()
        await self._shapes.close()

    async def save(self, saves: list[PendingSave]) -> list[Verdict]:
        """Return the verdicts in order, after the commit; raises ServerFullError when nothing was decided."""
        if self._count + len(saves) > self._limit:
            raise ServerFullError(retry_s=1)
        future: asyncio.Future[list[Verdict]] = asyncio.get_running_loop().create_future()
        self._waiting.append((saves, future))
        self._count += len(saves)
        self._wake.set()
        return await future

    async def read_shape(self, attempt_id: UUID) -> str:
        """Return the shape of an attempt's form, empty where there is none; for the first save that a process sees.

        Raises psycopg.Error and OSError.
        """
        result = await self._shapes.run("read_shape", [attempt_id.bytes])
        found = result.get_value(0, 0) if result.ntuples else None
        return (found or b"").decode()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            if self._commit_s < LINGER_S:
                await self._gather()
            taken, total = self._take()
            began = time.monotonic()
            try:
                async with asyncio.timeout(PATIENCE_S):
                    verdicts = await self._commit([save for saves, _ in taken for save in saves])
            except (psycopg.Error, OSError) as error:
                structlog.get_logger().warning("answers_not_committed", saves=total, error=type(error).__name__)
                await self._disconnect()
                self._resolve_all(taken, None)
            else:
                self._resolve_all(taken, verdicts)
            self._count -= total
            self._commit_s = time.monotonic() - began

    async def _gather(self) -> None:
        """Let in what has already reached the process: a commit costs the same for one save as for many.

        Where the last commit took longer than this may wait, the next batch has filled meanwhile; to wait for the rest
        would bring everybody into one batch, and process and disk would work in turns instead of together.
        """
        until = time.monotonic() + LINGER_S
        before = 0
        while before < self._count < self._batch and time.monotonic() < until:
            before = self._count
            await asyncio.sleep(0)

    def _take(self) -> tuple[list[tuple[list[PendingSave], "asyncio.Future[list[Verdict]]"]], int]:
        """Take requests whole, until the batch is full."""
        total, cut = 0, 0
        for cut, (saves, _) in enumerate(self._waiting, start=1):  # noqa: B007  # the last value counts
            total += len(saves)
            if total >= self._batch:
                break
        taken, self._waiting = self._waiting[:cut], self._waiting[cut:]
        if not self._waiting:
            self._wake.clear()
        return taken, total

    @staticmethod
    def _resolve_all(
        taken: "list[tuple[list[PendingSave], asyncio.Future[list[Verdict]]]]",
        verdicts: list[Verdict] | None,
    ) -> None:
        start = 0
        for saves, future in taken:
            if not future.done():
                if verdicts is None:
                    # whether the commit happened is unknown; sending again is always safe
                    future.set_exception(ServerFullError(retry_s=1))
                else:
                    future.set_result(verdicts[start : start + len(saves)])
            start += len(saves)

    async def _commit(self, saves: list[PendingSave]) -> list[Verdict]:
        """Store a batch; a key that comes twice in it is decided by its first save, its twins are compared with that."""
        link = await self._connected()
        if len({save.key for save in saves}) == len(saves):
            return await _store(link, saves)
        first: dict[Key, PendingSave] = {}
        for save in saves:
            first.setdefault(save.key, save)
        unique = list(first.values())
        decided = dict(zip(first, await _store(link, unique), strict=True))
        return [_compare(save, first[save.key], decided[save.key]) for save in saves]

    async def _connected(self) -> Link:
        """Return the live connection, or make one; the batch that found it dead has already been refused."""
        if self._link is None or self._link.lost:
            self._link = await Link.open(self._conninfo, SETTINGS, _STATEMENTS)
        return self._link

    async def _disconnect(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            await link.close()


async def _store(link: Link, saves: list[PendingSave]) -> list[Verdict]:
    """Store saves of distinct keys and return their verdicts in order."""
    result = await link.run("store", _columns(saves))
    verdicts = [_verdict(result, row, save) for row, save in enumerate(saves)]
    accepted = [row for row, verdict in enumerate(verdicts) if not verdict.code]
    if binary.read_count(result.get_value(0, 4) or b"") < len(accepted):
        await _read_earlier(link, saves, verdicts, accepted)
    refused = [row for row, verdict in enumerate(verdicts) if verdict.code in KEPT_AS_EVIDENCE]
    if refused:
        kept, reasons = [saves[row] for row in refused], [verdicts[row].code for row in refused]
        await link.run("keep_refused", [*_columns(kept)[:-1], binary.texts(reasons)])
    return verdicts


async def _read_earlier(link: Link, saves: list[PendingSave], verdicts: list[Verdict], accepted: list[int]) -> None:
    """Compare with what is stored under the same keys, for a sequence number names one response for ever."""
    sent = [saves[row] for row in accepted]
    ids, slots, seqs = zip(*((save.attempt_id.bytes, save.slot, save.seq) for save in sent), strict=True)
    result = await link.run("read_earlier", [binary.uuids(ids), binary.ints(slots), binary.ints(seqs)])
    for position, row in enumerate(accepted):
        response, arrived = result.get_value(position, 0) or b"", result.get_value(position, 1) or b""
        code = "" if response == saves[row].response.encode() else "seq_reused"
        first = binary.read_instant(arrived)
        verdicts[row] = msgspec.structs.replace(verdicts[row], code=code, arrived_us=first)


def _columns(saves: list[PendingSave]) -> list[bytes]:
    ids = [save.attempt_id.bytes for save in saves]
    return [
        binary.uuids(ids),
        binary.ints([save.epoch for save in saves]),
        binary.ints([save.slot for save in saves]),
        binary.ints([save.seq for save in saves]),
        binary.texts([save.response for save in saves]),
        binary.instants([save.arrived_us for save in saves]),
        binary.uuids(sorted(set(ids))),
    ]


def _verdict(result: PGresult, row: int, save: PendingSave) -> Verdict:
    code, state = result.get_value(row, 0) or b"", result.get_value(row, 1)
    deadline, paused = result.get_value(row, 2), result.get_value(row, 3)
    return Verdict(
        code.decode(),
        save.arrived_us,
        state.decode() if state else None,
        binary.read_datetime(deadline) if deadline else None,
        binary.read_datetime(paused) if paused else None,
    )


def _compare(save: PendingSave, first: PendingSave, verdict: Verdict) -> Verdict:
    """Refuse a sequence number that comes again with another response."""
    if not verdict.code and save.response != first.response:
        return msgspec.structs.replace(verdict, code="seq_reused")
    return verdict
