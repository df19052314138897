"""Who answers for each room now, what is offered to whom, and the room's history of it."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.runtime import Runtime
from exam.identity.api import names_of_accounts
from exam.sitting.api import RoomView
from proctor.duty.models import DutyTurn, Handover
from proctor.duty.presence import away_since, last_seen
from proctor.duty.situation import Situation


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """One offer of a room that waits for its answer; those of one `batch_id` are answered together."""

    batch_id: UUID
    room_id: UUID
    from_id: UUID
    from_name: str
    to_id: UUID
    to_name: str
    note: str
    situation: Situation
    offered_at: datetime


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers for a room: nobody where `account` is None, and nobody any more once `away_since` is set."""

    account: UUID | None
    name: str
    since: datetime | None
    away_since: datetime | None
    offer: Offer | None

    @property
    def attended(self) -> bool:
        """Whether somebody who answers for the room is there."""
        return self.account is not None and self.away_since is None


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a room's history; `word` is a msgid with `name` and `to`."""

    at: datetime
    word: str
    name: str
    to: str
    note: str


TAKEN_WORDS = {
    "taken": "{name} 开始负责本考场",
    "relieved": "{name} 接管本考场(原监考员未移交就离开)",
    "handed_over": "{name} 接班,负责本考场",
}
OFFER_WORDS = {
    None: "{name} 把本考场移交给 {to},等待接班",
    "accepted": "{name} 把本考场移交给 {to}",
    "declined": "{name} 要移交给 {to},对方没有接班",
    "withdrawn": "{name} 要移交给 {to},已撤回",
}


async def duties_of(session: AsyncSession, runtime: Runtime, rooms: Iterable[RoomView]) -> dict[UUID, Duty]:
    """Return who answers for each of the rooms now, by room."""
    wanted = list(rooms)
    query = select(Handover).where(Handover.room_id.in_({room.id for room in wanted}), Handover.answer.is_(None))
    offers = {each.room_id: each for each in await offers_of(session, list(await session.scalars(query)))}
    holders = [room.proctor_id for room in wanted if room.proctor_id]
    names = await names_of_accounts(session, holders)
    seen, now = await last_seen(runtime, holders), runtime.clock.now()
    return {room.id: _duty(room, names, seen, offers.get(room.id), now) for room in wanted}


def _duty(
    room: RoomView, names: dict[UUID, str], seen: dict[UUID, datetime] | None, offer: Offer | None, now: datetime
) -> Duty:
    if room.proctor_id is None or room.proctor_since is None:
        return Duty(account=None, name="", since=None, away_since=None, offer=offer)
    return Duty(
        account=room.proctor_id,
        name=names.get(room.proctor_id, ""),
        since=room.proctor_since,
        away_since=away_since(room.proctor_id, room.proctor_since, seen, now=now),
        offer=offer,
    )


async def list_offers_to(session: AsyncSession, account: UUID | None) -> list[Offer]:
    """Return what waits for an account's answer, the oldest first."""
    query = select(Handover).where(Handover.to_id == account, Handover.answer.is_(None))
    return await offers_of(session, list(await session.scalars(query.order_by(Handover.offered_at))))


async def offers_of(session: AsyncSession, rows: list[Handover]) -> list[Offer]:
    """Return the frozen views of offers, with both names."""
    names = await names_of_accounts(session, {each for row in rows for each in (row.from_id, row.to_id)})
    return [
        Offer(
            batch_id=row.batch_id,
            room_id=row.room_id,
            from_id=row.from_id,
            from_name=names.get(row.from_id, ""),
            to_id=row.to_id,
            to_name=names.get(row.to_id, ""),
            note=row.note,
            situation=msgspec.convert(row.facts, Situation),
            offered_at=row.offered_at,
        )
        for row in rows
    ]


async def duty_history(
    session: AsyncSession, room_id: UUID, *, since: datetime | None = None, until: datetime | None = None
) -> list[Turn]:
    """Return how a room went from hand to hand, oldest first; from the turn that held at `since` on where it is given."""
    turns = list(await session.scalars(select(DutyTurn).where(DutyTurn.room_id == room_id).order_by(DutyTurn.at)))
    offers = list(await session.scalars(select(Handover).where(Handover.room_id == room_id)))
    named = {each.account_id for each in turns} | {who for each in offers for who in (each.from_id, each.to_id)}
    names = await names_of_accounts(session, named)
    before = [each.at for each in turns if since and each.at <= since]
    first = before[-1] if before else since
    found = [_offered(each, names) for each in offers] + [_turned(each, names) for each in turns]
    during = [each for each in found if (not first or each.at >= first) and (not until or each.at <= until)]
    return sorted(during, key=lambda each: (each.at, _STEPS.index(each.word)))


_STEPS = (TAKEN_WORDS["taken"], TAKEN_WORDS["relieved"], *OFFER_WORDS.values(), TAKEN_WORDS["handed_over"])
"""In which order things of one instant came about."""


def _turned(turn: DutyTurn, names: dict[UUID, str]) -> Turn:
    return Turn(at=turn.at, word=TAKEN_WORDS[turn.how], name=names.get(turn.account_id, ""), to="", note=turn.note)


def _offered(offer: Handover, names: dict[UUID, str]) -> Turn:
    return Turn(
        at=offer.offered_at,
        word=OFFER_WORDS[offer.answer],
        name=names.get(offer.from_id, ""),
        to=names.get(offer.to_id, ""),
        note=offer.answer_note or offer.note,
    )
