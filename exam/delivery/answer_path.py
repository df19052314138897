"""The save of answers: raw ASGI, lease and schema checked here, acknowledged after the commit (DESIGN.md §7)."""

from datetime import timedelta
from uuid import UUID

import msgspec
import psycopg
from litestar import Litestar
from litestar.types import Receive, Scope, Send

from exam.core.errors import ConflictError
from exam.core.runtime import Runtime
from exam.delivery.batcher import Batcher, PendingSave, ServerFullError, Verdict
from exam.delivery.raw_route import JSON, NOT_STORED, Holder, LeaseBook, describe, send_body, send_problem
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
from exam.web.front import read_body

US_PER_MS = 1000
LATENCY_US = ACCEPTABLE_LATENCY // timedelta(microseconds=1)


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


class AnswerPath:
    """One process's save route: its batcher, its shapes and its secrets."""

    def __init__(self, app: Litestar) -> None:
        self._app = app
        runtime: Runtime = app.state.runtime
        self._clock = runtime.clock
        self._batcher: Batcher = app.state.batcher
        self._shapes: ShapeCache = app.state.shapes
        self._secret = runtime.secrets.lease
        self._book = LeaseBook(self._secret)

    async def __call__(self, attempt: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve `POST /api/attempts/{attempt}/responses`."""
        # before anything else: a slow server must not cost the candidate time
        arrived_us = self._clock.unix_us()
        try:
            holder = self._book.holder(scope, attempt)
            batch = decode_batch(await read_body(receive, most=MAX_BATCH_BYTES, too_large=_too_large))
            read_us = self._clock.unix_us()
            if read_us - arrived_us > LATENCY_US:
                arrived_us = read_us  # whoever holds a request open must not choose the answer after the deadline
            if not holder.shapes:
                holder.shapes = await self._shapes_of(holder.lease.attempt_id)
            answer = await self._save(holder, batch, arrived_us)
            await send_body(send, 200, msgspec.json.encode(answer), JSON, NOT_STORED)
        except Exception as error:  # noqa: BLE001  # the edge: nothing above would answer
            await self._refuse(send, error)

    async def _save(self, holder: Holder, batch: SaveBatch, arrived_us: int) -> SaveAnswer:
        lease, shapes = holder.lease, holder.shapes
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
        return save_receipt(self._secret, save.attempt_id, revision)

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
        problem = describe(self._app, error)
        if isinstance(error, AnswerRefusedError):
            problem.code = error.reason
        await send_problem(send, problem)


def _too_large() -> BatchTooLargeError:
    return BatchTooLargeError(limit=MAX_BATCH_BYTES)
