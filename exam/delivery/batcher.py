"""Group commit of saves: while one batch is being committed the next one fills; no timer (PERFORMANCE.md §3.1)."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import structlog

from exam.core.errors import DomainError, Kind

MAX_BATCH = 512

Key = tuple[UUID, int, int]
"""Attempt, slot, seq."""
Connection = psycopg.AsyncConnection[Any]


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
_STATEMENT = """
with input as (
    select i.*, timestamptz 'epoch' + i.arrived_us * interval '1 microsecond' as arrived_at
    from unnest(%b::uuid[], %b::int[], %b::int[], %b::int[], %b::text[], %b::bigint[])
        with ordinality as i(attempt_id, epoch, slot, seq, response, arrived_us, position)
), locked as (
    select a.id, a.epoch, a.state, a.deadline_at, a.paused_at
    from delivery_attempt a
    where a.id = any(%b::uuid[])
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
    returning attempt_id, slot, seq
)
select j.code, s.seq is not null, j.state, j.deadline_at, j.paused_at
from judged j left join stored s using (attempt_id, slot, seq)
order by j.position
"""

_EARLIER = """
select r.attempt_id, r.slot, r.seq, r.response, (extract(epoch from r.arrived_at) * 1000000)::bigint
from delivery_response_revision r
join unnest(%b::uuid[], %b::int[], %b::int[]) as i(attempt_id, slot, seq) using (attempt_id, slot, seq)
"""

_KEEP_REFUSED = """
insert into delivery_refused_save (id, attempt_id, slot, seq, response, epoch, reason, arrived_at)
select gen_random_uuid(), i.attempt_id, i.slot, i.seq, i.response, i.epoch, i.reason,
    timestamptz 'epoch' + i.arrived_us * interval '1 microsecond'
from unnest(%b::uuid[], %b::int[], %b::int[], %b::int[], %b::text[], %b::bigint[], %b::text[])
    as i(attempt_id, epoch, slot, seq, response, arrived_us, reason)
on conflict do nothing
"""
KEPT_AS_EVIDENCE = frozenset({"lease_stale", "attempt_finalised", "deadline_passed"})


class Batcher:
    """Collects saves of one process and commits them together on a connection of its own."""

    def __init__(self, conninfo: str, *, queue: int) -> None:
        self._conninfo = conninfo
        self._limit = queue
        self._waiting: list[tuple[list[PendingSave], asyncio.Future[list[Verdict]]]] = []
        self._count = 0
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._connection: Connection | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="answer-batcher")

    async def stop(self) -> None:
        """Commit what is waiting, then end."""
        await asyncio.gather(*(future for _, future in self._waiting), return_exceptions=True)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._disconnect()

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
        """Return the shape of an attempt's form, empty where there is none; for the first save that a process sees."""
        async with await psycopg.AsyncConnection.connect(self._conninfo, connect_timeout=2) as connection:
            cursor = await connection.execute("select shape from delivery_attempt where id = %s", [attempt_id])
            row = await cursor.fetchone()
        return str(row[0]) if row else ""

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            taken, total = self._take()
            try:
                verdicts = await self._commit([save for saves, _ in taken for save in saves])
            except (psycopg.Error, OSError) as error:
                structlog.get_logger().warning("answers_not_committed", saves=total, error=type(error).__name__)
                await self._disconnect()
                self._resolve_all(taken, None)
            else:
                self._resolve_all(taken, verdicts)
            self._count -= total

    def _take(self) -> tuple[list[tuple[list[PendingSave], "asyncio.Future[list[Verdict]]"]], int]:
        """Take requests whole, until the batch is full."""
        total, cut = 0, 0
        for cut, (saves, _) in enumerate(self._waiting, start=1):  # noqa: B007  # the last value counts
            total += len(saves)
            if total >= MAX_BATCH:
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
        first: dict[Key, PendingSave] = {}
        for save in saves:
            first.setdefault(save.key, save)
        unique = list(first.values())
        connection = await self._connected()
        cursor = await connection.execute(_STATEMENT, _columns(unique), binary=True, prepare=True)
        verdicts: dict[Key, Verdict] = {}
        stored: dict[Key, str] = {}
        repeated: list[PendingSave] = []
        for save, (code, fresh, state, deadline_at, paused_at) in zip(unique, await cursor.fetchall(), strict=True):
            verdicts[save.key] = Verdict(code, save.arrived_us, state, deadline_at, paused_at)
            stored[save.key] = save.response
            if not code and not fresh:
                repeated.append(save)
        if repeated:
            await self._read_earlier(connection, repeated, verdicts, stored)
        refused = [save for save in unique if verdicts[save.key].code in KEPT_AS_EVIDENCE]
        if refused:
            await self._keep_refused(connection, refused, verdicts)
        return [_judge(save, verdicts[save.key], stored[save.key]) for save in saves]

    async def _read_earlier(
        self,
        connection: Connection,
        repeated: list[PendingSave],
        verdicts: dict[Key, Verdict],
        stored: dict[Key, str],
    ) -> None:
        """Fetch what an earlier batch stored under the same keys: a sequence number names one response for ever."""
        keys = [
            [save.attempt_id for save in repeated],
            [save.slot for save in repeated],
            [save.seq for save in repeated],
        ]
        cursor = await connection.execute(_EARLIER, keys, binary=True, prepare=True)
        for attempt_id, slot, seq, response, arrived_us in await cursor.fetchall():
            key = (attempt_id, slot, seq)
            stored[key] = response
            verdicts[key] = msgspec.structs.replace(verdicts[key], arrived_us=arrived_us)

    async def _keep_refused(
        self,
        connection: Connection,
        refused: list[PendingSave],
        verdicts: dict[Key, Verdict],
    ) -> None:
        columns = [*_columns(refused)[:-1], [verdicts[save.key].code for save in refused]]
        await connection.execute(_KEEP_REFUSED, columns, binary=True)

    async def _connected(self) -> Connection:
        """Return the live connection, or make one; the batch that found it dead has already been refused."""
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(
                self._conninfo,
                autocommit=True,
                application_name="ankao-answers",
                connect_timeout=2,
            )
            # asserted here and not hoped for: acknowledged means on disk
            await self._connection.execute("set synchronous_commit = on")
        return self._connection

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


def _columns(saves: list[PendingSave]) -> list[list[Any]]:
    return [
        [save.attempt_id for save in saves],
        [save.epoch for save in saves],
        [save.slot for save in saves],
        [save.seq for save in saves],
        [save.response for save in saves],
        [save.arrived_us for save in saves],
        sorted({save.attempt_id for save in saves}),
    ]


def _judge(save: PendingSave, verdict: Verdict, stored: str) -> Verdict:
    """Refuse a sequence number that comes again with another response."""
    if not verdict.code and stored != save.response:
        return msgspec.structs.replace(verdict, code="seq_reused")
    return verdict
