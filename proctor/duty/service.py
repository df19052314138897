"""Taking charge of rooms and handing them over; every turn is on the ledger and in the room's own history."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.errors import ForbiddenError
from exam.core.ids import new_id
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import Role, list_role_holders_over, names_of_accounts, require_region
from exam.sitting.api import RoomView, get_room, record_room_proctor
from proctor.duty.errors import (
    HandoverColleagueError,
    HandoverNoteError,
    HandoverNotFoundError,
    HandoverWaitingError,
    NotOnDutyError,
    RoomTakenError,
)
from proctor.duty.models import DutyTurn, Handover
from proctor.duty.presence import away_since, last_seen
from proctor.duty.situation import Situation, situation_of

MAX_NOTE = 1000


async def take_charge(
    session: AsyncSession, runtime: Runtime, principal: Principal, room_id: UUID, *, note: str, at: datetime
) -> None:
    """Answer for a room that nobody answers for, or whose proctor has gone without a word; raises RoomTakenError."""
    account = _account(principal)
    room = await _own_room(session, principal, room_id)
    if room.proctor_id == account:
        return
    if room.proctor_id and room.proctor_since:
        seen = await last_seen(runtime, [room.proctor_id])
        if away_since(room.proctor_id, room.proctor_since, seen, now=at) is None:
            raise RoomTakenError(name=await _name(session, room.proctor_id))
    await _drop_offer(session, principal, room, at=at)
    await _turn(session, principal, room, account, "relieved" if room.proctor_id else "taken", note=note, at=at)


async def hand_over(
    session: AsyncSession,
    runtime: Runtime,
    principal: Principal,
    room_ids: Iterable[UUID],
    *,
    to: UUID | None,
    note: str,
    at: datetime,
) -> UUID:
    """Offer rooms to a colleague, who answers for them once the offer is accepted; return the offer's id.

    Raises HandoverNoteError, HandoverColleagueError, NotOnDutyError and HandoverWaitingError.
    """
    note = note.strip()
    if not 0 < len(note) <= MAX_NOTE:
        raise HandoverNoteError(limit=MAX_NOTE)
    batch_id = new_id()
    for room_id in room_ids:
        room = await _own_room(session, principal, room_id)
        if room.proctor_id != _account(principal):
            raise NotOnDutyError
        if to is None or to not in await list_colleagues(session, principal, [room.region]):
            raise HandoverColleagueError
        situation = await situation_of(session, runtime, room_id)
        await _offer(session, principal, room, Offered(batch_id, to, note, situation), at=at)
    return batch_id


class Offered(msgspec.Struct, frozen=True):
    """What one offer says of every room that goes with it."""

    batch_id: UUID
    to: UUID
    note: str
    situation: Situation


async def _offer(
    session: AsyncSession, principal: Principal, room: RoomView, offered: Offered, *, at: datetime
) -> None:
    kept = insert(Handover).values(
        id=new_id(),
        batch_id=offered.batch_id,
        room_id=room.id,
        region=room.region,
        from_id=principal.account,
        to_id=offered.to,
        note=offered.note,
        facts=msgspec.to_builtins(offered.situation),
        answer_note="",
        offered_at=at,
    )
    once = kept.on_conflict_do_nothing(index_elements=["room_id"], index_where=Handover.answer.is_(None))
    if await session.scalar(once.returning(Handover.id)) is None:
        raise HandoverWaitingError
    await _note(session, principal, room, "handover.offered", {"to": str(offered.to), "note": offered.note}, at=at)


async def accept_handover(
    session: AsyncSession, principal: Principal, batch_id: UUID, *, at: datetime
) -> list[RoomView]:
    """Answer for the offered rooms from now on; raises HandoverNotFoundError."""
    answered = await _answer(session, principal, batch_id, "accepted", at=at)
    for offer, room in answered:
        await _turn(session, principal, room, offer.to_id, "handed_over", handover_id=offer.id, at=at)
    return [room for _, room in answered]


async def decline_handover(
    session: AsyncSession, principal: Principal, batch_id: UUID, *, reason: str, at: datetime
) -> None:
    """Leave the offered rooms with who offered them, and say why; raises HandoverNotFoundError and HandoverNoteError."""
    reason = reason.strip()
    if not 0 < len(reason) <= MAX_NOTE:
        raise HandoverNoteError(limit=MAX_NOTE)
    for _, room in await _answer(session, principal, batch_id, "declined", note=reason, at=at):
        await _note(session, principal, room, "handover.declined", {"reason": reason}, at=at)


async def withdraw_handover(
    session: AsyncSession, principal: Principal, batch_id: UUID, *, at: datetime
) -> list[RoomView]:
    """Keep the rooms that one has offered; raises HandoverNotFoundError."""
    rooms = [room for _, room in await _answer(session, principal, batch_id, "withdrawn", at=at)]
    for room in rooms:
        await _note(session, principal, room, "handover.withdrawn", {}, at=at)
    return rooms


async def list_colleagues(session: AsyncSession, principal: Principal, regions: Iterable[str]) -> dict[UUID, str]:
    """Return the other proctors who may answer for rooms in each of these regions, in order of name."""
    reaching = [await list_role_holders_over(session, Role.PROCTOR, region) for region in sorted(set(regions))]
    return {
        account: name
        for account, name in reaching[0].items()
        if account != principal.account and all(account in each for each in reaching)
    }


async def _answer(
    session: AsyncSession, principal: Principal, batch_id: UUID, answer: str, *, note: str = "", at: datetime
) -> list[tuple[Handover, RoomView]]:
    """Answer a waiting offer once: the colleague accepts or declines it, who offered it withdraws it."""
    own = Handover.from_id if answer == "withdrawn" else Handover.to_id
    waiting = Handover.batch_id == batch_id, Handover.answer.is_(None), own == principal.account
    said = {"answer": answer, "answered_at": at, "answer_note": note}
    answered = update(Handover).where(*waiting).values(said).returning(Handover)
    offers = list(await session.scalars(answered))
    if not offers:
        raise HandoverNotFoundError(batch_id=str(batch_id))
    return [(offer, await _own_room(session, principal, offer.room_id)) for offer in offers]


async def _own_room(session: AsyncSession, principal: Principal, room_id: UUID) -> RoomView:
    room = await get_room(session, room_id)
    require_region(principal, room.region, Role.PROCTOR)
    return room


async def _turn(
    session: AsyncSession,
    principal: Principal,
    room: RoomView,
    account: UUID,
    how: str,
    *,
    at: datetime,
    note: str = "",
    handover_id: UUID | None = None,
) -> None:
    if not await record_room_proctor(session, room, account, at=at):
        raise RoomTakenError(name=await _name(session, (await get_room(session, room.id)).proctor_id))
    session.add(
        DutyTurn(
            room_id=room.id,
            region=room.region,
            account_id=account,
            how=how,
            handover_id=handover_id,
            note=note.strip(),
            at=at,
        )
    )
    await session.flush()
    facts: dict[str, Fact] = {"before": str(room.proctor_id)} if room.proctor_id else {}
    await _note(session, principal, room, ACTS[how], facts, at=at)


ACTS = {"taken": "room.taken", "relieved": "room.relieved", "handed_over": "handover.accepted"}


async def _drop_offer(session: AsyncSession, principal: Principal, room: RoomView, *, at: datetime) -> None:
    """End what a proctor offered who has gone since: somebody else takes the room."""
    waiting = update(Handover).where(Handover.room_id == room.id, Handover.answer.is_(None))
    dropped = waiting.values(answer="withdrawn", answered_at=at).returning(Handover.id)
    if await session.scalar(dropped) is not None:
        await _note(session, principal, room, "handover.withdrawn", {}, at=at)


async def _note(
    session: AsyncSession, principal: Principal, room: RoomView, act: str, facts: dict[str, Fact], *, at: datetime
) -> None:
    noted: dict[str, Fact] = {"sitting": str(room.sitting_id), **facts}
    await record(session, principal, act, ("room", room.id), at=at, region=room.region, facts=noted)


async def _name(session: AsyncSession, account: UUID | None) -> str:
    return (await names_of_accounts(session, [account])).get(account, "") if account else ""


def _account(principal: Principal) -> UUID:
    if principal.account is None:
        raise ForbiddenError
    return principal.account
