"""The readiness board: what must be green before the day, counted from rows and never remembered."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.identity.api import names_of_accounts
from exam.sitting.models import Registration, Room
from exam.sitting.sittings import get_sitting
from exam.sitting.views import RegistrationState, SittingState, SittingView
from questionbank.api import Seal, list_seals

CUSTODIANS = "custodians"
NOT_SEALED = Seal(kind="", threshold=0, holders=0, given=0, lost=0, unsealed=False)
"""The seal of a sitting without forms."""


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """One sitting's board; times in seconds, `starts_in_s` negative once the start has passed.

    `proctors` are those who answer for a room, by its name; empty for a room that nobody answers for.
    """

    seats: int
    proctors: dict[str, str]
    registered: int
    photos_missing: int
    forms_ready: bool
    forms_missing: int
    forms_standby: int
    seal: Seal
    starts_in_s: int
    state: SittingState

    @property
    def ready(self) -> bool:
        """Whether the sitting could open: somebody comes and every one of them has a form."""
        return self.registered > 0 and self.forms_ready and self.forms_missing == 0


async def readiness_of(session: AsyncSession, sitting_id: UUID, *, now: datetime) -> Readiness:
    """Return the board of a sitting of the scope."""
    return (await readiness_of_all(session, [await get_sitting(session, sitting_id)], now=now))[sitting_id]


async def readiness_of_all(
    session: AsyncSession,
    sittings: list[SittingView],
    *,
    now: datetime,
) -> dict[UUID, Readiness]:
    """Return the boards of several sittings in a few statements."""
    ids = [sitting.id for sitting in sittings]
    rooms = list(await session.scalars(select(Room).where(Room.sitting_id.in_(ids)).order_by(Room.position)))
    names = await names_of_accounts(session, [room.proctor_id for room in rooms if room.proctor_id])
    counted = (
        select(Registration.sitting_id, func.count(), func.count(Registration.photo_key))
        .where(Registration.sitting_id.in_(ids), Registration.state == RegistrationState.ACCEPTED)
        .group_by(Registration.sitting_id)
    )
    rows = await session.execute(counted)
    registered = {sitting_id: (count, photos) for sitting_id, count, photos in rows}
    seals = await list_seals(session, ids)
    return {
        sitting.id: _board(
            sitting,
            sum(room.seats for room in rooms if room.sitting_id == sitting.id),
            {
                room.name: names.get(room.proctor_id, "") if room.proctor_id else ""
                for room in rooms
                if room.sitting_id == sitting.id
            },
            *registered.get(sitting.id, (0, 0)),
            seals.get(sitting.id, NOT_SEALED),
            now,
        )
        for sitting in sittings
    }


def _board(
    sitting: SittingView,
    seats: int,
    proctors: dict[str, str],
    registered: int,
    photos: int,
    seal: Seal,
    now: datetime,
) -> Readiness:
    # under custodians no form can be added: whoever registered late takes a standby form
    served = sitting.forms_keyed + (sitting.forms_standby if seal.kind == CUSTODIANS else 0)
    return Readiness(
        seats=seats,
        proctors=proctors,
        registered=registered,
        photos_missing=registered - photos,
        forms_ready=sitting.forms_ready,
        forms_missing=max(0, registered - served),
        forms_standby=sitting.forms_standby,
        seal=seal,
        starts_in_s=int((sitting.starts_at - now).total_seconds()),
        state=sitting.state,
    )
