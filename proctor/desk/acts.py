"""From a form to an act: one table for pages and programs, so that neither can do what the other cannot."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import NotFoundError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.delivery import api as delivery
from proctor.desk.reasons import require_reason, said
from proctor.desk.schemas import Act
from proctor.incidents.cases import report_incident
from proctor.media.listening import hush, listen

Perform = Callable[[AsyncSession, Runtime, Principal, UUID, Act], Awaitable[None]]


async def _admit(session: AsyncSession, runtime: Runtime, principal: Principal, attempt_id: UUID, act: Act) -> None:
    reason = require_reason("admit", act.reason)
    await delivery.admit(session, principal, attempt_id, reason=reason, at=runtime.clock.now())


async def _pause(session: AsyncSession, runtime: Runtime, principal: Principal, attempt_id: UUID, act: Act) -> None:
    reason = require_reason("pause", act.reason)
    await delivery.pause(session, principal, attempt_id, reason=reason, note=act.note, at=runtime.clock.now())


async def _resume(session: AsyncSession, runtime: Runtime, principal: Principal, attempt_id: UUID, act: Act) -> None:
    reason = require_reason("resume", act.reason)
    await delivery.resume(session, principal, attempt_id, reason=reason, note=act.note, at=runtime.clock.now())


async def _extend(session: AsyncSession, runtime: Runtime, principal: Principal, attempt_id: UUID, act: Act) -> None:
    await delivery.extend(
        session,
        principal,
        attempt_id,
        seconds=(act.minutes or 0) * 60,
        reason=require_reason("extend", act.reason),
        at=runtime.clock.now(),
    )


async def _transfer(session: AsyncSession, runtime: Runtime, principal: Principal, attempt_id: UUID, act: Act) -> None:
    if act.terminal_id is None:
        raise NotFoundError(terminal_id="")
    await delivery.transfer(
        session,
        principal,
        attempt_id,
        to_terminal_id=act.terminal_id,
        reason=require_reason("transfer", act.reason),
        at=runtime.clock.now(),
    )


async def _end(session: AsyncSession, runtime: Runtime, principal: Principal, attempt_id: UUID, act: Act) -> None:
    reason = require_reason("end", act.reason)
    await delivery.end_attempt(session, runtime, principal, attempt_id, reason=reason, at=runtime.clock.now())


async def _void(session: AsyncSession, runtime: Runtime, principal: Principal, attempt_id: UUID, act: Act) -> None:
    """Report for voiding: the result is held, and the second reviewer of the incident voids or not."""
    at = runtime.clock.now()
    attempt = await delivery.get_attempt(session, attempt_id, now=at)
    reason = require_reason("void", act.reason)
    await report_incident(session, principal, attempt, category=reason, summary=act.note, at=at)


async def _hold(session: AsyncSession, runtime: Runtime, principal: Principal, attempt_id: UUID, act: Act) -> None:
    reason = require_reason("hold", act.reason)
    await delivery.place_hold(session, principal, attempt_id, reason=reason, at=runtime.clock.now())


async def _listen(session: AsyncSession, runtime: Runtime, principal: Principal, attempt_id: UUID, act: Act) -> None:
    at = runtime.clock.now()
    attempt = await delivery.get_attempt(session, attempt_id, now=at)
    reason = require_reason("listen", act.reason)
    await listen(session, principal, attempt, reason=reason, note=act.note, at=at)


async def _hush(session: AsyncSession, runtime: Runtime, principal: Principal, attempt_id: UUID, _act: Act) -> None:
    at = runtime.clock.now()
    await hush(session, principal, await delivery.get_attempt(session, attempt_id, now=at), at=at)


async def _message(session: AsyncSession, runtime: Runtime, principal: Principal, attempt_id: UUID, act: Act) -> None:
    reason, at = require_reason("message", act.reason), runtime.clock.now()
    text, ready = said(act.text, act.ready)
    await delivery.send_message(
        session, principal, attempt_id, reason=reason, text=text, ready=ready, needs_ack=True, at=at
    )


async def _lower_hand(
    session: AsyncSession,
    _runtime: Runtime,
    _principal: Principal,
    attempt_id: UUID,
    _act: Act,
) -> None:
    await delivery.lower_hand(session, attempt_id)


ATTEMPT_ACTS: dict[str, Perform] = {
    "admit": _admit,
    "pause": _pause,
    "resume": _resume,
    "extend": _extend,
    "transfer": _transfer,
    "end": _end,
    "void": _void,
    "hold": _hold,
    "listen": _listen,
    "hush": _hush,
    "message": _message,
    "lower-hand": _lower_hand,
}


async def act_on_room(
    session: AsyncSession,
    runtime: Runtime,
    principal: Principal,
    room_id: UUID,
    name: str,
    act: Act,
) -> int:
    """Do a whole-room act and return how many attempts it reached."""
    at = runtime.clock.now()
    reason = require_reason(name, act.reason)
    if name == "message":
        text, ready = said(act.text, act.ready)
        return await delivery.message_room(session, principal, room_id, reason=reason, text=text, ready=ready, at=at)
    if name == "pause":
        return await delivery.pause_room(session, principal, room_id, reason=reason, note=act.note, at=at)
    if name == "resume":
        return await delivery.resume_room(session, principal, room_id, reason=reason, note=act.note, at=at)
    seconds = (act.minutes or 0) * 60
    return await delivery.extend_room(session, principal, room_id, seconds=seconds, reason=reason, at=at)
