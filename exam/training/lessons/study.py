"""Studying a lesson: opened, heard every few seconds, asked now and then, closed; each message one transaction.

The session's scope is the learner's own. What counts is decided by the pure core (`exam.training.ledger.live`); this
module asks it, `keeping` writes down what it says.
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.training.jobs import ask_to_settle
from exam.training.ledger.judging import Beat, Front, Oddity
from exam.training.ledger.live import Heard, close_visit, hear_answer, hear_beat
from exam.training.ledger.rules import recall_rules
from exam.training.lessons.content import LessonContent
from exam.training.lessons.film import cue_at
from exam.training.lessons.keeping import keep_message, observe
from exam.training.lessons.models import Lesson, LiveRow, Progress, VisitRow
from exam.training.lessons.opening import draw_due
from exam.training.lessons.questions import Question
from exam.training.lessons.service import LessonView, get_lesson
from exam.training.lessons.standing import StudyAnswer, StudyStanding, answer_of, load_standing, unix_ms

SILENT = timedelta(minutes=5)


COUNT_EVERY_MS = 20 * 60 * 1000
"""Counting reads all that a person has ever reported: in the midst of a lesson it is not done after every check."""

MOST_WRONG = 2
"""Wrong answers to one check; after them it is left to run out, and nothing since the last proof counts."""


async def take_beat(
    session: AsyncSession,
    person: UUID,
    visit: UUID,
    beat: Beat,
    *,
    genuine: bool,
    at: datetime,
    login: bytes | None = None,
) -> StudyAnswer:
    """Take a beat in; what is odd about it leaves an observation and earns nothing."""
    here = await load_standing(session, person, visit, login=login, at=at)
    if not here.logged_in:
        await observe(session, here, Oddity.LOGGED_OUT, at)
    if here.stop:
        return answer_of(here, stop=here.stop)
    note = here.note
    if note is None or here.state.live.watch.visit != visit:
        await observe(session, here, Oddity.TWO_DEVICES, at)
        return answer_of(here, stop="elsewhere")
    if here.state.day_left_ms <= 0:
        return answer_of(here, stop="day_cap")
    front = Front(reach_ms=here.reach_ms, length_ms=note.length_ms, units=note.units)
    heard = hear_beat(
        here.state.live,
        beat,
        front,
        recall_rules(note.rules),
        visit=visit,
        at=unix_ms(at),
        genuine=genuine,
        draw=draw_due,
    )
    if heard.oddity is not None:
        await observe(session, here, heard.oddity, at)
    if not heard.traces:
        return answer_of(here, refused="" if heard.repeated else str(heard.oddity or ""))
    asked = here.state.live.watch.asked_at is None and heard.live.watch.asked_at is not None
    question = await _question(session, here, beat.unit) if asked else here.state.question
    state = msgspec.structs.replace(
        here.state,
        question=question,
        wrong=0 if asked else here.state.wrong,
        day_left_ms=here.state.day_left_ms - _gain(here, heard),
    )
    after = await keep_message(session, here, state, heard, at=at)
    return answer_of(after, refused=str(heard.oddity or ""))


def _gain(here: StudyStanding, heard: Heard) -> int:
    before, after = here.state.live.watch.pending, heard.live.watch.pending
    return max(sum(each.span.length for each in after) - sum(each.span.length for each in before), 0)


async def _question(session: AsyncSession, here: StudyStanding, unit: int) -> Question | None:
    """Return the question on what was open or shown last, if there is one: who was there can answer it."""
    query = (
        select(Lesson.content)
        .join(Progress, Progress.lesson_id == Lesson.id)
        .join(VisitRow, VisitRow.progress_id == Progress.id)
        .where(VisitRow.id == here.visit)
    )
    content = msgspec.convert((await session.execute(query)).scalar_one(), LessonContent)
    if content.film is not None:
        return cue_at(content.film, here.reach_ms)
    return content.units[unit].question if unit < len(content.units) else None


async def take_answer(
    session: AsyncSession, person: UUID, visit: UUID, choice: int | None, *, at: datetime, login: bytes | None = None
) -> StudyAnswer:
    """Take in the answer to an open check; a wrong one leaves it open, and guessing lets it run out."""
    here = await load_standing(session, person, visit, login=login, at=at)
    if here.stop:
        return answer_of(here, stop=here.stop)
    note, question = here.note, here.state.question
    if note is None or here.state.live.watch.visit != visit:
        return answer_of(here, stop="elsewhere")
    if question is not None and here.state.wrong >= MOST_WRONG and not here.state.live.watch.missed:
        return answer_of(here, refused=Oddity.GUESSED)
    if question is not None and choice != question.right:
        return await _take_wrong(session, here, at=at)
    heard = hear_answer(here.state.live, visit=visit, at=unix_ms(at), rules=recall_rules(note.rules))
    if not heard.traces:
        return answer_of(here)
    if heard.oddity is not None:
        await observe(session, here, heard.oddity, at)
    due = unix_ms(at) - here.state.counted_ms >= COUNT_EVERY_MS
    counted_ms = unix_ms(at) if due else here.state.counted_ms
    state = msgspec.structs.replace(here.state, question=None, wrong=0, counted_ms=counted_ms)
    told = answer_of(await keep_message(session, here, state, heard, at=at))
    if due or told.finished:
        await ask_to_settle(session, person)
    return told


async def _take_wrong(session: AsyncSession, here: StudyStanding, *, at: datetime) -> StudyAnswer:
    wrong = here.state.wrong + 1
    if wrong == MOST_WRONG:
        await observe(session, here, Oddity.GUESSED, at)
    state = msgspec.structs.replace(here.state, wrong=wrong)
    after = await keep_message(session, here, state, Heard(live=here.state.live), at=at)
    return answer_of(after, refused=Oddity.GUESSED if wrong >= MOST_WRONG else "wrong")


async def end_visit(session: AsyncSession, person: UUID, visit: UUID, *, at: datetime) -> None:
    """Close a visit if it is open, and let the hours be counted."""
    here = await load_standing(session, person, visit)
    note = here.note
    if note is None or here.state.live.watch.visit != visit:
        return
    heard = close_visit(here.state.live, visit, at=unix_ms(at), rules=recall_rules(note.rules))
    await keep_message(session, here, here.state, heard, at=at)
    if here.state.live.watch.pending or not answer_of(here).finished:  # a finished lesson was counted at its end
        await ask_to_settle(session, person)


async def read_visit(
    session: AsyncSession, person: UUID, visit: UUID, *, at: datetime | None = None
) -> tuple[StudyAnswer, int, LessonView]:
    """Return where a visit stands, the number of its last beat, and its lesson, for the page that shows it."""
    here = await load_standing(session, person, visit, at=at)
    query = select(Progress.lesson_id).join(VisitRow, VisitRow.progress_id == Progress.id).where(VisitRow.id == visit)
    lesson = await get_lesson(session, (await session.execute(query)).scalar_one())
    open_here = here.note is not None and here.state.live.watch.visit == visit
    answer = answer_of(here, stop=here.stop or ("" if open_here else "elsewhere"))
    length = msgspec.structs.replace(answer, length_ms=lesson.length_ms)
    return length, here.state.live.line.seq if open_here else 0, lesson


async def run_close_silent(runtime: Runtime) -> None:
    """Close the visits that have not been heard of for a while, so that their time is counted."""
    now = runtime.clock.now()
    silent = select(LiveRow.person_id, LiveRow.visit_id).where(
        LiveRow.visit_id.is_not(None), LiveRow.heard_at < now - SILENT
    )
    async with runtime.databases.session(Scope(region=runtime.settings.root_region)) as session:
        found = [(row.person_id, row.visit_id) for row in await session.execute(silent)]
    for person, visit in found:
        async with runtime.databases.transaction(Scope(person=person)) as session:
            await end_visit(session, person, visit, at=runtime.clock.now())
