"""Taking the roll: learners sign, the teacher confirms once; pure proposals from the signs."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.errors import ForbiddenError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.training.attendance.code import code_at, is_fresh
from exam.training.attendance.errors import (
    ClassNotFiledError,
    NotOnTheRollError,
    RollConfirmedError,
    RollIncompleteError,
    RollTimesError,
    SessionNotFiledError,
    SignCodeError,
    SignTimeError,
)
from exam.training.attendance.models import Attendance, Correction, Sign
from exam.training.attendance.views import Presence, RollLine, Status
from exam.training.classes.enrolments import list_enrolments
from exam.training.classes.errors import ClassNotFoundError
from exam.training.classes.models import ClassSession, Enrolment, TrainingClass
from exam.training.classes.service import session_view
from exam.training.classes.views import PRESENT, ClassState, EnrolmentView, SessionView
from exam.training.jobs import ask_to_settle
from exam.training.ledger.rules import LedgerRules, rules_on


class Sighting(msgspec.Struct, frozen=True):
    """When somebody signed in first and out last."""

    in_at: datetime | None = None
    out_at: datetime | None = None
    photo_key: str | None = None


def rules_of(session: SessionView) -> LedgerRules:
    """Return the rules by which a session's attendance is taken."""
    return rules_on(local_date(session.starts_at))


def propose(sighting: Sighting, session: SessionView, rules: LedgerRules) -> Presence:
    """Return the attendance that signs speak for; pure.

    Who signed in within the grace was there from the start; who did not sign out stayed, for the teacher to deny.
    """
    if sighting.in_at is None:
        return Presence(status=Status.ABSENT)
    late = sighting.in_at - session.starts_at
    from_at = session.starts_at if late <= timedelta(seconds=rules.late_s) else sighting.in_at
    until_at = min(sighting.out_at or session.ends_at, session.ends_at)
    if from_at >= until_at:
        return Presence(status=Status.ABSENT)
    return Presence(status=Status.PRESENT, from_at=from_at, until_at=until_at)


async def get_session(session: AsyncSession, session_id: UUID) -> SessionView:
    """Return a class session of the scope; raises ClassNotFoundError."""
    row = await session.get(ClassSession, session_id)
    if row is None:
        raise ClassNotFoundError
    return session_view(row)


async def taught_session(session: AsyncSession, principal: Principal, session_id: UUID) -> SessionView:
    """Return a session that the principal teaches; raises ForbiddenError for somebody else's."""
    one = await get_session(session, session_id)
    if one.teacher_id != principal.account:
        raise ForbiddenError
    return one


def sign_code(runtime: Runtime, one: SessionView) -> str:
    """Return what the classroom's QR holds now: the address of the sign-in page with the code of this half minute."""
    at_ms = runtime.clock.unix_us() // 1000
    code = code_at(runtime.secrets.lease, one.id, at_ms, rules_of(one).sign_code_s)
    return f"{runtime.settings.base_url}/learn/sign/{one.id}?code={code}"


def require_fresh(runtime: Runtime, one: SessionView, code: str) -> None:
    """Raise SignCodeError for a code that the classroom no longer shows."""
    at_ms = runtime.clock.unix_us() // 1000
    if not is_fresh(code, runtime.secrets.lease, one.id, at_ms, rules_of(one).sign_code_s):
        raise SignCodeError


async def find_own_enrolment(session: AsyncSession, person_id: UUID, class_id: UUID) -> EnrolmentView:
    """Return the person's place in a class; raises NotOnTheRollError."""
    found = [each for each in await list_enrolments(session, class_id) if each.person_id == person_id]
    for each in found:
        if each.state in PRESENT:
            return each
    raise NotOnTheRollError


async def sign(
    session: AsyncSession,
    principal: Principal,
    runtime: Runtime,
    one: SessionView,
    *,
    way: str,
    code: str,
    photo_key: str | None,
    at: datetime,
) -> None:
    """Note that a learner signed in or out in the classroom.

    Raises SignCodeError, SignTimeError, NotOnTheRollError, ClassNotFiledError, SessionNotFiledError.
    """
    require_fresh(runtime, one, code)
    if principal.person is None:
        raise NotOnTheRollError
    enrolment = await find_own_enrolment(session, principal.person, one.class_id)
    await _require_filed(session, one)
    rules = rules_of(one)
    opens = one.starts_at - timedelta(seconds=rules.sign_before_s)
    closes = one.ends_at + timedelta(seconds=rules.sign_after_s)
    if not opens <= at <= closes:
        raise SignTimeError
    row = Sign(
        session_id=one.id,
        enrolment_id=enrolment.id,
        person_id=enrolment.person_id,
        region=one.region,
        way=way,
        photo_key=photo_key,
        at=at,
    )
    session.add(row)
    await session.flush()
    facts: dict[str, Fact] = {"session": str(one.id), "way": way, "photo": photo_key is not None}
    subject = ("enrolment", enrolment.id)
    await record(session, principal, "attendance.signed", subject, at=at, region=one.region, facts=facts)


async def _require_filed(session: AsyncSession, one: SessionView) -> None:
    row = await session.get(TrainingClass, one.class_id)
    if row is None or row.state != ClassState.FILED:
        raise ClassNotFiledError
    require_filed_before(one)


def require_filed_before(one: SessionView) -> None:
    """Raise SessionNotFiledError for a session that no filed plan held before it began."""
    if one.filed_at is None:
        raise SessionNotFiledError


async def load_roll(session: AsyncSession, one: SessionView) -> list[RollLine]:
    """Return everybody who is in the class, with signs, confirmation and proposal."""
    sightings = await _sightings(session, one.id)
    newest = {row.enrolment_id: row for row in await newest_attendance(session, [one.id])}
    open_query = select(Correction.enrolment_id, Correction.id).where(
        Correction.session_id == one.id, Correction.state == "proposed"
    )
    corrections = {row[0]: row[1] for row in await session.execute(open_query)}
    rules = rules_of(one)
    lines = []
    for enrolment in await list_enrolments(session, one.class_id):
        row = newest.get(enrolment.id)
        if row is None and enrolment.state not in PRESENT:
            continue
        seen = sightings.get(enrolment.id, Sighting())
        lines.append(
            RollLine(
                enrolment=enrolment,
                signed_in_at=seen.in_at,
                signed_out_at=seen.out_at,
                photo_key=seen.photo_key,
                confirmed=presence_of(row) if row else None,
                revision=row.revision if row else 0,
                proposed=propose(seen, one, rules),
                correction=corrections.get(enrolment.id),
            )
        )
    return lines


async def _sightings(session: AsyncSession, session_id: UUID) -> dict[UUID, Sighting]:
    seen: dict[UUID, Sighting] = {}
    for row in await session.scalars(select(Sign).where(Sign.session_id == session_id).order_by(Sign.at)):
        old = seen.get(row.enrolment_id, Sighting())
        if row.way == "in":
            old = Sighting(old.in_at or row.at, old.out_at, old.photo_key or row.photo_key)
        else:
            old = Sighting(old.in_at, row.at, old.photo_key)
        seen[row.enrolment_id] = old
    return seen


def presence_of(row: Attendance | Correction) -> Presence:
    """Return the attendance that a row tells of."""
    return Presence(status=Status(row.status), from_at=row.from_at, until_at=row.until_at)


async def newest_attendance(session: AsyncSession, session_ids: Sequence[UUID]) -> list[Attendance]:
    """Return the revision that counts of every line of some sessions."""
    query = (
        select(Attendance)
        .where(Attendance.session_id.in_(session_ids))
        .order_by(Attendance.session_id, Attendance.enrolment_id, Attendance.revision)
    )
    newest = {(row.session_id, row.enrolment_id): row for row in await session.scalars(query)}
    return list(newest.values())


async def confirm_roll(
    session: AsyncSession,
    principal: Principal,
    one: SessionView,
    presences: Mapping[UUID, Presence],
    *,
    at: datetime,
) -> None:
    """Confirm the roll of a session once; what is wrong afterwards takes two people.

    Raises RollConfirmedError, RollIncompleteError where a learner is left out, RollTimesError for impossible times or
    a confirmation that comes too early or too late, ClassNotFiledError, SessionNotFiledError.
    """
    await _require_filed(session, one)
    rules = rules_of(one)
    if not one.ends_at <= at <= one.ends_at + timedelta(seconds=rules.confirm_within_s):
        raise RollTimesError
    confirmed = select(func.count()).where(Attendance.session_id == one.id)
    if await session.scalar(confirmed):
        raise RollConfirmedError
    present = [each for each in await list_enrolments(session, one.class_id) if each.state in PRESENT]
    if not present or {each.id for each in present} != presences.keys():
        raise RollIncompleteError
    for enrolment in present:
        require_possible(presences[enrolment.id], one)
        await append_attendance(session, principal, one, enrolment.id, presences[enrolment.id], at=at)
    here = sum(1 for presence in presences.values() if presence.status is Status.PRESENT)
    facts: dict[str, Fact] = {"session": str(one.id), "present": here, "absent": len(presences) - here}
    await record(session, principal, "roll.confirmed", ("class", one.class_id), at=at, region=one.region, facts=facts)


def require_possible(presence: Presence, one: SessionView) -> None:
    """Raise RollTimesError for times outside the session."""
    if presence.status is Status.ABSENT:
        return
    if presence.from_at is None or presence.until_at is None:
        raise RollTimesError
    if not one.starts_at <= presence.from_at < presence.until_at <= one.ends_at:
        raise RollTimesError


async def append_attendance(
    session: AsyncSession,
    principal: Principal,
    one: SessionView,
    enrolment_id: UUID,
    presence: Presence,
    *,
    at: datetime,
    correction_id: UUID | None = None,
) -> None:
    """Append the next revision of one line, and let the person's hours be counted anew."""
    if principal.account is None:
        raise ForbiddenError
    enrolment = await session.get_one(Enrolment, enrolment_id)
    last = select(func.max(Attendance.revision)).where(
        Attendance.session_id == one.id, Attendance.enrolment_id == enrolment_id
    )
    row = Attendance(
        session_id=one.id,
        enrolment_id=enrolment_id,
        person_id=enrolment.person_id,
        region=one.region,
        revision=(await session.scalar(last) or 0) + 1,
        status=presence.status,
        from_at=presence.from_at,
        until_at=presence.until_at,
        correction_id=correction_id,
        recorded_by=principal.account,
        recorded_at=at,
    )
    session.add(row)
    await session.flush()
    facts: dict[str, Fact] = {
        "session": str(one.id),
        "revision": row.revision,
        "status": row.status,
        "from": row.from_at.isoformat() if row.from_at else None,
        "until": row.until_at.isoformat() if row.until_at else None,
        "correction": str(correction_id) if correction_id else None,
    }
    subject = ("enrolment", enrolment_id)
    await record(session, principal, "attendance.recorded", subject, at=at, region=one.region, facts=facts)
    await ask_to_settle(session, enrolment.person_id)
