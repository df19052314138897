"""What goes on in a room at one moment: counted for the colleague who takes it over, kept with the offer."""

from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.runtime import Runtime
from exam.delivery.api import list_room
from proctor.incidents.cases import open_incidents
from proctor.incidents.observations import standing_observations


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """Seats by what is to be known of them; a seat may stand under several words."""

    working: int = 0
    incidents: list[str] = []
    hands: list[str] = []
    paused: list[str] = []
    admissions: list[str] = []
    observed: list[str] = []


async def situation_of(session: AsyncSession, runtime: Runtime, room_id: UUID) -> Situation:
    """Return what goes on in a room now."""
    attempts = await list_room(session, runtime, room_id)
    ids = [each.id for each in attempts]
    incidents, observed = await open_incidents(session, ids), await standing_observations(session, ids)
    running = [each for each in attempts if not each.finalised_at]
    return Situation(
        working=sum(each.state == "in_progress" for each in attempts),
        incidents=sorted(each.seat for each in attempts if incidents.get(each.id)),
        hands=sorted(each.seat for each in running if each.hand_raised_at),
        paused=sorted(each.seat for each in running if each.state == "paused"),
        admissions=sorted(each.seat for each in running if each.state == "checked_in"),
        observed=sorted(each.seat for each in running if observed.get(each.id)),
    )


SITUATION_WORDS = (
    ("incidents", "异常事件未处理"),
    ("hands", "举手"),
    ("paused", "已暂停"),
    ("admissions", "待入场"),
    ("observed", "系统观察未结束"),
)
