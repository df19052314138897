"""Plans and sittings: made, opened, closed, released."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.events import publish
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.words import clean_line
from exam.identity.api import get_organisation
from exam.sitting.errors import (
    AttemptsOpenError,
    FormsMissingError,
    NotACentreError,
    PlanTitleError,
    RoomsError,
    SittingNotFoundError,
    SittingStateError,
    SittingTimesError,
)
from exam.sitting.events import SittingClosed
from exam.sitting.models import Plan, Room, Sitting
from exam.sitting.ports import OpenAttempts
from exam.sitting.views import RoomView, SittingState, SittingView
from exam.standards.api import get_qualification, resolve_rule_set
from questionbank.api import get_published_blueprint

TITLE_LENGTH = 100
ROOM_LENGTH = 50
MAX_SEATS = 500
MAX_ROOMS = 100


async def create_plan(session: AsyncSession, principal: Principal, *, title: str, region: str, at: datetime) -> UUID:
    """Create a plan and return its id; raises PlanTitleError."""
    title = clean_line(title)
    if not 0 < len(title) <= TITLE_LENGTH:
        raise PlanTitleError
    plan = Plan(title=title, region=region, created_by=principal.account, created_at=at)
    session.add(plan)
    await session.flush()
    await record(session, principal, "plan.created", ("plan", plan.id), at=at, region=region, facts={"title": title})
    return plan.id


async def list_plans(session: AsyncSession, region: str, *, limit: int = 20) -> list[str]:
    """Return the titles of a region's plans, the latest first, each once."""
    rows = await session.scalars(
        select(Plan.title)
        .where(Plan.region == region)
        .group_by(Plan.title)
        .order_by(func.max(Plan.created_at).desc())
        .limit(limit)
    )
    return list(rows)


async def join_plan(session: AsyncSession, principal: Principal, *, title: str, region: str, at: datetime) -> UUID:
    """Return the region's newest plan of that title, made where there is none; raises PlanTitleError."""
    known = select(Plan.id).where(Plan.region == region, Plan.title == title.strip()).order_by(Plan.id.desc()).limit(1)
    found = await session.scalar(known)
    return found or await create_plan(session, principal, title=title, region=region, at=at)


async def create_sitting(
    session: AsyncSession,
    principal: Principal,
    runtime: Runtime,  # noqa: ARG001  # the contract's place for ports
    *,
    plan_id: UUID,
    qualification: str,
    centre_id: UUID,
    region: str,
    starts_at: datetime,
    ends_at: datetime,
    rooms: Sequence[tuple[str, int]],
    at: datetime,
) -> UUID:
    """Create a planned sitting with its rooms and return its id.

    `ends_at` is the last moment at which a candidate may start. The rule set of the start's date is stored.
    Raises SittingTimesError, RoomsError, NotACentreError, NoPublishedBlueprintError and the refusals of the standards.
    """
    if ends_at <= starts_at or ends_at <= at:
        raise SittingTimesError
    named = _checked_rooms(rooms)
    sitting = await _planned(session, plan_id, qualification, centre_id, starts_at)
    sitting.region, sitting.starts_at, sitting.ends_at = region, starts_at, ends_at
    sitting.created_by, sitting.created_at = principal.account, at
    session.add(sitting)
    await session.flush()
    _add_rooms(session, sitting, named)
    await session.flush()
    facts: dict[str, Fact] = {
        "qualification": qualification,
        "rule_set": sitting.rule_set,
        "seats": sum(seats for _, seats in named),
        "starts_at": starts_at.isoformat(),
    }
    await _note(session, principal, "sitting.created", sitting, at, facts)
    return sitting.id


async def _planned(
    session: AsyncSession, plan_id: UUID, qualification: str, centre_id: UUID, starts_at: datetime
) -> Sitting:
    """Return the row as plan, centre, blueprint and rules make it, not yet placed in time and region."""
    centre = await get_organisation(session, centre_id)
    if centre.kind != "centre":
        raise NotACentreError(centre_id=str(centre_id))
    plan = await session.get(Plan, plan_id)
    if plan is None:
        raise SittingNotFoundError(plan_id=str(plan_id))
    known = get_qualification(qualification)
    blueprint = await get_published_blueprint(session, qualification)
    return Sitting(
        plan_id=plan_id,
        title=f"{known.title} · {plan.title}",
        qualification=qualification,
        centre_id=centre_id,
        centre_name=centre.name,
        address=centre.address or "",
        duration_s=blueprint.duration_s,
        state=SittingState.PLANNED,
        rule_set=resolve_rule_set(qualification, local_date(starts_at)).version,
        blueprint_id=blueprint.id,
        forms_ready=False,
        forms_keyed=0,
        forms_standby=0,
    )


def _checked_rooms(rooms: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    named = [(clean_line(name), seats) for name, seats in rooms]
    names = {name for name, _ in named}
    right = all(0 < len(name) <= ROOM_LENGTH and 1 <= seats <= MAX_SEATS for name, seats in named)
    if not right or len(names) != len(named) or not 0 < len(named) <= MAX_ROOMS:
        raise RoomsError
    return named


def _add_rooms(session: AsyncSession, sitting: Sitting, named: list[tuple[str, int]]) -> None:
    session.add_all(
        [
            Room(sitting_id=sitting.id, region=sitting.region, name=name, position=position, seats=seats)
            for position, (name, seats) in enumerate(named)
        ],
    )


async def _note(
    session: AsyncSession,
    principal: Principal,
    act: str,
    sitting: Sitting,
    at: datetime,
    facts: dict[str, Fact] | None = None,
) -> None:
    await record(session, principal, act, ("sitting", sitting.id), at=at, region=sitting.region, facts=facts)


def sitting_view(row: Sitting) -> SittingView:
    """Return the frozen view of a row."""
    values = {name: getattr(row, name) for name in SittingView.__struct_fields__}
    return SittingView(**values | {"state": SittingState(row.state)})


def room_view(row: Room) -> RoomView:
    """Return the frozen view of a row."""
    return RoomView(**{name: getattr(row, name) for name in RoomView.__struct_fields__})


async def load_sitting(session: AsyncSession, sitting_id: UUID, *, lock: bool = False) -> Sitting:
    """Return the row, held until the end of the transaction where it is to change; raises SittingNotFoundError."""
    query = select(Sitting).where(Sitting.id == sitting_id)
    row = await session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise SittingNotFoundError(sitting_id=str(sitting_id))
    return row


async def get_sitting(session: AsyncSession, sitting_id: UUID, *, stays: bool = False) -> SittingView:
    """Return a sitting of the scope; where it `stays`, its state cannot change before the transaction has ended."""
    query = select(Sitting).where(Sitting.id == sitting_id)
    # the weakest lock that waits for those of a close, and a close for it; whoever names the sitting takes it anyhow
    row = await session.scalar(query.with_for_update(read=True, key_share=True) if stays else query)
    if row is None:
        raise SittingNotFoundError(sitting_id=str(sitting_id))
    return sitting_view(row)


async def list_sittings(
    session: AsyncSession,
    *,
    state: SittingState | None = None,
    ids: Collection[UUID] | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[SittingView]:
    """Page the sittings of the scope, the latest start first; with `ids` those of them."""
    query = select(Sitting).order_by(Sitting.starts_at.desc(), Sitting.id).limit(limit).offset(offset)
    if state is not None:
        query = query.where(Sitting.state == state)
    if ids is not None:
        query = query.where(Sitting.id.in_(ids))
    return [sitting_view(row) for row in await session.scalars(query)]


async def list_rooms(session: AsyncSession, sitting_id: UUID) -> list[RoomView]:
    """Return the rooms of a sitting in the order of their letters."""
    rows = await session.scalars(select(Room).where(Room.sitting_id == sitting_id).order_by(Room.position))
    return [room_view(row) for row in rows]


async def get_room(session: AsyncSession, room_id: UUID) -> RoomView:
    """Return one room; raises SittingNotFoundError."""
    row = await session.get(Room, room_id, populate_existing=True)
    if row is None:
        raise SittingNotFoundError(room_id=str(room_id))
    return room_view(row)


async def list_rooms_of_proctor(session: AsyncSession, account_id: UUID) -> list[RoomView]:
    """Return the rooms of open sittings that an account answers for."""
    theirs = select(Room).join(Sitting, Sitting.id == Room.sitting_id)
    theirs = theirs.where(Room.proctor_id == account_id, Sitting.state == SittingState.OPEN)
    return [room_view(row) for row in await session.scalars(theirs.order_by(Sitting.starts_at, Room.position))]


async def record_room_proctor(session: AsyncSession, room: RoomView, account_id: UUID, *, at: datetime) -> bool:
    """Note who answers for a room from now on; false where somebody else has come before since `room` was read."""
    unchanged = Room.proctor_id.is_not_distinct_from(room.proctor_id)
    turned = update(Room).where(Room.id == room.id, unchanged).values(proctor_id=account_id, proctor_since=at)
    return (await session.scalar(turned.returning(Room.id))) is not None


async def open_sitting(session: AsyncSession, principal: Principal, sitting_id: UUID, at: datetime) -> None:
    """Let candidates check in; raises SittingStateError and FormsMissingError."""
    sitting = await load_sitting(session, sitting_id, lock=True)
    if sitting.state != SittingState.PLANNED:
        raise SittingStateError(state=sitting.state)
    if not sitting.forms_ready:
        raise FormsMissingError(sitting_id=str(sitting_id))
    sitting.state, sitting.opened_at = SittingState.OPEN, at
    await session.flush()
    await _note(session, principal, "sitting.opened", sitting, at)


async def close_sitting(
    session: AsyncSession, principal: Principal, sitting_id: UUID, at: datetime, *, open_attempts: OpenAttempts
) -> None:
    """End the sitting and publish SittingClosed; raises SittingStateError, and AttemptsOpenError while anyone works."""
    sitting = await load_sitting(session, sitting_id, lock=True)
    if sitting.state != SittingState.OPEN:
        raise SittingStateError(state=sitting.state)
    if (working := await open_attempts(session, sitting_id, at)) > 0:
        raise AttemptsOpenError(open=working)
    sitting.state, sitting.closed_at = SittingState.CLOSED, at
    await session.flush()
    await _note(session, principal, "sitting.closed", sitting, at)
    await publish(session, SittingClosed(region=sitting.region, sitting_id=sitting_id), at=at)


async def mark_released(session: AsyncSession, principal: Principal, sitting_id: UUID, at: datetime) -> None:
    """Note that every result without a hold is out; a second release changes nothing."""
    sitting = await load_sitting(session, sitting_id, lock=True)
    if sitting.state == SittingState.RELEASED:
        return
    if sitting.state != SittingState.CLOSED:
        raise SittingStateError(state=sitting.state)
    sitting.state, sitting.released_at = SittingState.RELEASED, at
    await session.flush()
    await _note(session, principal, "sitting.released", sitting, at)
