"""Training bodies: approved by a regulator for some qualifications and a time, their venues and their teachers."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.principal import Principal
from exam.identity.api import Role, get_organisation, list_role_holders, require_region
from exam.training.bodies.errors import (
    BodyNotApprovedError,
    BodyScopeError,
    NotATrainingBodyError,
    VenueError,
    VenueNotFoundError,
)
from exam.training.bodies.models import BodyScope, TrainingBody, Venue
from exam.training.kinds import require_subject

KINDS = frozenset({"training", "enterprise"})
"""Who may be approved: training bodies, and enterprises for their own workers; no exam centre (教考分离)."""
MOST_PLACES = 1000


class BodyView(msgspec.Struct, frozen=True, kw_only=True):
    """A training body as pages see it."""

    id: UUID
    name: str
    region: str
    state: str
    approved_until: date
    basis: str
    scope: tuple[str, ...]

    def may_train(self, qualification: str, on: date) -> bool:
        """Say whether the approval covers a qualification on a day."""
        return self.state == "approved" and on <= self.approved_until and qualification in self.scope


class VenueView(msgspec.Struct, frozen=True, kw_only=True):
    """A venue as pages see it."""

    id: UUID
    name: str
    address: str
    capacity: int
    practice: bool


async def approve_body(
    session: AsyncSession,
    principal: Principal,
    organisation_id: UUID,
    *,
    qualifications: Sequence[str],
    until: date,
    basis: str,
    at: datetime,
) -> None:
    """Approve a body, or renew its approval in a new scope.

    Raises NotATrainingBodyError for an exam centre or an authority, BodyScopeError for an empty scope or basis.
    """
    organisation = await get_organisation(session, organisation_id)
    require_region(principal, organisation.region, Role.REGULATOR)
    if organisation.kind not in KINDS:
        raise NotATrainingBodyError
    if not qualifications or not basis.strip() or until <= local_date(at):
        raise BodyScopeError
    for qualification in qualifications:
        require_subject(qualification)
    row = await session.get(TrainingBody, organisation_id, with_for_update=True)
    if row is None:
        row = TrainingBody(organisation_id=organisation_id, region=organisation.region)
        session.add(row)
    row.name, row.state, row.basis = organisation.name, "approved", basis.strip()
    row.approved_until, row.approved_by, row.approved_at = until, principal.account, at
    await session.flush()
    await session.execute(delete(BodyScope).where(BodyScope.organisation_id == organisation_id))
    session.add_all(
        BodyScope(organisation_id=organisation_id, qualification=code, region=row.region)
        for code in sorted(set(qualifications))
    )
    await session.flush()
    facts: dict[str, Fact] = {"scope": " ".join(sorted(set(qualifications))), "until": until.isoformat()}
    await _note(session, principal, "training_body.approved", row, at, facts)


async def suspend_body(
    session: AsyncSession, principal: Principal, organisation_id: UUID, *, reason: str, at: datetime
) -> None:
    """Suspend a body: it plans and files no class until it is approved again."""
    row = await session.get(TrainingBody, organisation_id, with_for_update=True)
    if row is None:
        raise BodyNotApprovedError
    require_region(principal, row.region, Role.REGULATOR)
    row.state = "suspended"
    await session.flush()
    await _note(session, principal, "training_body.suspended", row, at, {"reason": reason})


async def _note(
    session: AsyncSession, principal: Principal, act: str, row: TrainingBody, at: datetime, facts: dict[str, Fact]
) -> None:
    subject = ("organisation", row.organisation_id)
    await record(session, principal, act, subject, at=at, region=row.region, facts=facts)


async def list_bodies(session: AsyncSession) -> list[BodyView]:
    """Return the scope's training bodies by name."""
    rows = list(await session.scalars(select(TrainingBody).order_by(TrainingBody.name)))
    scopes = await session.scalars(select(BodyScope).order_by(BodyScope.qualification))
    by_body: dict[UUID, tuple[str, ...]] = {}
    for scope in scopes:
        by_body[scope.organisation_id] = (*by_body.get(scope.organisation_id, ()), scope.qualification)
    return [_view(row, by_body.get(row.organisation_id, ())) for row in rows]


async def get_body(session: AsyncSession, organisation_id: UUID) -> BodyView:
    """Return a training body of the scope; raises BodyNotApprovedError."""
    row = await session.get(TrainingBody, organisation_id)
    if row is None:
        raise BodyNotApprovedError
    scope = select(BodyScope.qualification).where(BodyScope.organisation_id == organisation_id)
    return _view(row, tuple(await session.scalars(scope.order_by(BodyScope.qualification))))


def _view(row: TrainingBody, scope: tuple[str, ...]) -> BodyView:
    return BodyView(
        id=row.organisation_id,
        name=row.name,
        region=row.region,
        state=row.state,
        approved_until=row.approved_until,
        basis=row.basis,
        scope=scope,
    )


async def own_body(session: AsyncSession, principal: Principal, role: str = Role.CENTRE) -> BodyView:
    """Return the training body that the principal works for; raises BodyNotApprovedError."""
    for organisation in principal.organisations(role):
        row = await session.get(TrainingBody, organisation)
        if row is not None:
            require_region(principal, row.region, role)
            return await get_body(session, row.organisation_id)
    raise BodyNotApprovedError


async def add_venue(
    session: AsyncSession,
    principal: Principal,
    *,
    body: BodyView,
    name: str,
    address: str,
    capacity: int,
    practice: bool,
    at: datetime,
) -> UUID:
    """Register a venue of a body; raises VenueError for a missing or double name, or an impossible size."""
    name, address = name.strip(), address.strip()
    double = select(Venue.id).where(Venue.organisation_id == body.id, Venue.name == name)
    if not name or not address or not 1 <= capacity <= MOST_PLACES or await session.scalar(double):
        raise VenueError
    row = Venue(
        organisation_id=body.id,
        region=body.region,
        name=name,
        address=address,
        capacity=capacity,
        practice=practice,
    )
    session.add(row)
    await session.flush()
    facts: dict[str, Fact] = {"capacity": capacity, "practice": practice}
    await record(session, principal, "venue.added", ("venue", row.id), at=at, region=body.region, facts=facts)
    return row.id


async def list_venues(session: AsyncSession, organisation_id: UUID) -> list[VenueView]:
    """Return a body's venues by name."""
    rows = await session.scalars(select(Venue).where(Venue.organisation_id == organisation_id).order_by(Venue.name))
    return [_venue(row) for row in rows]


async def get_venue(session: AsyncSession, organisation_id: UUID, venue_id: UUID) -> VenueView:
    """Return a venue of a body; raises VenueNotFoundError."""
    row = await session.get(Venue, venue_id)
    if row is None or row.organisation_id != organisation_id:
        raise VenueNotFoundError
    return _venue(row)


def _venue(row: Venue) -> VenueView:
    return VenueView(id=row.id, name=row.name, address=row.address, capacity=row.capacity, practice=row.practice)


async def list_teachers(session: AsyncSession, organisation_id: UUID) -> dict[UUID, str]:
    """Return the names of a body's teachers by account."""
    return await list_role_holders(session, Role.TEACHER, organisation_id)
