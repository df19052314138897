"""The state of an attempt, which every terminal asks for again and again: raw, one prepared statement, no session.

Through the framework and the ORM one such question costs as much as fifteen saves, and a terminal asks more often than
it saves.
"""

from datetime import datetime

import msgspec
import psycopg
from litestar import Litestar
from litestar.types import Receive, Scope, Send
from psycopg.pq.abc import PGresult

from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.errors import NotFoundError
from exam.core.runtime import Runtime
from exam.delivery import binary
from exam.delivery.attempts import finalise_if_due, is_due
from exam.delivery.errors import LeaseStaleError
from exam.delivery.lease import Lease
from exam.delivery.link import SharedLink
from exam.delivery.presence import Presence
from exam.delivery.raw_route import JSON, NOT_STORED, LeaseBook, describe, send_body, send_problem
from exam.delivery.schemas import ActItem, MessageItem, StateAnswer, ms, ms_or_none
from exam.delivery.timing import remaining_ms
from exam.web.problem import RETRY_S, UnavailableError

STATEMENTS = {
    "state": """
        select a.epoch, a.terminal_thumbprint, a.state, a.starts_at, a.deadline_at, a.paused_at, a.grace_s, a.hand_raised_at,
            coalesce(a.submitted_at, a.finalised_at), a.answered, a.receipt_code, a.response_digest,
            (select json_agg(json_build_object('id', m.id, 'reason', m.reason, 'text', m.text, 'ready', m.ready,
                    'needs_ack', m.needs_ack, 'sent_at', floor(extract(epoch from m.sent_at) * 1000)::bigint) order by m.sent_at)
                from delivery_message m where m.attempt_id = a.id and m.acknowledged_at is null),
            (select json_build_object('act', d.act, 'reason', d.reason, 'extension_ms', d.extension_ms,
                    'at', floor(extract(epoch from d.at) * 1000)::bigint)
                from delivery_act d where d.attempt_id = a.id order by d.at desc, d.id desc limit 1)
        from delivery_attempt a where a.id = $1::uuid
    """,
}
_messages = msgspec.json.Decoder(list[MessageItem])
_act = msgspec.json.Decoder(ActItem)


class StateRow(msgspec.Struct, frozen=True):
    """An attempt as the statement gives it."""

    epoch: int
    terminal: str
    state: str
    starts_at: datetime
    deadline_at: datetime | None
    paused_at: datetime | None
    grace_s: int
    hand_raised: bool
    ended_at: datetime | None
    answered: int | None
    receipt_code: str | None
    digest: bytes | None
    messages: list[MessageItem]
    act: ActItem | None


class StatePath:
    """One process's state route."""

    def __init__(self, app: Litestar) -> None:
        self._app = app
        self._runtime: Runtime = app.state.runtime
        self._clock = self._runtime.clock
        self._link: SharedLink = app.state.state_link
        self._presence: Presence = app.state.presence
        self._book = LeaseBook(self._runtime.secrets.lease)

    async def __call__(self, attempt: str, scope: Scope, _receive: Receive, send: Send) -> None:
        """Serve `GET /api/attempts/{attempt}/state`."""
        try:
            lease = self._book.holder(scope, attempt).lease
            answer = await self._answer(lease)
            self._presence.note(lease.attempt_id)
            await send_body(send, 200, msgspec.json.encode(answer), JSON, NOT_STORED)
        except Exception as error:  # noqa: BLE001  # the edge: nothing above would answer
            await send_problem(send, describe(self._app, error))

    async def _answer(self, lease: Lease) -> StateAnswer:
        row = await self._read(lease)
        if is_due(row.state, row.deadline_at, row.grace_s, self._clock.now()) and await self._finalise(lease):
            row = await self._read(lease)
        now = self._clock.now()
        return StateAnswer(
            state=row.state,
            server_now=ms(now),
            starts_at=ms(row.starts_at),
            remaining_ms=remaining_ms(now, row.deadline_at, row.paused_at) if row.deadline_at else None,
            deadline_at=ms_or_none(row.deadline_at),
            messages=row.messages,
            hand_raised=row.hand_raised,
            submitted_at=ms_or_none(row.ended_at),
            answered=row.answered,
            receipt_code=row.receipt_code,
            digest=row.digest.hex() if row.digest else None,
            act=row.act,
        )

    async def _read(self, lease: Lease) -> StateRow:
        """Return the attempt; raises LeaseStaleError where a transfer has overtaken the lease."""
        try:
            result = await self._link.run("state", [lease.attempt_id.bytes])
        except (psycopg.Error, OSError) as error:
            raise UnavailableError(retry_s=RETRY_S) from error
        if result.ntuples == 0:
            raise NotFoundError(attempt_id=str(lease.attempt_id))
        row = _row(result)
        if (row.epoch, row.terminal) != (lease.epoch, lease.terminal):
            raise LeaseStaleError
        return row

    async def _finalise(self, lease: Lease) -> bool:
        async with self._runtime.databases.transaction(NOTHING, Role.ANSWER) as session:
            return await finalise_if_due(session, self._runtime, lease.attempt_id)


def _row(result: PGresult) -> StateRow:
    values = [result.get_value(0, column) for column in range(14)]
    epoch, terminal, state, starts, deadline, paused, grace, hand, ended, answered, receipt, digest, messages, act = (
        values
    )
    return StateRow(
        int.from_bytes(epoch or b""),
        (terminal or b"").decode(),
        (state or b"").decode(),
        binary.read_datetime(starts or b""),
        _instant(deadline),
        _instant(paused),
        int.from_bytes(grace or b""),
        hand is not None,
        _instant(ended),
        None if answered is None else int.from_bytes(answered),
        None if receipt is None else receipt.decode(),
        digest,
        _messages.decode(messages) if messages else [],
        _act.decode(act) if act else None,
    )


def _instant(value: bytes | None) -> datetime | None:
    return None if value is None else binary.read_datetime(value)
