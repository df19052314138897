"""The save of answers: raw ASGI, lease and schema checked here, acknowledged after the commit (DESIGN.md §7)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import structlog
from litestar import Litestar
from litestar.types import Receive, Scope, Send

from exam.core.errors import ConflictError, DomainError
from exam.core.runtime import Runtime
from exam.delivery.batcher import Batcher, PendingSave, ServerFullError, Verdict
from exam.delivery.lease import Lease, LeaseInvalidError, check
from exam.delivery.receipt import Revision, response_digest, save_receipt
from exam.delivery.responses import (
    MAX_BATCH_BYTES,
    BatchTooLargeError,
    ResponseInvalidError,
    SaveBatch,
    SlotShape,
    decode_batch,
)
from exam.delivery.shapes import ShapeCache, canonical_response
from exam.delivery.timing import ACCEPTABLE_LATENCY, remaining_ms
from exam.web.problem import problem_of

Header = tuple[bytes, bytes]

LEASE_HEADER = b"ankao-lease"
US_PER_MS = 1000
LATENCY_US = ACCEPTABLE_LATENCY // timedelta(microseconds=1)
REMEMBERED_LEASES = 20_000

JSON: Header = (b"content-type", b"application/json")
PROBLEM: Header = (b"content-type", b"application/problem+json")
NOT_STORED: Header = (b"cache-control", b"no-store")
RETRY_SOON: Header = (b"retry-after", b"1")


class AnswerRefusedError(ConflictError):
    """No save of the request was stored, all for the same reason: the attempt takes none now."""

    code = "attempt_refused"
    message = "当前不能作答({reason}),答案未被接收。"

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)
        self.reason = reason


class Accepted(msgspec.Struct):
    """One stored save and its receipt."""

    slot: int
    seq: int
    receipt: str


class Refused(msgspec.Struct):
    """One save that was not stored, and why."""

    slot: int
    seq: int
    code: str


class SaveAnswer(msgspec.Struct):
    """The answer of the save route; instants in Unix milliseconds."""

    server_now: int
    remaining_ms: int
    state: str
    accepted: list[Accepted]
    refused: list[Refused]


class Writer(msgspec.Struct):
    """Who has shown a genuine lease: `names` are the spellings of its attempt in an address.

    Remembering it saves the check of the same token at every save; whether its epoch still holds, only the database
    knows. `shapes` are the slots of the attempt's form, which never change once they are known.
    """

    lease: Lease
    names: tuple[str, str]
    shapes: list[SlotShape]


class AnswerPath:
    """One process's save route: its batcher, its shapes and its secrets."""

    def __init__(self, app: Litestar) -> None:
        self._app = app
        runtime: Runtime = app.state.runtime
        self._clock = runtime.clock
        self._batcher: Batcher = app.state.batcher
        self._shapes: ShapeCache = app.state.shapes
        self._secrets = (runtime.secrets.lease,)
        self._writers: dict[bytes, Writer] = {}

    async def __call__(self, attempt: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve `POST /api/attempts/{attempt}/responses`."""
        # before anything else: a slow server must not cost the candidate time
        arrived_us = self._clock.unix_us()
        try:
            writer = self._writer(scope, attempt)
            batch = decode_batch(await _read_body(receive))
            read_us = self._clock.unix_us()
            if read_us - arrived_us > LATENCY_US:
                arrived_us = read_us  # whoever holds a request open must not choose the answer after the deadline
            if not writer.shapes:
                writer.shapes = await self._shapes_of(writer.lease.attempt_id)
            answer = await self._save(writer, batch, arrived_us)
            await _send(send, 200, msgspec.json.encode(answer), JSON, NOT_STORED)
        except Exception as error:  # noqa: BLE001  # the edge: nothing above would answer
            await self._refuse(send, error)

    def _writer(self, scope: Scope, attempt: str) -> Writer:
        for name, value in scope["headers"]:
            if name == LEASE_HEADER:
                writer = self._writers.get(value) or self._remember(value)
                if attempt in writer.names:
                    return writer
        raise LeaseInvalidError

    def _remember(self, token: bytes) -> Writer:
        lease = check(token.decode("latin-1"), self._secrets)
        if len(self._writers) >= REMEMBERED_LEASES:
            del self._writers[next(iter(self._writers))]
        writer = Writer(lease, (str(lease.attempt_id), lease.attempt_id.hex), [])
        self._writers[token] = writer
        return writer

    async def _save(self, writer: Writer, batch: SaveBatch, arrived_us: int) -> SaveAnswer:
        lease, shapes = writer.lease, writer.shapes
        pending, refused = [], []
        for save in batch.saves:
            try:
                response = canonical_response(save, shapes[save.slot - 1])
            except (IndexError, ResponseInvalidError):
                refused.append(Refused(save.slot, save.seq, "response_invalid"))
                continue
            pending.append(PendingSave(lease.attempt_id, lease.epoch, save.slot, save.seq, response, arrived_us))
        if not pending:
            raise ResponseInvalidError(slot=batch.saves[0].slot)
        verdicts = await self._batcher.save(pending)
        return self._answer(pending, verdicts, refused)

    def _answer(self, pending: list[PendingSave], verdicts: list[Verdict], refused: list[Refused]) -> SaveAnswer:
        accepted = []
        for save, verdict in zip(pending, verdicts, strict=True):
            if verdict.code:
                refused.append(Refused(save.slot, save.seq, verdict.code))
            else:
                accepted.append(Accepted(save.slot, save.seq, self._receipt(save, verdict)))
        last = verdicts[-1]
        if not accepted and last.code not in {"", "seq_reused"}:
            raise AnswerRefusedError(last.code)
        left = remaining_ms(self._clock.now(), last.deadline_at, last.paused_at) if last.deadline_at else 0
        return SaveAnswer(self._clock.unix_us() // US_PER_MS, left, last.state or "", accepted, refused)

    def _receipt(self, save: PendingSave, verdict: Verdict) -> str:
        revision = Revision(
            slot=save.slot,
            seq=save.seq,
            response_digest=response_digest(save.response.encode()),
            arrived_at_ms=verdict.arrived_us // US_PER_MS,
        )
        return save_receipt(self._secrets[0], save.attempt_id, revision)

    async def _shapes_of(self, attempt_id: UUID) -> list[SlotShape]:
        known = self._shapes.get(attempt_id)
        if known is not None:
            return known
        try:
            shape = await self._batcher.read_shape(attempt_id)
        except (psycopg.Error, OSError) as error:
            raise ServerFullError(retry_s=1) from error
        return self._shapes.put(attempt_id, shape) if shape else []

    async def _refuse(self, send: Send, error: Exception) -> None:
        problem = problem_of(error, self._app.state.catalogue)
        if isinstance(error, AnswerRefusedError):
            problem.code = error.reason
        extra = (RETRY_SOON,) if isinstance(error, ServerFullError) else ()
        if not isinstance(error, DomainError):
            structlog.get_logger().error("answer_path", incident=problem.incident)
        await _send(send, problem.status, msgspec.json.encode(problem), PROBLEM, NOT_STORED, *extra)


async def _read_body(receive: Receive) -> bytes:
    """Read the whole body, never more than a batch may hold."""
    message: Any = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body") and len(body) <= MAX_BATCH_BYTES:
        message = await receive()
        body += message.get("body", b"")
    if len(body) > MAX_BATCH_BYTES:
        raise BatchTooLargeError(limit=MAX_BATCH_BYTES)
    return body


async def _send(send: Send, status: int, body: bytes, *headers: Header) -> None:
    length = (b"content-length", b"%d" % len(body))
    start: Any = {"type": "http.response.start", "status": status, "headers": (*headers, length)}
    await send(start)
    await send({"type": "http.response.body", "body": body, "more_body": False})
