"""Classes: planned by a training body, given a timetable, filed with the regulator before they start."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

import msgspec
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.errors import ForbiddenError
from exam.core.principal import Principal
from exam.identity.api import Role, require_region
from exam.training.bodies.errors import BodyScopeRefusedError
from exam.training.bodies.service import BodyView, get_body, get_venue, list_teachers
from exam.training.classes.errors import (
    ClassNotFoundError,
    ClassPlanError,
    ClassStateError,
    PlanShortError,
    SessionClashError,
    SessionTimesError,
)
from exam.training.classes.models import ClassSession, Enrolment, TrainingClass
from exam.training.classes.views import PRESENT, ClassState, ClassView, OpenClass, SessionView
from exam.training.ledger.evidence import PRACTICE, THEORY
from exam.training.programmes.service import ProgrammeView, find_programme, get_programme

TITLE_LENGTH = 100
MOST_PEOPLE = 1000
MOST_DAYS = 400


async def plan_class(
    session: AsyncSession,
    principal: Principal,
    *,
    body: BodyView,
    qualification: str,
    kind: str,
    title: str,
    starts_on: date,
    ends_on: date,
    capacity: int,
    photo_asked: bool,
    at: datetime,
) -> UUID:
    """Plan a class of the programme in force and return its id.

    Raises ClassPlanError for impossible input, BodyScopeRefusedError where the approval does not cover it.
    """
    programme = await find_programme(session, qualification, kind)
    title = title.strip()
    days = (ends_on - starts_on).days
    possible = 0 < len(title) <= TITLE_LENGTH and 1 <= capacity <= MOST_PEOPLE and 0 <= days <= MOST_DAYS
    if programme is None or not possible or starts_on < local_date(at):
        raise ClassPlanError
    if not body.may_train(qualification, ends_on):
        raise BodyScopeRefusedError
    row = TrainingClass(
        programme_id=programme.id,
        organisation_id=body.id,
        body_name=body.name,
        region=body.region,
        qualification=qualification,
        kind=kind,
        title=title,
        starts_on=starts_on,
        ends_on=ends_on,
        capacity=capacity,
        photo_asked=photo_asked,
        state=ClassState.PLANNED,
        plan_digest="",
        remark="",
        created_by=principal.account,
        created_at=at,
    )
    session.add(row)
    await session.flush()
    facts: dict[str, Fact] = {"programme": str(programme.id), "qualification": qualification, "kind": kind}
    await note_class(session, principal, "class.planned", row, at, facts)
    return row.id


async def note_class(
    session: AsyncSession, principal: Principal, act: str, row: TrainingClass, at: datetime, facts: dict[str, Fact]
) -> None:
    """Leave the audit entry of an act on a class."""
    await record(session, principal, act, ("class", row.id), at=at, region=row.region, facts=facts)


async def own_class(session: AsyncSession, principal: Principal, class_id: UUID) -> TrainingClass:
    """Return the row of a class that the principal's own body gives, locked; a neighbour's is seen and not touched."""
    row = await session.get(TrainingClass, class_id, with_for_update=True)
    if row is None:
        raise ClassNotFoundError
    require_region(principal, row.region, Role.CENTRE)
    if row.organisation_id not in principal.organisations(Role.CENTRE):
        raise ForbiddenError
    return row


async def add_session(
    session: AsyncSession,
    principal: Principal,
    class_id: UUID,
    *,
    starts_at: datetime,
    ends_at: datetime,
    venue_id: UUID,
    teacher_id: UUID,
    node: str,
    part: str,
    at: datetime,
) -> UUID:
    """Put a session on the timetable; a filed plan has to be filed again.

    Raises SessionTimesError, SessionClashError, ClassPlanError, VenueNotFoundError and ClassStateError.
    """
    row = await own_class(session, principal, class_id)
    _require_changeable(row)
    _require_times(row, starts_at, ends_at, at)
    venue = await get_venue(session, row.organisation_id, venue_id)
    teachers = await list_teachers(session, row.organisation_id)
    programme = await get_programme(session, row.programme_id)
    titles = {each.code: each.title for each in programme.nodes}
    if teacher_id not in teachers or node not in titles or part not in {THEORY, PRACTICE}:
        raise ClassPlanError
    one = ClassSession(
        class_id=row.id,
        region=row.region,
        starts_at=starts_at,
        ends_at=ends_at,
        venue_id=venue.id,
        venue_name=venue.name,
        teacher_id=teacher_id,
        teacher_name=teachers[teacher_id],
        node=node,
        node_title=titles[node],
        part=part,
    )
    await _store_session(session, one)
    await _changed(session, principal, row, at, {"session": str(one.id), "node": node, "part": part})
    return one.id


async def _store_session(session: AsyncSession, one: ClassSession) -> None:
    try:
        async with session.begin_nested():
            session.add(one)
            await session.flush()
    except IntegrityError as error:
        what = next((word for word in ("teacher", "venue", "class") if f"_{word}_excl" in str(error)), "class")
        raise SessionClashError(what=CLASHES[what]) from error


CLASHES = {"teacher": "教师", "venue": "场地", "class": "本班"}
"""What stands in two places at once; msgids."""


async def remove_session(
    session: AsyncSession, principal: Principal, class_id: UUID, session_id: UUID, *, at: datetime
) -> None:
    """Take a session off the timetable before it begins."""
    row = await own_class(session, principal, class_id)
    _require_changeable(row)
    one = await session.get(ClassSession, session_id)
    if one is None or one.class_id != class_id:
        raise ClassNotFoundError
    if one.starts_at <= at:
        raise ClassStateError
    await session.delete(one)
    await session.flush()
    await _changed(session, principal, row, at, {"removed": str(session_id)})


def _require_changeable(row: TrainingClass) -> None:
    if row.state not in {ClassState.PLANNED, ClassState.FILED}:
        raise ClassStateError


def _require_times(row: TrainingClass, starts_at: datetime, ends_at: datetime, at: datetime) -> None:
    days = (local_date(starts_at), local_date(ends_at))
    inside = row.starts_on <= days[0] == days[1] <= row.ends_on
    if not inside or not at < starts_at < ends_at:
        raise SessionTimesError(first=row.starts_on.isoformat(), last=row.ends_on.isoformat())


async def _changed(
    session: AsyncSession, principal: Principal, row: TrainingClass, at: datetime, facts: dict[str, Fact]
) -> None:
    if row.state == ClassState.FILED:
        # `filed_at` stays: a class that was filed in time may be filed again while it runs
        row.state, row.plan_digest = ClassState.PLANNED, ""
    await session.flush()
    await note_class(session, principal, "class.timetable_changed", row, at, facts)


async def file_class(session: AsyncSession, principal: Principal, class_id: UUID, *, at: datetime) -> None:
    """File the plan (开班备案): from now on the regulator sees what will be taught, when, where and by whom.

    A session that has begun meanwhile counts only if an earlier filing held it. Raises PlanShortError where practice is
    not covered by sessions that count, or the first one began before anything was filed.
    """
    row = await own_class(session, principal, class_id)
    if row.state != ClassState.PLANNED:
        raise ClassStateError
    if not (await get_body(session, row.organisation_id)).may_train(row.qualification, row.ends_on):
        raise BodyScopeRefusedError
    sessions = await list_sessions(session, class_id)
    programme = await get_programme(session, row.programme_id)
    _require_covered(sessions, programme, first=row.filed_at is None, at=at)
    row.state, row.remark = ClassState.FILED, ""
    row.plan_digest = plan_digest(row, sessions)
    row.filed_at, row.filed_by = at, principal.account
    await session.flush()
    ahead = update(ClassSession).where(ClassSession.class_id == class_id, ClassSession.starts_at > at)
    await session.execute(ahead.where(ClassSession.filed_at.is_(None)).values(filed_at=at))
    facts: dict[str, Fact] = {"plan": row.plan_digest, "sessions": len(sessions)}
    await note_class(session, principal, "class.filed", row, at, facts)


def _require_covered(sessions: Sequence[SessionView], programme: ProgrammeView, *, first: bool, at: datetime) -> None:
    """Raise for a plan that falls short; only the first filing must come before every session."""
    if not sessions or (first and min(one.starts_at for one in sessions) <= at):
        raise PlanShortError(node="")
    planned = scheduled_seconds(sessions, at)
    for node in programme.nodes:
        # practice needs hands and a place; theory may be studied online
        if planned.get((node.code, PRACTICE), 0) < node.practice_s:
            raise PlanShortError(node=f"{node.code} {node.title}")


def scheduled_seconds(sessions: Iterable[SessionView], at: datetime) -> dict[tuple[str, str], int]:
    """Return the seconds that a timetable gives to each node and part, without what began unfiled; pure."""
    sums: dict[tuple[str, str], int] = {}
    for one in sessions:
        if not one.began_unfiled(at):
            sums[one.node, one.part] = sums.get((one.node, one.part), 0) + one.seconds
    return sums


def plan_digest(row: TrainingClass, sessions: Sequence[SessionView]) -> str:
    """Return the digest of what is filed: the class and its timetable."""
    names = ("programme_id", "organisation_id", "title", "starts_on", "ends_on", "capacity")
    held = [name for name in SessionView.__struct_fields__ if name != "filed_at"]
    plan = [
        {name: getattr(row, name) for name in names},
        [{name: getattr(one, name) for name in held} for one in sessions],
    ]
    return sha256(msgspec.json.encode(plan, order="sorted")).hexdigest()


async def return_plan(
    session: AsyncSession, principal: Principal, class_id: UUID, *, remark: str, at: datetime
) -> None:
    """Give a filed plan back with a remark, before the class starts; raises ClassStateError."""
    row = await session.get(TrainingClass, class_id, with_for_update=True)
    if row is None:
        raise ClassNotFoundError
    require_region(principal, row.region, Role.REGULATOR)
    first = await session.scalar(select(func.min(ClassSession.starts_at)).where(ClassSession.class_id == class_id))
    if row.state != ClassState.FILED or first is None or first <= at:
        raise ClassStateError
    row.state, row.remark, row.plan_digest = ClassState.PLANNED, remark.strip(), ""
    row.filed_at, row.filed_by = None, None
    await session.flush()
    await session.execute(update(ClassSession).where(ClassSession.class_id == class_id).values(filed_at=None))
    await note_class(session, principal, "class.returned", row, at, {"remark": row.remark})


async def cancel_class(
    session: AsyncSession, principal: Principal, class_id: UUID, *, reason: str, at: datetime
) -> None:
    """Cancel a class that nobody is enrolled in any more; raises ClassStateError."""
    row = await own_class(session, principal, class_id)
    _require_changeable(row)
    if await places_taken(session, class_id):
        raise ClassStateError
    row.state = ClassState.CANCELLED
    await session.flush()
    await note_class(session, principal, "class.cancelled", row, at, {"reason": reason})


async def places_taken(session: AsyncSession, class_id: UUID) -> int:
    """Count the people in a class, those included whom the scope does not show."""
    taken = await session.scalar(text("select taken from training_places_taken(:wanted)"), {"wanted": class_id})
    return int(taken or 0)


async def list_classes(
    session: AsyncSession,
    *,
    organisation_id: UUID | None = None,
    ids: Collection[UUID] | None = None,
    limit: int,
    offset: int = 0,
) -> list[ClassView]:
    """Return the scope's classes, the latest first, of one body or of all; with `ids` those of them."""
    query = select(TrainingClass).order_by(TrainingClass.starts_on.desc(), TrainingClass.id)
    if organisation_id is not None:
        query = query.where(TrainingClass.organisation_id == organisation_id)
    if ids is not None:
        query = query.where(TrainingClass.id.in_(ids))
    rows = list(await session.scalars(query.limit(limit).offset(offset)))
    taken = select(Enrolment.class_id, func.count()).where(
        Enrolment.class_id.in_([row.id for row in rows]), Enrolment.state.in_(PRESENT)
    )
    counts = {row[0]: row[1] for row in await session.execute(taken.group_by(Enrolment.class_id))}
    return [class_view(row, counts.get(row.id, 0)) for row in rows]


async def get_class(session: AsyncSession, class_id: UUID) -> ClassView:
    """Return a class of the scope; raises ClassNotFoundError."""
    row = await session.get(TrainingClass, class_id)
    if row is None:
        raise ClassNotFoundError
    return class_view(row, await places_taken(session, class_id))


def class_view(row: TrainingClass, taken: int) -> ClassView:
    """Return a row as pages see it."""
    names = [name for name in ClassView.__struct_fields__ if name not in {"taken", "state"}]
    return ClassView(taken=taken, state=ClassState(row.state), **{name: getattr(row, name) for name in names})


async def list_sessions(session: AsyncSession, class_id: UUID) -> list[SessionView]:
    """Return the timetable of a class in order."""
    query = select(ClassSession).where(ClassSession.class_id == class_id).order_by(ClassSession.starts_at)
    return [session_view(row) for row in await session.scalars(query)]


def session_view(row: ClassSession) -> SessionView:
    """Return a row as pages see it."""
    return SessionView(**{name: getattr(row, name) for name in SessionView.__struct_fields__})


async def list_open_classes(session: AsyncSession, *, since: date) -> list[OpenClass]:
    """Return the filed classes that begin on a day or later, of every region."""
    rows = await session.execute(text("select * from training_open_classes(:since)"), {"since": since})
    return [OpenClass(**row) for row in rows.mappings()]
