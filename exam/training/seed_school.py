"""The demo's training body: a programme, lessons with their texts, a class at work, and learners who have begun.

Everything goes through the services that people's pages use, each act at the instant at which it would have been done.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date, local_midnight
from exam.core.db.scope import Scope
from exam.core.principal import Grant, Principal
from exam.core.runtime import Runtime
from exam.identity.api import Role
from exam.training.attendance.roll import confirm_roll, get_session
from exam.training.attendance.views import Presence, Status
from exam.training.bodies.service import BodyView, add_venue, approve_body, get_body
from exam.training.classes.enrolments import enrol
from exam.training.classes.passes import pass_text
from exam.training.classes.service import add_session, file_class, plan_class
from exam.training.classes.views import EnrolmentView
from exam.training.completion.service import issue_completion
from exam.training.kinds import TrainingKind
from exam.training.ledger.claims import decide_hours, propose_hours
from exam.training.ledger.evidence import THEORY
from exam.training.ledger.judging import Beat
from exam.training.ledger.rules import hour_s, rules_on
from exam.training.lessons.content import LessonContent, Quiz, read_lesson, unlocked
from exam.training.lessons.opening import start_visit
from exam.training.lessons.service import draft_lesson, publish_lesson
from exam.training.lessons.standing import StudyAnswer
from exam.training.lessons.study import end_visit, take_answer, take_beat
from exam.training.programmes.service import draft_programme, find_programme, propose_nodes, publish_programme
from exam.training.quizzes.service import pool_of
from exam.training.seed_packages import COURSE_TITLE, PACKAGE_TITLE, draw_course, draw_package
from exam.training.seed_upload import draft_package, upload_whole
from exam.training.settling import run_settle
from questionbank.api import list_practice_pool

SCHOOL_QUALIFICATION = "officer.general"
TAUGHT = ((-1, "3.1", 2), (1, "2.1", 1), (2, "5.1", 1), (3, "4.1", 2))
"""Days from today, the node that is taught then from nine o'clock, and for how many hours of study."""
BEGUN_DAYS, RUNS_DAYS = 3, 20
QUIZ = Quiz(items=5, needed_percent=80, least_s=600)
MORNING = timedelta(hours=9)
EVENING = timedelta(hours=19)


class SchoolStaff(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts: two clerks and a teacher of the body, the regulator of its county and that of the province."""

    body: UUID
    region: str
    root_region: str
    clerk: Principal
    second_clerk: Principal
    teacher: Principal
    regulator: Principal
    provincial: Principal


class SeededLearner(msgspec.Struct, frozen=True, kw_only=True):
    """A learner of the demo, with what is needed to get in at home."""

    name: str
    id_number: str
    learner_pass: str


class LessonText(msgspec.Struct, frozen=True, kw_only=True):
    """A lesson as it was written: the first line of its file is the title."""

    node: str
    title: str
    text: str


@cache
def lesson_texts() -> tuple[LessonText, ...]:
    """Return the lessons that come with the project, by node."""
    folder = files("exam.training") / "data" / "lessons" / SCHOOL_QUALIFICATION
    texts = []
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        title, _, text = file.read_text(encoding="utf-8").partition("\n")
        texts.append(LessonText(node=file.name.removesuffix(".txt"), title=title, text=text))
    return tuple(texts)


async def seed_school(runtime: Runtime, staff: SchoolStaff, people: Sequence[tuple[str, str]]) -> list[SeededLearner]:
    """Build the training body's part of the demo; `people` are names and ID numbers of its learners."""
    now = runtime.clock.now()
    today = local_date(now)
    begun = _at(today - timedelta(days=BEGUN_DAYS), MORNING)
    async with runtime.databases.transaction(Scope(region=staff.root_region)) as session:
        await _programme(session, staff, begun)
    async with runtime.databases.transaction(Scope(region=staff.region)) as session:
        body = await _body(session, staff, begun, today)
        lessons = [await _lesson(session, staff, body, text, begun) for text in lesson_texts()]
        class_id, past = await _class(session, staff, body, today, begun)
        learners = [
            await enrol(
                session,
                staff.clerk,
                runtime,
                class_id=class_id,
                name=name,
                id_number=number,
                organisation_id=None,
                at=begun + timedelta(hours=2),
            )
            for name, number in people
        ]
        await _roll(session, staff, past, learners)
        await _on_paper(session, staff, learners, now)
        passes = [await pass_text(session, runtime, learner.id) for learner in learners]
        await _quiz(session, staff, body, begun)
    await _packages(runtime, staff, body, begun)
    await _film(runtime, staff, body, begun)
    await _studied(runtime, learners, lessons, _at(today - timedelta(days=1), EVENING))
    for learner in learners:
        await run_settle(runtime, person_id=str(learner.person_id))
    return [
        SeededLearner(name=name, id_number=number, learner_pass=learner_pass)
        for (name, number), learner_pass in zip(people, passes, strict=True)
    ]


def _at(day: date, time: timedelta) -> datetime:
    return local_midnight(day) + time


async def _programme(session: AsyncSession, staff: SchoolStaff, at: datetime) -> None:
    programme_id = await draft_programme(
        session,
        staff.regulator,
        qualification=SCHOOL_QUALIFICATION,
        kind=TrainingKind.INITIAL,
        title="一般生产经营单位安全生产管理人员初次培训方案",
        nodes=await propose_nodes(session, SCHOOL_QUALIFICATION, TrainingKind.INITIAL),
        at=at,
    )
    await publish_programme(session, staff.provincial, programme_id, root_region=staff.root_region, at=at)


async def _body(session: AsyncSession, staff: SchoolStaff, at: datetime, today: date) -> BodyView:
    await approve_body(
        session,
        staff.regulator,
        staff.body,
        qualifications=[SCHOOL_QUALIFICATION],
        until=today.replace(month=12, day=31) + timedelta(days=730),
        basis="AQ/T 8011-2023 安全培训机构基本条件",
        at=at,
    )
    return await get_body(session, staff.body)


async def _lesson(
    session: AsyncSession, staff: SchoolStaff, body: BodyView, text: LessonText, at: datetime
) -> tuple[UUID, LessonContent]:
    content = read_lesson(text.text)
    lesson_id = await draft_lesson(
        session,
        staff.clerk,
        body=body,
        qualification=SCHOOL_QUALIFICATION,
        node=text.node,
        title=text.title,
        content=content,
        at=at,
    )
    await publish_lesson(session, staff.second_clerk, lesson_id, body=body, at=at)
    return lesson_id, content


async def _quiz(session: AsyncSession, staff: SchoolStaff, body: BodyView, at: datetime) -> None:
    """Draft and publish a quiz on the node with the most items that are open for practice."""
    pool = await list_practice_pool(session, SCHOOL_QUALIFICATION, body.region)
    programme = await find_programme(session, SCHOOL_QUALIFICATION, TrainingKind.INITIAL)
    node = max(programme.nodes if programme else (), key=lambda each: len(pool_of(pool, each.code)), default=None)
    if node is None or len(pool_of(pool, node.code)) < QUIZ.items:
        return
    lesson_id = await draft_lesson(
        session,
        staff.clerk,
        body=body,
        qualification=SCHOOL_QUALIFICATION,
        node=node.code,
        title=f"{node.title}(测验)",
        content=LessonContent(quiz=QUIZ),
        at=at,
    )
    await publish_lesson(session, staff.second_clerk, lesson_id, body=body, at=at)


async def _packages(runtime: Runtime, staff: SchoolStaff, body: BodyView, at: datetime) -> None:
    target = (SCHOOL_QUALIFICATION, "5.4")
    for filename, title, data in (
        ("灭火器.zip", PACKAGE_TITLE, draw_package()),
        ("触电.zip", COURSE_TITLE, draw_course()),
    ):
        material = await upload_whole(runtime, staff.clerk, body, filename=filename, data=data, at=at)
        async with runtime.databases.transaction(Scope(region=staff.region)) as session:
            lesson_id = await draft_package(session, staff.clerk, body, material, target=target, title=title, at=at)
            await publish_lesson(session, staff.second_clerk, lesson_id, body=body, at=at)


async def _film(runtime: Runtime, staff: SchoolStaff, body: BodyView, at: datetime) -> None:
    from exam.training.seed_film import seed_film  # noqa: PLC0415  # the codecs, for the demo alone

    drafted = await seed_film(runtime, staff.clerk, body, target=(SCHOOL_QUALIFICATION, "5.2"), at=at)
    async with runtime.databases.transaction(Scope(region=staff.region)) as session:
        for lesson_id in drafted:
            await publish_lesson(session, staff.second_clerk, lesson_id, body=body, at=at)


async def _class(
    session: AsyncSession, staff: SchoolStaff, body: BodyView, today: date, begun: datetime
) -> tuple[UUID, UUID]:
    """Plan and file the class; return it and its session of yesterday."""
    venue = await add_venue(
        session,
        staff.clerk,
        body=body,
        name="第一教室",
        address="西湖区演示路 8 号",
        capacity=60,
        practice=False,
        at=begun,
    )
    first = today - timedelta(days=BEGUN_DAYS)
    class_id = await plan_class(
        session,
        staff.clerk,
        body=body,
        qualification=SCHOOL_QUALIFICATION,
        kind=TrainingKind.INITIAL,
        title=f"安全生产管理人员培训班({first.year} 年第 1 期)",
        starts_on=first,
        ends_on=first + timedelta(days=RUNS_DAYS),
        capacity=40,
        photo_asked=False,
        at=begun,
    )
    sessions = []
    for day, node, hours in TAUGHT:
        starts_at = _at(today + timedelta(days=day), MORNING)
        sessions.append(
            await add_session(
                session,
                staff.clerk,
                class_id,
                starts_at=starts_at,
                ends_at=starts_at + timedelta(seconds=hours * hour_s()),
                venue_id=venue,
                teacher_id=staff.teacher.account or staff.body,
                node=node,
                part=THEORY,
                at=begun,
            )
        )
    await file_class(session, staff.clerk, class_id, at=begun + timedelta(hours=1))
    return class_id, sessions[0]


async def _on_paper(session: AsyncSession, staff: SchoolStaff, learners: Sequence[EnrolmentView], at: datetime) -> None:
    """Let the second learner bring a whole training on paper and get a certificate to sign; the last one's hours wait."""
    for learner, hours in ((learners[1], 3200), (learners[-1], 800)):
        claim = await propose_hours(
            session,
            staff.clerk,
            person_id=learner.person_id,
            qualification=SCHOOL_QUALIFICATION,
            kind=TrainingKind.INITIAL,
            hours_hundredths=hours,
            source="纸质签到:本机构上一期培训班",
            region=staff.region,
            at=at,
        )
        if learner is learners[1]:
            await decide_hours(session, staff.second_clerk, claim, confirm=True, at=at)
            await issue_completion(session, staff.clerk, learner.id, class_id=learner.class_id, at=at)


async def _roll(session: AsyncSession, staff: SchoolStaff, session_id: UUID, learners: Sequence[EnrolmentView]) -> None:
    """Confirm yesterday's session: the last learner was not there."""
    one = await get_session(session, session_id)
    present = Presence(status=Status.PRESENT, from_at=one.starts_at, until_at=one.ends_at)
    roll = {learner.id: present for learner in learners[:-1]} | {learners[-1].id: Presence(status=Status.ABSENT)}
    await confirm_roll(session, staff.teacher, one, roll, at=one.ends_at + timedelta(minutes=5))


async def _studied(
    runtime: Runtime,
    learners: Sequence[EnrolmentView],
    lessons: Sequence[tuple[UUID, LessonContent]],
    evening: datetime,
) -> None:
    """Let the first learner finish one lesson and begin another, and the second begin one."""
    *_, (last, content) = lessons
    at = await _study(runtime, learners[0], last, content, evening)
    await _study(runtime, learners[0], *lessons[0], at + timedelta(minutes=2), share=0.4)
    await _study(runtime, learners[1], *lessons[0], evening, share=0.2)


async def _study(
    runtime: Runtime, learner: EnrolmentView, lesson_id: UUID, content: LessonContent, at: datetime, share: float = 1
) -> datetime:
    """Study a share of a lesson from an instant on, and return when it was left."""
    person = learner.person_id
    principal = Principal(account=person, person=person, grants=(Grant(Role.CANDIDATE.value, learner.region),))
    beat_s = rules_on(local_date(at)).beat_s
    async with runtime.databases.transaction(Scope(person=person)) as session:
        visit = await start_visit(session, principal, learner.id, lesson_id, at=at)
        told = StudyAnswer(seq=0, reach_ms=0, length_ms=content.length_ms)
        elapsed = 0
        while told.reach_ms < content.length_ms * share:
            elapsed += beat_s
            at += timedelta(seconds=beat_s)
            beat = Beat(
                seq=told.seq + 1,
                after="",
                unit=unlocked(content, told.reach_ms) - 1,
                seen=True,
                idle_s=0,
                clock_ms=elapsed * 1000,
            )
            told = await take_beat(session, person, visit, beat, genuine=True, at=at)
            if told.check is not None:
                told = await take_answer(session, person, visit, _right(content, told.check.prompt), at=at)
        await end_visit(session, person, visit, at=at)
    return at


def _right(content: LessonContent, prompt: str) -> int | None:
    return next(
        (unit.question.right for unit in content.units if unit.question and unit.question.prompt == prompt), None
    )
