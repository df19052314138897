"""Making the sealed forms of a sitting: asked for by the centre, made by the worker under the bank's role."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.jobs import defer
from exam.core.principal import SYSTEM, Principal
from exam.core.runtime import Runtime
from exam.sitting.errors import SittingStateError
from exam.sitting.models import Registration, Room, Sitting
from exam.sitting.sittings import load_sitting
from exam.sitting.views import RegistrationState, SittingState
from questionbank.api import prepare_forms

PREPARE_FORMS = "sitting.prepare_forms"
LEAST_STANDBY = 2
STANDBY_PERCENT = 5


def standby_for(rooms: Iterable[int]) -> int:
    """Return how many forms are kept for late comers and incidents, from how many are registered in each room.

    Five in a hundred of a room, two at least, and two where nobody is registered at all.
    """
    kept = sum(max(LEAST_STANDBY, -(-registered * STANDBY_PERCENT // 100)) for registered in rooms)
    return max(LEAST_STANDBY, kept)


def form_key(registration_id: UUID) -> str:
    """Return the key under which a registration's form is made and claimed."""
    return str(registration_id)


async def request_forms(
    session: AsyncSession,
    principal: Principal,
    sitting_id: UUID,
    *,
    at: datetime,
    late: bool = False,
) -> None:
    """Have the missing forms made; a late registration is no act of its own. Raises SittingStateError once closed."""
    sitting = await load_sitting(session, sitting_id)
    if sitting.state not in {SittingState.PLANNED, SittingState.OPEN}:
        raise SittingStateError(state=sitting.state)
    if not late:
        await record(
            session, principal, "sitting.forms_requested", ("sitting", sitting_id), at=at, region=sitting.region
        )
    await defer(session, PREPARE_FORMS, lock=f"{PREPARE_FORMS}:{sitting_id}", sitting_id=str(sitting_id))


async def run_prepare_forms(runtime: Runtime, *, sitting_id: str) -> None:
    """Make a form per accepted registration and the standby forms; what is there already stays."""
    scope = Scope(region=runtime.settings.root_region)
    async with runtime.databases.transaction(scope) as session:
        sitting = await load_sitting(session, UUID(sitting_id))
        seated = await _seated(session, sitting.id)
    if sitting.state not in {SittingState.PLANNED, SittingState.OPEN}:
        return
    keys = [form_key(registration_id) for registration_id, _ in seated]
    standby = standby_for(Counter(room_id for _, room_id in seated).values())
    async with runtime.databases.transaction(scope, Role.BANK) as bank_session:
        made = await prepare_forms(
            bank_session,
            runtime,
            SYSTEM,
            sitting_id=sitting.id,
            qualification=sitting.qualification,
            region=sitting.region,
            starts_at=sitting.starts_at,
            keys=keys,
            standby=standby,
        )
    async with runtime.databases.transaction(scope) as session:
        ready = await load_sitting(session, sitting.id, lock=True)
        # the draw keeps the blueprint that was in force when the first forms were made
        ready.blueprint_id = made.blueprint_id
        await _mark_ready(session, ready, keyed=len(keys), standby=standby, at=runtime.clock.now())


async def _seated(session: AsyncSession, sitting_id: UUID) -> Sequence[tuple[UUID, UUID]]:
    """Return (registration, room) in the order of rooms and seats, so that neighbours get forms that share least."""
    rows = await session.execute(
        select(Registration.id, Room.id)
        .join(Room, Room.id == Registration.room_id)
        .where(Registration.sitting_id == sitting_id, Registration.state == RegistrationState.ACCEPTED)
        .order_by(Room.position, Registration.seat_no),
    )
    return [(registration_id, room_id) for registration_id, room_id in rows]


async def _mark_ready(session: AsyncSession, sitting: Sitting, *, keyed: int, standby: int, at: datetime) -> None:
    sitting.forms_ready = True
    sitting.forms_keyed = max(sitting.forms_keyed, keyed)
    sitting.forms_standby = max(sitting.forms_standby, standby)
    await session.flush()
    facts: dict[str, Fact] = {"keyed": keyed, "standby": standby}
    subject = ("sitting", sitting.id)
    await record(session, SYSTEM, "sitting.forms_ready", subject, at=at, region=sitting.region, facts=facts)
