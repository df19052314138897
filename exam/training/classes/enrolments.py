"""People in classes: enrolled, moved to another class, withdrawn; each with a pass that lets the learner in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import (
    ensure_person,
    normalise_name,
    parse_id_number,
    require_same_name,
)
from exam.training.classes.errors import (
    AlreadyEnrolledError,
    ClassFullError,
    ClassNotFoundError,
    EnrolmentNotFoundError,
    EnrolmentOverError,
    TransferError,
)
from exam.training.classes.models import Enrolment, TrainingClass
from exam.training.classes.passes import issue_pass
from exam.training.classes.service import places_taken
from exam.training.classes.views import PRESENT, ClassState, EnrolmentState, EnrolmentView

_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:key, 0))")
_STANDING = text("select class_id, title, ends_on from training_standing_of(:person, :qualification, :kind)")


async def enrol(
    session: AsyncSession,
    principal: Principal,
    runtime: Runtime,
    *,
    class_id: UUID,
    name: str,
    id_number: str,
    organisation_id: UUID | None,
    at: datetime,
) -> EnrolmentView:
    """Enrol the person of an ID number in a class; the session's scope is the class's region.

    Raises the refusals of name and number, EnrolmentOverError, ClassFullError, AlreadyEnrolledError and
    PersonNameMismatchError.
    """
    row = await _open_class(session, class_id, at)
    typed = normalise_name(name)
    number = parse_id_number(id_number, local_date(at))
    person_id = await ensure_person(
        session, runtime.sealer, principal, name=typed, number=number, region=row.region, at=at
    )
    enrolment = await _take_place(session, principal, runtime, row, person_id, organisation_id, at=at)
    await require_same_name(session, person_id, typed)
    return enrolment_view(enrolment)


async def _open_class(session: AsyncSession, class_id: UUID, at: datetime) -> TrainingClass:
    row = await session.get(TrainingClass, class_id, with_for_update=True)
    if row is None:
        raise ClassNotFoundError
    if row.state not in {ClassState.PLANNED, ClassState.FILED} or row.ends_on < local_date(at):
        raise EnrolmentOverError
    return row


async def _take_place(
    session: AsyncSession,
    principal: Principal,
    runtime: Runtime,
    row: TrainingClass,
    person_id: UUID,
    organisation_id: UUID | None,
    *,
    at: datetime,
    moved_from: UUID | None = None,
) -> Enrolment:
    # one person at a time, in any region: two desks must not both find that nothing stands in the way
    await session.execute(_LOCK, {"key": f"enrolment:{person_id}"})
    await _require_free(session, row, person_id, moved_from, at=at)
    if await places_taken(session, row.id) >= row.capacity:
        raise ClassFullError(capacity=row.capacity)
    enrolment = Enrolment(
        class_id=row.id,
        person_id=person_id,
        organisation_id=organisation_id,
        region=row.region,
        qualification=row.qualification,
        kind=row.kind,
        state=EnrolmentState.ENROLLED,
        moved_from=moved_from,
        reason="",
        enrolled_by=principal.account,
        enrolled_at=at,
    )
    session.add(enrolment)
    await session.flush()
    await issue_pass(session, runtime.sealer, enrolment)
    facts: dict[str, Fact] = {
        "class": str(row.id),
        "organisation": str(organisation_id) if organisation_id else None,
        "moved_from": str(moved_from) if moved_from else None,
    }
    await _note(session, principal, "enrolment.made", enrolment, at, facts)
    return enrolment


async def _require_free(
    session: AsyncSession, row: TrainingClass, person_id: UUID, moved_from: UUID | None, *, at: datetime
) -> None:
    asked = {"person": person_id, "qualification": row.qualification, "kind": row.kind}
    # who has completed the class stands in no training any more, and is still in it
    inside = select(Enrolment.id).where(
        Enrolment.class_id == row.id, Enrolment.person_id == person_id, Enrolment.state.in_(PRESENT)
    )
    if await session.scalar(inside):
        raise AlreadyEnrolledError(title=row.title, until=row.ends_on.isoformat())
    leaving = await session.scalar(select(Enrolment.class_id).where(Enrolment.id == moved_from))
    for class_id, title, ends_on in await session.execute(_STANDING, asked):
        if class_id != leaving and ends_on >= local_date(at):  # a class that is over holds nobody back
            raise AlreadyEnrolledError(title=title, until=ends_on.isoformat())


async def transfer(
    session: AsyncSession,
    principal: Principal,
    runtime: Runtime,
    class_id: UUID,
    enrolment_id: UUID,
    *,
    to_class: UUID,
    reason: str,
    at: datetime,
) -> EnrolmentView:
    """Move a learner to another class of the same body and training; the hours stay the learner's.

    Raises TransferError for a class of another kind, ClassFullError, EnrolmentOverError and EnrolmentNotFoundError.
    """
    old = await load_enrolment(session, class_id, enrolment_id)
    row = await _open_class(session, to_class, at)
    here = await session.get_one(TrainingClass, old.class_id)
    same = (row.organisation_id, row.qualification, row.kind) == (here.organisation_id, here.qualification, here.kind)
    if not same or row.id == here.id:
        raise TransferError
    old.state, old.reason, old.ended_at = EnrolmentState.TRANSFERRED, reason.strip(), at
    await session.flush()
    await _note(session, principal, "enrolment.moved", old, at, {"to": str(row.id), "reason": old.reason})
    fresh = await _take_place(
        session, principal, runtime, row, old.person_id, old.organisation_id, at=at, moved_from=old.id
    )
    return enrolment_view(fresh)


async def withdraw(
    session: AsyncSession, principal: Principal, class_id: UUID, enrolment_id: UUID, *, reason: str, at: datetime
) -> None:
    """Take a learner out of a class; what was studied stays in the ledger."""
    row = await load_enrolment(session, class_id, enrolment_id)
    row.state, row.reason, row.ended_at = EnrolmentState.WITHDRAWN, reason.strip(), at
    await session.flush()
    await _note(session, principal, "enrolment.withdrawn", row, at, {"reason": row.reason})


async def load_enrolment(session: AsyncSession, class_id: UUID, enrolment_id: UUID) -> Enrolment:
    """Return the locked row of somebody who is in a class; raises EnrolmentNotFoundError."""
    row = await session.get(Enrolment, enrolment_id, with_for_update=True)
    if row is None or row.class_id != class_id or row.state != EnrolmentState.ENROLLED:
        raise EnrolmentNotFoundError
    return row


async def _note(
    session: AsyncSession, principal: Principal, act: str, row: Enrolment, at: datetime, facts: dict[str, Fact]
) -> None:
    await record(session, principal, act, ("enrolment", row.id), at=at, region=row.region, facts=facts)


async def list_enrolments(session: AsyncSession, class_id: UUID) -> list[EnrolmentView]:
    """Return everybody who is or was in a class, in order of enrolment."""
    query = select(Enrolment).where(Enrolment.class_id == class_id).order_by(Enrolment.enrolled_at, Enrolment.id)
    return [enrolment_view(row) for row in await session.scalars(query)]


async def list_enrolments_of(session: AsyncSession, person_id: UUID) -> list[EnrolmentView]:
    """Return a person's enrolments that the scope shows, the newest first."""
    query = select(Enrolment).where(Enrolment.person_id == person_id).order_by(Enrolment.enrolled_at.desc())
    return [enrolment_view(row) for row in await session.scalars(query)]


async def get_enrolment(session: AsyncSession, enrolment_id: UUID) -> EnrolmentView:
    """Return an enrolment of the scope in any state; raises EnrolmentNotFoundError."""
    row = await session.get(Enrolment, enrolment_id)
    if row is None:
        raise EnrolmentNotFoundError
    return enrolment_view(row)


def enrolment_view(row: Enrolment) -> EnrolmentView:
    """Return a row as pages see it."""
    names = [name for name in EnrolmentView.__struct_fields__ if name != "state"]
    return EnrolmentView(state=EnrolmentState(row.state), **{name: getattr(row, name) for name in names})
