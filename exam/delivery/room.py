"""Acts of the room's proctor on attempts; each has a reason, stands in the ledger and is told to the candidate."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.errors import NotFoundError
from exam.core.events import publish
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.delivery import timing
from exam.delivery.attempts import finalise
from exam.delivery.checkin import get_attempt_row
from exam.delivery.errors import (
    ExtensionBoundsError,
    MessageTextError,
    ReasonMissingError,
    TerminalElsewhereError,
    TerminalUnboundError,
)
from exam.delivery.events import AttemptVoided, HoldPlaced
from exam.delivery.models import Attempt, Hold, Message, RoomAct, Terminal
from exam.delivery.state import FINISHED_STATES, OPEN_STATES, Act, AttemptFinalisedError, AttemptState, next_state
from exam.delivery.terminals import require_free

MAX_EXTENSION_S = 3600
MAX_MESSAGE = 500


async def _note(
    session: AsyncSession,
    principal: Principal,
    attempt: Attempt,
    act: str,
    reason: str,
    *,
    at: datetime,
    note: str = "",
    extension_ms: int = 0,
) -> None:
    if not reason.strip():
        raise ReasonMissingError
    session.add(
        RoomAct(
            attempt_id=attempt.id,
            region=attempt.region,
            act=act,
            reason=reason,
            note=note.strip(),
            extension_ms=extension_ms,
            actor=principal.account,
            at=at,
        ),
    )
    await session.flush()
    facts: dict[str, Fact] = {
        "reason": reason,
        "note": note.strip(),
        "extension_ms": extension_ms,
        "state": attempt.state,
    }
    subject = ("attempt", attempt.id)
    await record(session, principal, f"attempt.{act}", subject, at=at, region=attempt.region, facts=facts)


async def admit(session: AsyncSession, principal: Principal, attempt_id: UUID, *, reason: str, at: datetime) -> None:
    """Confirm the candidate's identity at the seat: from now on the terminal may hold the lease."""
    attempt = await get_attempt_row(session, attempt_id, lock=True)
    attempt.state = next_state(AttemptState(attempt.state), Act.ADMIT).value
    attempt.admitted_at = at
    await _note(session, principal, attempt, "admitted", reason, at=at)


async def transfer(
    session: AsyncSession,
    principal: Principal,
    attempt_id: UUID,
    *,
    to_terminal_id: UUID,
    reason: str,
    at: datetime,
) -> None:
    """Give the attempt to another bound terminal: the epoch rises, and the old terminal's saves are refused.

    Raises TerminalUnboundError, TerminalElsewhereError, and TerminalBusyError where somebody else works at it.
    """
    attempt = await get_attempt_row(session, attempt_id, lock=True)
    if attempt.state in FINISHED_STATES:
        raise AttemptFinalisedError(state=attempt.state, act="transfer")
    terminal = await session.get(Terminal, to_terminal_id)
    if terminal is None or terminal.state != "bound":
        raise TerminalUnboundError
    if terminal.room_id != attempt.room_id:
        raise TerminalElsewhereError
    await require_free(session, terminal, attempt.registration_id)
    attempt.epoch += 1
    attempt.terminal_id, attempt.terminal_thumbprint = terminal.id, terminal.thumbprint
    await _note(session, principal, attempt, "transferred", reason, at=at, note=str(terminal.id))


async def pause(
    session: AsyncSession, principal: Principal, attempt_id: UUID, *, reason: str, note: str = "", at: datetime
) -> None:
    """Stop the candidate's time."""
    attempt = await get_attempt_row(session, attempt_id, lock=True)
    attempt.state = next_state(AttemptState(attempt.state), Act.PAUSE).value
    attempt.paused_at = at
    await _note(session, principal, attempt, "paused", reason, at=at, note=note)


async def resume(
    session: AsyncSession, principal: Principal, attempt_id: UUID, *, reason: str, note: str = "", at: datetime
) -> None:
    """Lift a pause; its length is logged as an extension, so that no time is lost."""
    attempt = await get_attempt_row(session, attempt_id, lock=True)
    attempt.state = next_state(AttemptState(attempt.state), Act.RESUME).value
    given = timing.pause_extension_ms(attempt.paused_at or at, at)
    attempt.paused_at = None
    _give_time(attempt, given)
    await _note(session, principal, attempt, "resumed", reason, at=at, note=note, extension_ms=given)


async def extend(
    session: AsyncSession,
    principal: Principal,
    attempt_id: UUID,
    *,
    seconds: int,
    reason: str,
    at: datetime,
) -> None:
    """Give more time, at most an hour in one act."""
    if not 1 <= seconds <= MAX_EXTENSION_S:
        raise ExtensionBoundsError(limit_min=MAX_EXTENSION_S // 60)
    attempt = await get_attempt_row(session, attempt_id, lock=True)
    if attempt.state in FINISHED_STATES:
        raise AttemptFinalisedError(state=attempt.state, act="extend")
    _give_time(attempt, seconds * 1000)
    await _note(session, principal, attempt, "extended", reason, at=at, extension_ms=seconds * 1000)


def _give_time(attempt: Attempt, milliseconds: int) -> None:
    attempt.extension_ms += milliseconds
    if attempt.started_at is not None:
        attempt.deadline_at = timing.deadline(attempt.started_at, attempt.duration_s, [attempt.extension_ms])


async def end_attempt(
    session: AsyncSession,
    runtime: Runtime,
    principal: Principal,
    attempt_id: UUID,
    *,
    reason: str,
    at: datetime,
) -> None:
    """End an attempt with the answers it has: for a candidate who left."""
    attempt = await get_attempt_row(session, attempt_id, lock=True)
    await finalise(session, runtime, attempt, Act.EXPIRE, principal)
    await _note(session, principal, attempt, "ended", reason, at=at)


async def void_attempt(
    session: AsyncSession,
    principal: Principal,
    attempt_id: UUID,
    *,
    reason: str,
    note: str = "",
    at: datetime,
) -> None:
    """Make the attempt count for nothing; its record stays."""
    attempt = await get_attempt_row(session, attempt_id, lock=True)
    attempt.state = next_state(AttemptState(attempt.state), Act.VOID).value
    await _note(session, principal, attempt, "voided", reason, at=at, note=note)
    event = AttemptVoided(
        region=attempt.region,
        attempt_id=attempt.id,
        sitting_id=attempt.sitting_id,
        registration_id=attempt.registration_id,
    )
    await publish(session, event, at=at)


async def lower_hand(session: AsyncSession, attempt_id: UUID) -> None:
    """Note that the proctor has seen to the candidate."""
    attempt = await get_attempt_row(session, attempt_id)
    attempt.hand_raised_at = None
    await session.flush()


async def for_room(
    session: AsyncSession,
    room_id: UUID,
    states: frozenset[AttemptState],
    act: Callable[[UUID], Awaitable[None]],
) -> int:
    """Do one act to every attempt of a room in one of the states, in id order; return how many there were."""
    query = select(Attempt.id).where(Attempt.room_id == room_id, Attempt.state.in_(states)).order_by(Attempt.id)
    attempts = (await session.scalars(query)).all()
    for attempt_id in attempts:
        await act(attempt_id)
    return len(attempts)


async def pause_room(
    session: AsyncSession, principal: Principal, room_id: UUID, *, reason: str, note: str = "", at: datetime
) -> int:
    """Stop the time of everybody in a room; return how many."""

    async def one(attempt_id: UUID) -> None:
        await pause(session, principal, attempt_id, reason=reason, note=note, at=at)

    return await for_room(session, room_id, frozenset({AttemptState.IN_PROGRESS}), one)


async def resume_room(
    session: AsyncSession, principal: Principal, room_id: UUID, *, reason: str, note: str = "", at: datetime
) -> int:
    """Lift the pause of everybody in a room; return how many."""

    async def one(attempt_id: UUID) -> None:
        await resume(session, principal, attempt_id, reason=reason, note=note, at=at)

    return await for_room(session, room_id, frozenset({AttemptState.PAUSED}), one)


async def extend_room(
    session: AsyncSession,
    principal: Principal,
    room_id: UUID,
    *,
    seconds: int,
    reason: str,
    at: datetime,
) -> int:
    """Give everybody in a room who has not ended the same time (补时); return how many."""

    async def one(attempt_id: UUID) -> None:
        await extend(session, principal, attempt_id, seconds=seconds, reason=reason, at=at)

    return await for_room(session, room_id, OPEN_STATES, one)


async def send_message(
    session: AsyncSession,
    principal: Principal,
    attempt_id: UUID,
    *,
    reason: str,
    text: str,
    ready: str = "",
    needs_ack: bool,
    at: datetime,
) -> UUID:
    """Send a message that the terminal shows as a card with the words of its reason; `ready` is the code of a ready text.

    Raises ReasonMissingError and MessageTextError.
    """
    if not reason.strip():
        raise ReasonMissingError
    if not 1 <= len(text.strip()) <= MAX_MESSAGE:
        raise MessageTextError(limit=MAX_MESSAGE)
    attempt = await get_attempt_row(session, attempt_id)
    message = Message(
        attempt_id=attempt.id,
        region=attempt.region,
        reason=reason,
        text=text.strip(),
        ready=ready,
        needs_ack=needs_ack,
        sent_by=principal.account,
        sent_at=at,
    )
    session.add(message)
    await session.flush()
    facts = {"message": str(message.id), "reason": reason, "text": message.text}
    subject = ("attempt", attempt.id)
    await record(session, principal, "attempt.messaged", subject, at=at, region=attempt.region, facts=facts)
    return message.id


async def message_room(
    session: AsyncSession,
    principal: Principal,
    room_id: UUID,
    *,
    reason: str,
    text: str,
    ready: str = "",
    at: datetime,
) -> int:
    """Send everybody in a room who has not ended the same message, to be acknowledged; return how many."""

    async def one(attempt_id: UUID) -> None:
        await send_message(session, principal, attempt_id, reason=reason, text=text, ready=ready, needs_ack=True, at=at)

    return await for_room(session, room_id, OPEN_STATES, one)


async def list_messages(session: AsyncSession, attempt_id: UUID, *, unread_only: bool = False) -> list[Message]:
    """Return the messages to a candidate, oldest first."""
    query = select(Message).where(Message.attempt_id == attempt_id)
    if unread_only:
        query = query.where(Message.acknowledged_at.is_(None))
    return list(await session.scalars(query.order_by(Message.sent_at)))


async def acknowledge_message(session: AsyncSession, attempt_id: UUID, message_id: UUID, *, at: datetime) -> None:
    """Note when the candidate acknowledged; the first time counts."""
    await session.execute(
        update(Message)
        .where(Message.id == message_id, Message.attempt_id == attempt_id, Message.acknowledged_at.is_(None))
        .values(acknowledged_at=at),
    )


async def place_hold(
    session: AsyncSession, principal: Principal, attempt_id: UUID, *, reason: str, at: datetime
) -> UUID:
    """Keep the attempt's result from release until somebody lifts this."""
    attempt = await get_attempt_row(session, attempt_id)
    if not reason.strip():
        raise ReasonMissingError
    hold = Hold(
        attempt_id=attempt.id,
        region=attempt.region,
        reason=reason,
        placed_by=principal.account,
        placed_at=at,
    )
    session.add(hold)
    await session.flush()
    facts = {"hold": str(hold.id), "reason": reason}
    subject = ("attempt", attempt.id)
    await record(session, principal, "attempt.hold_placed", subject, at=at, region=attempt.region, facts=facts)
    await publish(session, HoldPlaced(region=attempt.region, attempt_id=attempt.id, hold_id=hold.id), at=at)
    return hold.id


async def release_hold(
    session: AsyncSession, principal: Principal, hold_id: UUID, *, reason: str, at: datetime
) -> None:
    """Lift one hold."""
    hold = await session.get(Hold, hold_id, with_for_update=True)
    if hold is None or hold.released_at is not None:
        raise NotFoundError(hold_id=str(hold_id))
    hold.released_by, hold.released_at = principal.account, at
    facts = {"hold": str(hold.id), "reason": reason}
    subject = ("attempt", hold.attempt_id)
    await record(session, principal, "attempt.hold_released", subject, at=at, region=hold.region, facts=facts)


async def has_hold(session: AsyncSession, attempt_id: UUID) -> bool:
    """Tell whether a hold stands on the attempt."""
    query = select(func.count()).select_from(Hold).where(Hold.attempt_id == attempt_id, Hold.released_at.is_(None))
    return bool(await session.scalar(query))
