"""Sessions of units: launched by us, ended by their own word or by the next launch; what a unit says is judged and kept."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.errors import NotFoundError
from exam.core.ids import new_id
from exam.training.classes.enrolments import get_enrolment
from exam.training.classes.service import get_class
from exam.training.classes.views import PRESENT
from exam.training.cmi5 import words
from exam.training.cmi5.documents import put_own
from exam.training.cmi5.errors import UnitClosedError, UnitKeyError
from exam.training.cmi5.launch import abandoned, activity_id, launch_data, launched, satisfied
from exam.training.cmi5.models import StatementRow, UnitSession
from exam.training.cmi5.rules import Standing, Unit, hear
from exam.training.cmi5.statement import Account, Sent
from exam.training.cmi5.store import append, find_new
from exam.training.lessons.models import Progress, VisitRow
from exam.training.lessons.package import PackageItem, PackageLesson, Standard, Tracked, moved_on
from exam.training.lessons.service import get_lesson
from exam.training.packages.service import PackageVisit, keep_tracked, list_tracked

_PREFERENCES = {"languagePreference": "zh-CN,en", "audioPreference": "on"}


class Talk(msgspec.Struct, frozen=True, kw_only=True):
    """A session that may be written to: its row, locked with its copy of the lesson, and what its unit stands at."""

    row: UnitSession
    unit: Unit
    visit: PackageVisit


async def launch_unit(
    session: AsyncSession, visit: PackageVisit, key: str, *, home: str, base: str, at: datetime
) -> Unit:
    """Open a session of a unit for an open visit, `base` being where its package lies; raises NotFoundError for no unit.

    Sessions of this copy that ended without a word are abandoned first: one unit is open at a time.
    """
    item = _item(visit.lesson, key)
    await _abandon(session, visit, home=home, at=at)
    said = {each.item: each for each in await list_tracked(session, visit)}
    known = said.get(key, Tracked(item=key))
    row = UnitSession(
        id=new_id(),
        progress_id=visit.visit.progress_id,
        visit_id=visit.visit.id,
        item=key,
        person_id=visit.visit.person_id,
        region=visit.visit.region,
        mode="Review" if known.completion == "completed" and known.success == "passed" else "Normal",
        launched_at=at,
        judged=False,
        ended_by="",
    )
    session.add(row)
    await session.flush()
    unit = _unit(row, item, lesson=visit.lesson_id, home=home)
    await put_own(session, row, "state", unit.activity, words.LAUNCH_DATA, launch_data(unit), at=at)
    await put_own(session, row, "agent", "", words.PREFERENCES, _PREFERENCES, at=at, over=False)
    await _say(session, row, launched(unit, base, at=at), at=at)
    await keep_tracked(session, visit, known, at=at)
    await _satisfy(session, Talk(row=row, unit=unit, visit=visit), at=at)
    return unit


async def fetch_once(session: AsyncSession, session_id: UUID, *, at: datetime) -> bool:
    """Note that a session's token is given out; False if it was before, or the session has ended."""
    asked = update(UnitSession).where(
        UnitSession.id == session_id, UnitSession.fetched_at.is_(None), UnitSession.ended_by == ""
    )
    done = await session.scalar(asked.values(fetched_at=at).returning(UnitSession.id))
    return done is not None


async def open_talk(session: AsyncSession, session_id: UUID, *, home: str, at: datetime) -> Talk:
    """Return a session, locked.

    Raises UnitKeyError for one that is abandoned or whose token was never fetched, UnitClosedError where its learner
    studies no more.
    """
    row = await session.get(UnitSession, session_id)
    if row is None or row.fetched_at is None:
        raise UnitKeyError
    progress = await session.get_one(Progress, row.progress_id, with_for_update=True)
    await session.refresh(row)
    if row.ended_by == "abandoned":
        raise UnitKeyError
    lesson = await get_lesson(session, progress.lesson_id)
    if lesson.content.package is None:
        raise UnitKeyError
    opened = await session.get_one(VisitRow, row.visit_id)
    await _require_class(session, opened, at)
    visit = PackageVisit(
        visit=opened,
        lesson_id=lesson.id,
        lesson=lesson.content.package,
        length_ms=lesson.length_ms,
    )
    return Talk(row=row, unit=_unit(row, _item(visit.lesson, row.item), lesson=lesson.id, home=home), visit=visit)


async def _require_class(session: AsyncSession, visit: VisitRow, at: datetime) -> None:
    enrolment = await get_enrolment(session, visit.enrolment_id)
    running = (await get_class(session, enrolment.class_id)).is_running(local_date(at))
    if enrolment.state not in PRESENT or not running:
        raise UnitClosedError


async def take_statements(session: AsyncSession, talk: Talk, sent: list[Sent], *, at: datetime) -> list[UUID]:
    """Judge and keep what a unit says, all or nothing, and return the ids.

    What was said before in the same words is passed over. Raises StatementRuleError, StatementConflictError and
    StoreFullError.
    """
    fresh = await find_new(session, talk.row.progress_id, sent)
    known = {each.item: each for each in await list_tracked(session, talk.visit)}
    before = _standing(talk.row, known.get(talk.row.item))
    after = before
    for each in fresh:
        after = hear(talk.unit, after, each.read)
        await append(session, talk.row, each.read.id or new_id(), each.body, at=at)
    if fresh:
        await _keep(session, talk, before, after, at=at)
    return [each.read.id for each in sent if each.read.id is not None]


async def _keep(session: AsyncSession, talk: Talk, before: Standing, after: Standing, *, at: datetime) -> None:
    row = talk.row
    row.heard_at = at
    row.initialized_at = at if after.initialized and row.initialized_at is None else row.initialized_at
    row.judged = after.judged
    row.ended_by = "terminated" if after.terminated else ""
    await session.flush()
    if (before.completed, before.success, before.score) == (after.completed, after.success, after.score):
        return
    plan = {
        "item": row.item,
        "completion": "completed" if after.completed else "incomplete",
        "success": after.success,
        "score": after.score,
    }
    await keep_tracked(session, talk.visit, msgspec.convert(plan, Tracked), at=at)
    await _satisfy(session, talk, at=at)


async def _satisfy(session: AsyncSession, talk: Talk, *, at: datetime) -> None:
    """Say once of each block, and of the course, that all its units have what they ask."""
    package = talk.visit.lesson.package
    said = {each.item: each for each in await list_tracked(session, talk.visit)}
    done = {item.key for item in package.items if moved_on(item, said.get(item.key, Tracked(item=item.key)))}
    wholes = [(each.publisher, words.BLOCK, each.items) for each in package.blocks]
    wholes.append((package.publisher, words.COURSE, tuple(item.key for item in package.items)))
    for publisher, kind, items in wholes:
        if done.issuperset(items):
            activity = activity_id(talk.visit.lesson_id, publisher)
            body = satisfied(talk.unit, activity, kind, at=at)
            await _say(session, talk.row, body, at=at, known=uuid5(talk.row.progress_id, activity))


async def _abandon(session: AsyncSession, visit: PackageVisit, *, home: str, at: datetime) -> None:
    """End the sessions of a copy that never said that they ended."""
    await session.get_one(Progress, visit.visit.progress_id, with_for_update=True)
    query = select(UnitSession).where(UnitSession.progress_id == visit.visit.progress_id, UnitSession.ended_by == "")
    for row in list(await session.scalars(query)):
        unit = _unit(row, _item(visit.lesson, row.item), lesson=visit.lesson_id, home=home)
        lasted = ((row.heard_at or row.launched_at) - row.launched_at).total_seconds()
        await _say(session, row, abandoned(unit, int(lasted), at=at), at=at)
        row.ended_by = "abandoned"
    await session.flush()


async def _say(
    session: AsyncSession, row: UnitSession, body: dict[str, Any], *, at: datetime, known: UUID | None = None
) -> None:
    """Keep a statement of ours; one whose id is known is said once."""
    statement = known or new_id()
    if known is not None and await session.get(StatementRow, (row.progress_id, known)) is not None:
        return
    await append(session, row, statement, body, at=at)


def _standing(row: UnitSession, known: Tracked | None) -> Standing:
    known = known or Tracked(item=row.item)
    return Standing(
        initialized=row.initialized_at is not None,
        terminated=row.ended_by == "terminated",
        judged=row.judged,
        completed=known.completion == "completed",
        success=known.success,
        score=known.score,
    )


def _unit(row: UnitSession, item: PackageItem, *, lesson: UUID, home: str) -> Unit:
    return Unit(
        item=item,
        activity=activity_id(lesson, item.key),
        actor=Account(home_page=home, name=str(row.progress_id)),
        registration=row.progress_id,
        session=row.id,
        mode=row.mode,
    )


def _item(lesson: PackageLesson, key: str) -> PackageItem:
    item = next((each for each in lesson.package.items if each.key == key), None)
    if item is None or lesson.package.standard is not Standard.CMI5:
        raise NotFoundError
    return item
