"""Routes of the terminal: every one checks a signature, a ticket or a lease itself before anything else."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from importlib.resources import files
from io import BytesIO
from typing import Any
from uuid import UUID

import segno
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.errors import NotFoundError
from exam.core.runtime import Runtime
from exam.core.valkey import require_allowance
from exam.delivery import attempts, room, timing
from exam.delivery.api import require_lease
from exam.delivery.checkin import check_in, get_attempt_row
from exam.delivery.models import Attempt, Terminal
from exam.delivery.receipt import read_receipt_code
from exam.delivery.schemas import (
    CandidateDisplay,
    CheckInAnswer,
    CheckInRequest,
    EnrolRequest,
    LeaseAnswer,
    LeaseRequest,
    MessageItem,
    ResponsesAnswer,
    StartAnswer,
    StateAnswer,
    StoredResponse,
    SubmitRequest,
    TerminalPlace,
    WireForm,
    ms,
    ms_or_none,
    wire_form,
)
from exam.delivery.terminals import enrol_terminal, require_terminal
from exam.web.policy import BY_KEY, PUBLIC
from exam.web.request import address_of

# A centre of 3,000 seats stands behind one address and switches its machines on together; a fifth more are started
# twice. Whoever wants to fill the table instead gets no further than this either: what no proctor binds within a day
# is forgotten (exam.delivery.jobs), so one address can hold some 250 MB and never more.
ENROLMENTS = 3600
ENROLMENTS_WINDOW_S = 600
CHECKINS_PER_MINUTE = 20
WORKER = "static/delivery/terminal/sw.js"


@asynccontextmanager
async def answering(runtime: Runtime) -> AsyncGenerator[AsyncSession, None]:
    """Open a transaction as the answer role: its verified lease or signature is its scope."""
    async with runtime.databases.transaction(NOTHING, Role.ANSWER) as session:
        yield session


def _place(terminal: Terminal, now: datetime) -> TerminalPlace:
    place = terminal.place or {}
    return TerminalPlace(
        terminal_id=terminal.id,
        state=terminal.state,
        code=terminal.code,
        room={"title": place["room"]} if place else None,
        seat=terminal.seat,
        sitting={"title": place["sitting"], "starts_at": place["starts_at"]} if place else None,
        server_now=ms(now),
    )


def _candidate(attempt: Attempt, photo_url: str | None = None) -> CandidateDisplay:
    return CandidateDisplay(attempt.display["name_masked"], attempt.display["id_masked"], photo_url)


def _left(attempt: Attempt, now: datetime) -> int | None:
    return timing.remaining_ms(now, attempt.deadline_at, attempt.paused_at) if attempt.deadline_at else None


async def _unread(session: AsyncSession, attempt_id: UUID) -> list[MessageItem]:
    messages = await room.list_messages(session, attempt_id, unread_only=True)
    return [
        MessageItem(each.id, each.reason, each.text, each.ready, ms(each.sent_at), each.needs_ack) for each in messages
    ]


class TerminalController(Controller):
    """Enrolment of terminals and check-in at them."""

    opt = BY_KEY

    @get("/terminal", opt=PUBLIC)
    async def page(self) -> Template:
        return Template("delivery/terminal.html")

    @get("/terminal/sw.js", opt=PUBLIC)
    async def worker(self) -> Response[bytes]:
        """Serve the script that keeps the page for a reload without network; only this header lets it hold the page."""
        script = files("exam.delivery").joinpath(WORKER).read_bytes()
        return Response(script, media_type="text/javascript", headers={"Service-Worker-Allowed": "/terminal"})

    @post("/api/terminals", status_code=200)
    async def enrol(
        self,
        request: Request[Any, Any, Any],
        runtime: NamedDependency[Runtime],
        data: JSONBody[EnrolRequest],
    ) -> TerminalPlace:
        counted = f"enrol:{address_of(request)}"
        await require_allowance(runtime.valkey, counted, limit=ENROLMENTS, window_s=ENROLMENTS_WINDOW_S)
        now = runtime.clock.now()
        async with answering(runtime) as session:
            key = {"x": data.public_key.x, "y": data.public_key.y}
            return _place(await enrol_terminal(session, key, at=now), now)

    @get("/api/terminals/{terminal_id:uuid}")
    async def terminal(self, runtime: NamedDependency[Runtime], terminal_id: FromPath[UUID]) -> TerminalPlace:
        async with answering(runtime) as session:
            found = await session.get(Terminal, terminal_id)
            if found is None:
                raise NotFoundError(terminal_id=str(terminal_id))
            return _place(found, runtime.clock.now())

    @post("/api/checkin", status_code=200)
    async def check_in(self, runtime: NamedDependency[Runtime], data: JSONBody[CheckInRequest]) -> CheckInAnswer:
        target = f"checkin:{data.terminal_id}"
        await require_allowance(runtime.valkey, target, limit=CHECKINS_PER_MINUTE, window_s=60)
        words = ("checkin", str(data.terminal_id), data.ticket)
        async with answering(runtime) as session:
            terminal = await require_terminal(session, data.terminal_id, words, data.nonce, data.signature)
        attempt, photo_url = await check_in(runtime, terminal, data.ticket, data.id_number)
        return CheckInAnswer(
            attempt_id=attempt.id,
            candidate=_candidate(attempt, photo_url),
            qualification=attempt.display["qualification"],
            state=attempt.state,
            server_now=ms(runtime.clock.now()),
        )


class AttemptController(Controller):
    """The attempt at its terminal, but for the save of answers, which has a path of its own."""

    path = "/api/attempts/{attempt_id:uuid}"
    opt = BY_KEY

    @post("/lease", status_code=200)
    async def lease(
        self,
        request: Request[Any, Any, Any],
        runtime: NamedDependency[Runtime],
        attempt_id: FromPath[UUID],
        data: JSONBody[LeaseRequest],
    ) -> LeaseAnswer:
        words = ("lease", str(attempt_id), str(data.terminal_id))
        async with answering(runtime) as session:
            terminal = await require_terminal(session, data.terminal_id, words, data.nonce, data.signature)
            attempt = await get_attempt_row(session, attempt_id)
            token = attempts.give_lease(attempt, terminal, runtime.secrets.lease)
            seqs = await attempts.greatest_seqs(session, attempt_id) if attempt.started_at else {}
            messages = await _unread(session, attempt_id)
        request.app.state.presence.note(attempt_id)
        now = runtime.clock.now()
        return LeaseAnswer(
            state=attempt.state,
            lease=token,
            waiting_pass=attempts.give_pass(attempt, runtime.secrets.lease),
            epoch=attempt.epoch,
            server_now=ms(now),
            starts_at=ms(attempt.starts_at),
            deadline_at=ms_or_none(attempt.deadline_at),
            duration_s=attempt.duration_s,
            remaining_ms=_left(attempt, now),
            candidate=_candidate(attempt),
            room=attempt.display["room"],
            seat=attempt.seat,
            qualification=attempt.display["qualification"],
            messages=messages,
            seq_high={str(slot): seq for slot, seq in seqs.items()},
        )

    @post("/start", status_code=200)
    async def start(
        self,
        request: Request[Any, Any, Any],
        runtime: NamedDependency[Runtime],
        attempt_id: FromPath[UUID],
    ) -> StartAnswer:
        lease = require_lease(request.scope, runtime, attempt_id)
        async with answering(runtime) as session:
            attempt, form = await attempts.start_attempt(session, runtime, lease)
        now = runtime.clock.now()
        return StartAnswer(
            state=attempt.state,
            server_now=ms(now),
            deadline_at=ms(attempt.deadline_at or now),
            remaining_ms=_left(attempt, now) or 0,
            form=wire_form(form),
        )

    @get("/form")
    async def form(
        self,
        request: Request[Any, Any, Any],
        runtime: NamedDependency[Runtime],
        attempt_id: FromPath[UUID],
    ) -> WireForm:
        lease = require_lease(request.scope, runtime, attempt_id)
        async with answering(runtime) as session:
            attempt = await get_attempt_row(session, attempt_id)
            attempts.require_holder(attempt, lease)
            return wire_form(await attempts.open_form(session, runtime, attempt))

    @get("/responses")
    async def responses(
        self,
        request: Request[Any, Any, Any],
        runtime: NamedDependency[Runtime],
        attempt_id: FromPath[UUID],
    ) -> ResponsesAnswer:
        lease = require_lease(request.scope, runtime, attempt_id)
        async with answering(runtime) as session:
            attempts.require_holder(await get_attempt_row(session, attempt_id), lease)
            final = await attempts.list_final_responses(session, attempt_id)
        return ResponsesAnswer([StoredResponse(each.slot, each.seq, each.response) for each in final.values()])

    @post("/submit", status_code=200)
    async def submit(
        self,
        request: Request[Any, Any, Any],
        runtime: NamedDependency[Runtime],
        attempt_id: FromPath[UUID],
        data: JSONBody[SubmitRequest],
    ) -> StateAnswer:
        arrived_at = runtime.clock.now()
        lease = require_lease(request.scope, runtime, attempt_id)
        async with answering(runtime) as session:
            attempt = await attempts.submit_attempt(
                session, runtime, lease, arrived_at, time_up=data.cause == "time_up"
            )
        return StateAnswer(
            state=attempt.state,
            server_now=ms(runtime.clock.now()),
            starts_at=ms(attempt.starts_at),
            remaining_ms=0,
            deadline_at=ms_or_none(attempt.deadline_at),
            messages=[],
            hand_raised=False,
            submitted_at=ms_or_none(attempt.submitted_at or attempt.finalised_at),
            answered=attempt.answered,
            receipt_code=attempt.receipt_code,
            digest=attempt.response_digest.hex() if attempt.response_digest else None,
        )

    @post("/messages/{message_id:uuid}/ack", status_code=204)
    async def acknowledge(
        self,
        request: Request[Any, Any, Any],
        runtime: NamedDependency[Runtime],
        attempt_id: FromPath[UUID],
        message_id: FromPath[UUID],
    ) -> None:
        lease = require_lease(request.scope, runtime, attempt_id)
        async with answering(runtime) as session:
            attempts.require_holder(await get_attempt_row(session, attempt_id), lease)
            await room.acknowledge_message(session, attempt_id, message_id, at=runtime.clock.now())

    @post("/hand", status_code=204)
    async def raise_hand(
        self,
        request: Request[Any, Any, Any],
        runtime: NamedDependency[Runtime],
        attempt_id: FromPath[UUID],
    ) -> None:
        lease = require_lease(request.scope, runtime, attempt_id)
        async with answering(runtime) as session:
            attempt = await get_attempt_row(session, attempt_id)
            attempts.require_holder(attempt, lease)
            if attempt.hand_raised_at is None and attempt.finalised_at is None:
                attempt.hand_raised_at = runtime.clock.now()


@get("/api/receipts/{code:str}", opt=PUBLIC)
async def receipt_picture(code: FromPath[str]) -> Response[bytes]:
    """Draw a receipt code as a QR picture; the code is in the caller's hands already and is only drawn."""
    known = read_receipt_code(code.removesuffix(".svg"))
    if known is None:
        raise NotFoundError(receipt=code[:32])
    picture = BytesIO()
    segno.make(f"AKR1.{known}", micro=False).save(picture, kind="svg", scale=4, border=2, xmldecl=False)
    return Response(picture.getvalue(), media_type="image/svg+xml")


HANDLERS = (TerminalController, AttemptController, receipt_picture)
