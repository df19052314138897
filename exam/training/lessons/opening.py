"""Opening a lesson: when study counts, the learner's copy of the lesson, one open lesson per person."""

import secrets
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.ids import new_id
from exam.core.principal import Principal
from exam.training.classes.enrolments import get_enrolment
from exam.training.classes.service import get_class
from exam.training.classes.views import PRESENT, EnrolmentView
from exam.training.jobs import ask_to_settle
from exam.training.ledger.evidence import THEORY
from exam.training.ledger.live import open_visit
from exam.training.ledger.rules import LedgerRules, rules_on
from exam.training.lessons.errors import DayCapError, LessonStateError, StudyTimeError
from exam.training.lessons.keeping import keep_opening
from exam.training.lessons.models import LiveRow, Progress, VisitRow
from exam.training.lessons.service import LessonView, get_lesson
from exam.training.lessons.standing import MS, Note, State, unix_ms
from exam.training.settling import studied_on


def draw_due(rules: LedgerRules) -> int:
    """Return after how much study the next check is due: nobody can foresee it."""
    spread = rules.check_most_s - rules.check_least_s + 1
    return (rules.check_least_s + secrets.randbelow(spread)) * MS


async def start_visit(
    session: AsyncSession, principal: Principal, enrolment_id: UUID, lesson_id: UUID, *, at: datetime
) -> UUID:
    """Open a lesson of an enrolment and return the visit's id; whatever the person has open elsewhere is closed.

    Raises LessonStateError, StudyTimeError outside the class's days or before its plan is filed, DayCapError.
    """
    enrolment, lesson = await get_enrolment(session, enrolment_id), await get_lesson(session, lesson_id)
    await _require_time(session, enrolment, lesson, at)
    rules = rules_on(local_date(at))
    row, state = await _lock(session, enrolment, at)
    left = rules.day_cap_s * MS - await studied_on(session, enrolment.person_id, local_date(at))
    if left <= 0:
        raise DayCapError(hours=rules.day_cap_s // rules.hour_s)
    progress = await _ensure_progress(session, enrolment, lesson, at)
    visit = VisitRow(
        id=new_id(),
        progress_id=progress,
        enrolment_id=enrolment.id,
        person_id=enrolment.person_id,
        region=enrolment.region,
        qualification=enrolment.qualification,
        kind=enrolment.kind,
        node=lesson.node,
        part=THEORY,
        length_ms=lesson.length_ms,
        rules=rules.version,
        opened_at=at,
    )
    session.add(visit)
    await session.flush()
    heard = open_visit(state.live, visit.id, at=unix_ms(at), rules=rules, draw=draw_due)
    note = Note(
        progress=progress,
        length_ms=lesson.length_ms,
        units=lesson.content.ends_ms,
        rules=rules.version,
        must_pass=lesson.content.must_pass,
    )
    fresh = msgspec.structs.replace(
        state, visits={**state.visits, str(visit.id): note}, day_left_ms=left, counted_ms=unix_ms(at)
    )
    await keep_opening(session, row, fresh, heard, at=at)
    facts = {"enrolment": str(enrolment.id), "lesson": str(lesson.id), "rules": rules.version}
    await record(session, principal, "study.opened", ("visit", visit.id), at=at, region=visit.region, facts=facts)
    if state.live.watch.visit is not None:  # what was open elsewhere has been closed by this
        await ask_to_settle(session, enrolment.person_id)
    return visit.id


async def _require_time(session: AsyncSession, enrolment: EnrolmentView, lesson: LessonView, at: datetime) -> None:
    one = await get_class(session, enrolment.class_id)
    ours = lesson.organisation_id == one.organisation_id and lesson.qualification == enrolment.qualification
    if lesson.state != "published" or not ours:
        raise LessonStateError
    if enrolment.state not in PRESENT or not one.is_running(local_date(at)):
        raise StudyTimeError(first=one.starts_on.isoformat(), last=one.ends_on.isoformat())


async def _lock(session: AsyncSession, enrolment: EnrolmentView, at: datetime) -> tuple[LiveRow, State]:
    fresh = {
        "person_id": enrolment.person_id,
        "region": enrolment.region,
        "n": 0,
        "state": msgspec.to_builtins(State()),
        "heard_at": at,
    }
    await session.execute(pg_insert(LiveRow).values(fresh).on_conflict_do_nothing())
    row = await session.get_one(LiveRow, enrolment.person_id, with_for_update=True, populate_existing=True)
    return row, msgspec.convert(row.state, State)


async def _ensure_progress(session: AsyncSession, enrolment: EnrolmentView, lesson: LessonView, at: datetime) -> UUID:
    fresh = {
        "id": new_id(),
        "enrolment_id": enrolment.id,
        "lesson_id": lesson.id,
        "person_id": enrolment.person_id,
        "region": enrolment.region,
        "settled_ms": 0,
        "created_at": at,
    }
    await session.execute(pg_insert(Progress).values(fresh).on_conflict_do_nothing())
    known = select(Progress.id).where(Progress.enrolment_id == enrolment.id, Progress.lesson_id == lesson.id)
    return (await session.execute(known)).scalar_one()
