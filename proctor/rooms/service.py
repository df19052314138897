"""A room's own rules of video: when a picture is worth a look there, and what its terminals check."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.errors import DomainError
from exam.core.ids import new_id
from exam.core.principal import Principal
from exam.sitting.api import get_room, get_sitting
from proctor.analysis.thresholds import KINDS
from proctor.rooms.models import RoomRule

SECONDS = (8, 10, 15, 20, 30, 60, 120, 300)
"""What a kind may wait before it is observed: never less than two pictures take."""
UNOBSERVED = 0
MAX_NAME = 60


class RoomRuleError(DomainError):
    """A room's rules need its name, and times that are offered."""

    code = "room_rule"
    message = "请填写考场名称,并从列出的时间里选择。"


class RoomRules(msgspec.Struct, frozen=True, kw_only=True):
    """What one room asks for; `after_s` has its own seconds for some kinds, 0 for one that is not observed there."""

    after_s: dict[str, int] = {}
    asks_screen: bool = False
    asks_microphone: bool = False


class RoomRulesView(RoomRules, frozen=True, kw_only=True):
    """The rules of a room that has its own."""

    centre_id: UUID
    room: str
    changed_at: datetime


async def set_room_rules(
    session: AsyncSession, principal: Principal, room: str, rules: RoomRules, *, at: datetime
) -> None:
    """Keep what a room of the account's centre asks for, in place of what it asked before; raises RoomRuleError."""
    room = room.strip()
    if not 0 < len(room) <= MAX_NAME or not principal.account or not principal.organisation:
        raise RoomRuleError
    if not {*KINDS}.issuperset(rules.after_s) or not {UNOBSERVED, *SECONDS}.issuperset(rules.after_s.values()):
        raise RoomRuleError
    asked = {**msgspec.structs.asdict(rules), "changed_by": principal.account, "changed_at": at}
    place = {"centre_id": principal.organisation, "region": principal.region, "room": room}
    kept = insert(RoomRule).values(id=new_id(), **place, **asked)
    stored = kept.on_conflict_do_update(index_elements=["centre_id", "room"], set_=asked).returning(RoomRule.id)
    rule_id = (await session.execute(stored)).scalar_one()
    facts: dict[str, Fact] = {
        "room": room,
        "screen": rules.asks_screen,
        "microphone": rules.asks_microphone,
        **rules.after_s,
    }
    await record(
        session, principal, "room.rules_set", ("room_rule", rule_id), at=at, region=principal.region, facts=facts
    )


async def list_room_rules(session: AsyncSession) -> list[RoomRulesView]:
    """Return the rooms of the scope that have their own rules."""
    rows = await session.scalars(select(RoomRule).order_by(RoomRule.room))
    return [
        RoomRulesView(
            centre_id=row.centre_id,
            room=row.room,
            after_s=row.after_s,
            asks_screen=row.asks_screen,
            asks_microphone=row.asks_microphone,
            changed_at=row.changed_at,
        )
        for row in rows
    ]


async def place_of(session: AsyncSession, room_id: UUID) -> tuple[UUID, str]:
    """Return centre and name of a sitting's room, which is what rules are kept by; raises SittingNotFoundError."""
    room = await get_room(session, room_id)
    return (await get_sitting(session, room.sitting_id)).centre_id, room.name


async def rules_of_room(session: AsyncSession, room_id: UUID) -> RoomRules:
    """Return what a sitting's room asks for, the project's own where it has no rules."""
    place = await place_of(session, room_id)
    found = (each for each in await list_room_rules(session) if (each.centre_id, each.room) == place)
    return next(found, RoomRules())
