"""Face-to-face hours: signing, confirming, correcting by two people, and what the ledger says afterwards."""

from contextlib import nullcontext
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from exam.core.clock import FrozenClock
from exam.core.db.scope import Scope
from exam.core.errors import ForbiddenError, SamePersonError
from exam.core.principal import Grant, Principal
from exam.core.runtime import Runtime
from exam.training.api import hours_of, replay
from exam.training.attendance import roll
from exam.training.attendance.code import code_at
from exam.training.attendance.corrections import decide_correction, list_corrections, propose_correction
from exam.training.attendance.errors import (
    ClassNotFiledError,
    CorrectionOpenError,
    NotOnTheRollError,
    RollConfirmedError,
    RollIncompleteError,
    RollTimesError,
    SessionNotFiledError,
    SignCodeError,
    SignTimeError,
)
from exam.training.attendance.views import Presence, Status
from exam.training.classes.models import TrainingClass
from exam.training.classes.service import add_session, file_class, list_sessions, return_plan
from exam.training.classes.views import EnrolmentView, SessionView
from exam.training.settling import run_settle
from tests.builders.sitting import portrait
from tests.builders.training import (
    OFFICER,
    School,
    learner_cookie,
    make_class,
    make_learner,
    make_programme,
    make_school,
)
from tests.builders.web import browsing, send, wear
from tests.integration.test_training_classes import staff


class Lesson:
    """One session of a filed class with two learners; the clock stands at its start."""

    def __init__(self, runtime: Runtime, clock: FrozenClock, school: School, one: SessionView) -> None:
        self.runtime, self.clock, self.school, self.one = runtime, clock, school, one
        self.learners: list[EnrolmentView] = []

    def learner(self, number: int) -> Principal:
        person = self.learners[number].person_id
        return Principal(account=person, person=person, grants=(Grant("candidate", self.school.region),))

    async def sign(self, number: int, way: str = "in", code: str | None = None) -> None:
        shown = code_at(self.runtime.secrets.lease, self.one.id, self.clock.unix_us() // 1000, 30)
        async with self.runtime.databases.transaction(Scope(person=self.learners[number].person_id)) as session:
            await roll.sign(
                session,
                self.learner(number),
                self.runtime,
                self.one,
                way=way,
                code=shown if code is None else code,
                photo_key=None,
                at=self.clock.now(),
            )

    async def confirm(self, **changes: Presence) -> None:
        async with self.runtime.databases.transaction(self.school.scope) as session:
            lines = await roll.load_roll(session, self.one)
            presences = {
                line.enrolment.id: changes.get(f"n{number}", line.proposed) for number, line in enumerate(lines)
            }
            await roll.confirm_roll(session, self.school.teacher, self.one, presences, at=self.clock.now())

    async def hours(self, number: int) -> int:
        person = self.learners[number].person_id
        await run_settle(self.runtime, person_id=str(person))
        async with self.runtime.databases.session(Scope(person=person)) as session:
            assert (await replay(session, person)).equal
            return await hours_of(session, person, OFFICER)

    def minutes(self, first: int, last: int) -> Presence:
        start = self.one.starts_at
        return Presence(
            status=Status.PRESENT,
            from_at=start + timedelta(minutes=first),
            until_at=start + timedelta(minutes=last),
        )


@pytest.fixture
async def lesson(runtime: Runtime, clock: FrozenClock) -> Lesson:
    school = await make_school(runtime)
    await make_programme(runtime, school)
    class_id = await make_class(runtime, school)
    async with runtime.databases.session(school.scope) as session:
        one = (await list_sessions(session, class_id))[0]
    made = Lesson(runtime, clock, school, one)
    for number in range(2):
        made.learners.append(await make_learner(runtime, school, class_id, number=number))
    clock.advance(one.starts_at - clock.now())
    return made


async def test_signed_and_confirmed_hours_stand_in_the_ledger_by_node(lesson: Lesson) -> None:
    await lesson.sign(0)
    lesson.clock.advance(timedelta(minutes=15))
    await lesson.sign(1)
    lesson.clock.advance(timedelta(minutes=120))
    await lesson.sign(0, "out")
    assert await lesson.hours(0) == 0
    await lesson.confirm()
    assert await lesson.hours(0) == 300
    assert await lesson.hours(1) == 120 * 60 * 100 // 2700


async def test_settling_again_adds_nothing(lesson: Lesson) -> None:
    await lesson.sign(0)
    lesson.clock.advance(timedelta(minutes=140))
    await lesson.confirm()
    assert await lesson.hours(0) == 300
    assert await lesson.hours(0) == 300
    async with lesson.runtime.databases.session(Scope(person=lesson.learners[0].person_id)) as session:
        assert await session.scalar(text("select count(*) from training_hours")) == 1


async def test_old_code_is_refused(lesson: Lesson) -> None:
    old = code_at(lesson.runtime.secrets.lease, lesson.one.id, lesson.clock.unix_us() // 1000, 30)
    lesson.clock.advance(timedelta(seconds=91))
    with pytest.raises(SignCodeError):
        await lesson.sign(0, code=old)


async def test_nobody_signs_outside_the_time(lesson: Lesson) -> None:
    lesson.clock.advance(timedelta(minutes=-31))
    with pytest.raises(SignTimeError):
        await lesson.sign(0)
    lesson.clock.advance(timedelta(minutes=31 + 135 + 31))
    with pytest.raises(SignTimeError):
        await lesson.sign(0)


async def test_stranger_is_not_on_the_roll(lesson: Lesson) -> None:
    other = await make_class(lesson.runtime, lesson.school, sessions=((5, "1.2", "theory"),), title="另一班")
    stranger = await make_learner(lesson.runtime, lesson.school, other, number=7)
    lesson.learners.append(stranger)
    with pytest.raises(NotOnTheRollError):
        await lesson.sign(2)


async def test_class_that_is_not_filed_takes_no_attendance(lesson: Lesson, runtime: Runtime) -> None:
    lesson.clock.advance(timedelta(minutes=-20))
    async with runtime.databases.transaction(lesson.school.scope) as session:
        at = lesson.clock.now()
        await return_plan(session, lesson.school.regulator, lesson.one.class_id, remark="缺教师", at=at)
    with pytest.raises(ClassNotFiledError):
        await lesson.sign(0)


@pytest.mark.parametrize("in_time", [False, True])
async def test_added_session_counts_only_if_the_plan_was_filed_again_before_it_began(
    lesson: Lesson, runtime: Runtime, *, in_time: bool
) -> None:
    school, held, clock = lesson.school, lesson.one, lesson.clock
    async with runtime.databases.transaction(school.scope) as session:
        added = await add_session(
            session,
            school.clerk,
            held.class_id,
            starts_at=held.ends_at + timedelta(minutes=30),
            ends_at=held.ends_at + timedelta(minutes=75),
            venue_id=held.venue_id,
            teacher_id=held.teacher_id,
            node="1.1",
            part="theory",
            at=clock.now(),
        )
        clock.advance(timedelta(minutes=165 - in_time))
        await file_class(session, school.clerk, held.class_id, at=clock.now())
        clock.advance(timedelta(minutes=1))
        lesson.one = await roll.get_session(session, added)
    await _require_taken(lesson, runtime, added, taken=in_time)
    lesson.one = held  # what was filed before is confirmed as ever
    await lesson.confirm()


async def _require_taken(lesson: Lesson, runtime: Runtime, session_id: UUID, *, taken: bool) -> None:
    refused = nullcontext() if taken else pytest.raises(SessionNotFiledError)
    with refused:
        await lesson.sign(0)
    lesson.clock.advance(timedelta(minutes=50))
    with refused:
        await lesson.confirm()
    async with runtime.databases.transaction(lesson.school.scope) as session:
        whole, at = lesson.minutes(0, 45), lesson.clock.now()
        with refused:
            await propose_correction(
                session, lesson.school.clerk, lesson.one, lesson.learners[1].id, whole, reason="手机没电", at=at
            )
    assert await lesson.hours(0) == (100 if taken else 0)
    async with browsing(runtime) as client:
        wear(client, await staff(runtime, lesson.school.teacher.account))
        shown = (await client.get(f"/teach/sessions/{session_id}")).text
        assert ("还没有备案" in shown) is not taken
        wear(client, await staff(runtime, lesson.school.clerk.account))
        table = (await client.get(f"/centre/training/classes/{lesson.one.class_id}")).text
        assert ("未在课前备案" in table) is not taken


async def test_roll_is_confirmed_once_in_time_and_for_everybody(lesson: Lesson) -> None:
    with pytest.raises(RollTimesError):
        await lesson.confirm()
    lesson.clock.advance(timedelta(minutes=140))
    async with lesson.runtime.databases.session(lesson.school.scope) as session:
        with pytest.raises(RollIncompleteError):
            await roll.confirm_roll(
                session,
                lesson.school.teacher,
                lesson.one,
                {lesson.learners[0].id: Presence(status=Status.ABSENT)},
                at=lesson.clock.now(),
            )
    with pytest.raises(RollTimesError):
        await lesson.confirm(n0=lesson.minutes(0, 136))
    await lesson.confirm(n0=lesson.minutes(0, 90))
    assert await lesson.hours(0) == 200
    with pytest.raises(RollConfirmedError):
        await lesson.confirm()


async def test_roll_a_day_late_takes_two_people(lesson: Lesson, runtime: Runtime) -> None:
    await lesson.sign(0)
    lesson.clock.advance(timedelta(days=2))
    with pytest.raises(RollTimesError):
        await lesson.confirm()
    await correct(lesson, runtime, lesson.learners[0].id, lesson.minutes(0, 135))
    assert await lesson.hours(0) == 300


async def correct(lesson: Lesson, runtime: Runtime, enrolment: UUID, presence: Presence) -> None:
    async with runtime.databases.transaction(lesson.school.scope) as session:
        at = lesson.clock.now()
        found = await propose_correction(
            session, lesson.school.clerk, lesson.one, enrolment, presence, reason="手机没电", at=at
        )
        await decide_correction(session, lesson.school.clerk2, found, apply=True, at=at)


async def test_correction_takes_hours_back_and_keeps_the_first_record(lesson: Lesson, runtime: Runtime) -> None:
    await lesson.sign(0)
    lesson.clock.advance(timedelta(minutes=140))
    await lesson.confirm()
    assert await lesson.hours(0) == 300
    await correct(lesson, runtime, lesson.learners[0].id, lesson.minutes(0, 45))
    assert await lesson.hours(0) == 100
    await correct(lesson, runtime, lesson.learners[0].id, Presence(status=Status.ABSENT))
    assert await lesson.hours(0) == 0
    async with runtime.databases.session(lesson.school.scope) as session:
        assert await session.scalar(text("select count(*) from training_attendance")) == 2 + 2
        assert [each.state for each in await list_corrections(session, lesson.one.id)] == ["applied", "applied"]


async def test_correction_needs_a_second_person(lesson: Lesson, runtime: Runtime) -> None:
    lesson.clock.advance(timedelta(minutes=140))
    await lesson.confirm()
    async with runtime.databases.transaction(lesson.school.scope) as session:
        at, enrolment = lesson.clock.now(), lesson.learners[0].id
        arguments = (session, lesson.school.clerk, lesson.one, enrolment, lesson.minutes(0, 135))
        found = await propose_correction(*arguments, reason="手机没电", at=at)
        with pytest.raises(CorrectionOpenError):
            await propose_correction(*arguments, reason="手机没电", at=at)
        with pytest.raises(SamePersonError):
            await decide_correction(session, lesson.school.clerk, found, apply=True, at=at)
        await decide_correction(session, lesson.school.clerk2, found, apply=False, at=at)
    assert await lesson.hours(0) == 0


async def test_two_people_are_the_database_s_rule_too(lesson: Lesson, runtime: Runtime) -> None:
    lesson.clock.advance(timedelta(minutes=140))
    await lesson.confirm()
    async with runtime.databases.session(lesson.school.scope) as session:
        await propose_correction(
            session,
            lesson.school.clerk,
            lesson.one,
            lesson.learners[0].id,
            lesson.minutes(0, 135),
            reason="x",
            at=lesson.clock.now(),
        )
        same = "update training_correction set state = 'applied', decided_by = proposed_by"
        with pytest.raises(DBAPIError, match="training_correction_check"):
            await session.execute(text(same))


async def test_teacher_takes_only_the_own_roll(lesson: Lesson, runtime: Runtime) -> None:
    async with runtime.databases.session(lesson.school.scope) as session:
        with pytest.raises(ForbiddenError):
            await roll.taught_session(session, lesson.school.clerk, lesson.one.id)


async def test_class_and_attendance_over_the_pages(lesson: Lesson, runtime: Runtime) -> None:
    async with browsing(runtime) as client:
        wear(client, await staff(runtime, lesson.school.teacher.account))
        wall = (await client.get(f"/teach/sessions/{lesson.one.id}")).text
        assert "data:image/svg+xml" in wall
        link = roll.sign_code(runtime, lesson.one).removeprefix(runtime.settings.base_url)
        wear(client, await learner_cookie(runtime, lesson.learners[0]))
        assert "签到" in (await client.get(link)).text
        code = link.split("code=")[1]
        signed = await send(client, link.split("?")[0], {"way": "in", "code": code})
        assert (signed.status_code, signed.headers["location"]) == (303, "/learn")
        wrong = await send(client, link.split("?")[0], {"way": "in", "code": "AAAA"})
        assert wrong.status_code == 409
        lesson.clock.advance(timedelta(minutes=140))
        wear(client, await staff(runtime, lesson.school.teacher.account))
        form = {f"who.{each.id}": "1" for each in lesson.learners} | {f"here.{lesson.learners[0].id}": "1"}
        assert (await send(client, f"/teach/sessions/{lesson.one.id}/confirm", form)).status_code == 303
        assert "缺课" in (await client.get(f"/teach/sessions/{lesson.one.id}")).text
        wear(client, await staff(runtime, lesson.school.regulator.account))
        record = (await client.get(f"/training/sessions/{lesson.one.id}")).text
        assert "更正考勤" not in record
        assert "张*" in record
    assert await lesson.hours(0) == 300


async def test_who_comes_late_to_a_class_that_asks_for_photos_may_still_sign_in(
    lesson: Lesson, runtime: Runtime
) -> None:
    async with runtime.databases.transaction(lesson.school.scope) as session:
        (await session.get_one(TrainingClass, lesson.one.class_id)).photo_asked = True
    lesson.clock.advance(timedelta(minutes=100))
    path, _, code = roll.sign_code(runtime, lesson.one).removeprefix(runtime.settings.base_url).partition("?code=")
    async with browsing(runtime) as client:
        wear(client, await learner_cookie(runtime, lesson.learners[0]))
        page = (await client.get(f"{path}?code={code}")).text
        assert "补签到<" in page
        assert 'name="photo"' in page
        form = {"_csrf_token": client.cookies["csrftoken"], "way": "in", "code": code}
        assert (await client.post(path, data=form)).status_code == 400
        signed = await client.post(path, data=form, files={"photo": ("me.png", portrait(), "image/png")})
        assert signed.status_code == 303


async def test_whoever_is_not_logged_in_signs_in_first_and_comes_back(lesson: Lesson, runtime: Runtime) -> None:
    async with browsing(runtime) as client:
        answer = await client.get(f"/learn/sign/{lesson.one.id}?code=x")
    assert answer.headers["location"].startswith("/me/login?next=/learn/sign/")
