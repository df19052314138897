"""The page of a lesson over HTTP and against its class: whose report it is, and until when any of it counts."""

import re
from datetime import date, timedelta
from uuid import UUID

import msgspec
import pytest
from httpx import AsyncClient, Response

from exam.core.clock import FrozenClock, local_date, local_midnight
from exam.core.runtime import Runtime
from exam.identity.api import login_of
from exam.training.classes.enrolments import list_enrolments_of, transfer, withdraw
from exam.training.classes.service import add_session, file_class
from exam.training.ledger.judging import Beat, Oddity
from exam.training.lessons.lease import StudyLease, chain, mint
from exam.training.lessons.study import read_visit
from tests.builders.student import LONG, Student
from tests.builders.training import (
    School,
    learner_cookie,
    make_class,
    make_lesson,
)
from tests.builders.web import browsing, send, wear


async def _header(student: Student, runtime: Runtime) -> dict[str, str]:
    """Log the learner in, and return the lease of the page that this log-in opens."""
    [token] = (await learner_cookie(runtime, student.learner)).values()
    return {
        "ankao-study": mint(StudyLease(student.visit, student.person, login_of(token), "33"), runtime.secrets.lease)
    }


async def _post(client: AsyncClient, student: Student, header: dict[str, str], seq: int, after: str) -> Response:
    beat = Beat(seq=seq, after=after, seen=True, idle_s=0, clock_ms=seq * 15_000)
    path = f"/api/study/{student.visit}/beat"
    return await client.post(path, content=msgspec.json.encode(beat), headers=header)


async def test_route_takes_a_genuine_lease_and_the_chain_of_its_answers(student: Student, runtime: Runtime) -> None:
    await student.open()
    header = await _header(student, runtime)
    async with browsing(runtime) as client:
        student.pass_time(15)
        first = await _post(client, student, header, 1, chain(student.visit, 0, runtime.secrets.lease))
        assert first.status_code == 200
        assert first.json()["study"]["reach_ms"] == 15_000
        student.pass_time(15)
        guessed = await _post(client, student, header, 2, "AAAAAAAAAAAA")
        assert guessed.json()["study"]["refused"] == "forged"
        second = await _post(client, student, header, 2, first.json()["after"])
        assert second.json()["study"]["refused"] == ""
        assert (await _post(client, student, {}, 3, "")).status_code == 401
        path = f"/api/study/{student.visit}/beat"
        assert (await client.post(path, content=b"{", headers=header)).status_code == 400
        assert (await client.post(path, content=b'{"seq": 1, "x": 2}', headers=header)).status_code == 400
        assert (await client.post(path, content=b" " * 3000, headers=header)).status_code == 400


async def test_page_earns_nothing_once_its_log_in_has_ended(student: Student, runtime: Runtime) -> None:
    await student.open()
    async with browsing(runtime) as client:
        wear(client, await learner_cookie(runtime, student.learner))
        page = (await client.get(f"/learn/visits/{student.visit}")).text
        lease, after = (re.findall(f'data-{name}="([^"]*)"', page)[0] for name in ("lease", "after"))
        header = {"ankao-study": lease}
        student.pass_time(15)
        first = await _post(client, student, header, 1, after)
        assert first.json()["study"]["reach_ms"] == 15_000
        await send(client, "/logout")
        student.pass_time(15)
        second = await _post(client, student, header, 2, first.json()["after"])
        assert (second.json()["study"]["stop"], second.json()["study"]["reach_ms"]) == ("login", 15_000)
        answered = await client.post(f"/api/study/{student.visit}/answer", content=b"{}", headers=header)
        assert answered.json()["study"]["stop"] == "login"
    assert await student.noticed() == [Oddity.LOGGED_OUT]


async def test_page_earns_nothing_beyond_the_end_of_its_log_in(student: Student, runtime: Runtime) -> None:
    await student.open()
    header = await _header(student, runtime)
    async with browsing(runtime) as client:
        student.pass_time(runtime.settings.session_max_h * 3600)
        late = await _post(client, student, header, 1, chain(student.visit, 0, runtime.secrets.lease))
    assert late.json()["study"]["stop"] == "login"


@pytest.mark.parametrize(
    ("way", "stop"), [("withdrawn", "over"), ("moved", "over"), ("ended", "over"), ("changed", "unfiled")]
)
async def test_page_earns_nothing_once_its_learner_has_left_the_class_or_it_does_not_run(
    student: Student, runtime: Runtime, clock: FrozenClock, school: School, way: str, stop: str
) -> None:
    if way == "ended":  # half a minute before the class's last day is over
        clock.advance(local_midnight(date(2026, 12, 14)) - clock.now() - timedelta(seconds=30))
    student.lesson = await make_lesson(runtime, school, title="长课", text=LONG)
    await student.open()
    assert (await student.study(1)).reach_ms == 15_000
    await _leave(student, runtime, school, way)
    student.pass_time(15)
    late = await student.beat()
    assert (late.stop, late.reach_ms, late.check) == (stop, 15_000, None)
    assert (await student.answer()).stop == stop
    async with runtime.databases.transaction(student.scope) as session:
        shown, _, _ = await read_visit(session, student.person, student.visit, at=clock.now())
    assert shown.stop == stop
    assert await student.noticed() == []


async def test_study_goes_on_where_it_was_once_the_changed_plan_is_filed_again(
    student: Student, runtime: Runtime, clock: FrozenClock, school: School
) -> None:
    student.lesson = await make_lesson(runtime, school, title="长课", text=LONG)
    await student.open()
    await student.study(2)
    await _leave(student, runtime, school, "changed")
    await student.study(2)
    async with runtime.databases.transaction(school.scope) as session:
        await file_class(session, school.clerk, student.learner.class_id, at=clock.now())
    await student.open()
    assert (await student.study(1)).reach_ms == 45_000
    await student.close()
    assert await student.counted() == 45


async def _leave(student: Student, runtime: Runtime, school: School, way: str) -> None:
    left, at = student.learner, runtime.clock.now()
    if way == "moved":
        other = await make_class(runtime, school, sessions=((10, "1.1", "theory"),), title="另一班")
        async with runtime.databases.transaction(school.scope) as session:
            await transfer(session, school.clerk, runtime, left.class_id, left.id, to_class=other, reason="加班", at=at)
    elif way == "withdrawn":
        async with runtime.databases.transaction(school.scope) as session:
            await withdraw(session, school.clerk, left.class_id, left.id, reason="离职", at=at)
    elif way == "changed":
        await _change(runtime, school, left.class_id)


async def _change(runtime: Runtime, school: School, class_id: UUID) -> None:
    """Put another session on a class's timetable, which takes its filing back."""
    at = runtime.clock.now()
    starts_at = local_midnight(local_date(at)) + timedelta(days=5, hours=9)
    async with runtime.databases.transaction(school.scope) as session:
        await add_session(
            session,
            school.clerk,
            class_id,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=45),
            venue_id=school.venue_id,
            teacher_id=school.teacher.account or school.id,
            node="1.1",
            part="theory",
            at=at,
        )


async def test_time_before_a_move_is_proved_in_the_new_class(
    student: Student, runtime: Runtime, school: School
) -> None:
    student.lesson = await make_lesson(runtime, school, title="长课", text=LONG)
    await student.open()
    await student.study(8)
    await _leave(student, runtime, school, "moved")
    await student.study(4)
    student.clock.advance(timedelta(days=2))
    async with runtime.databases.session(student.scope) as session:
        [fresh] = [each for each in await list_enrolments_of(session, student.person) if each.state == "enrolled"]
    student.learner = fresh
    await student.open()
    told = await student.study(200)
    await student.close()
    assert told.finished
    assert await student.counted() == 3000 + 120
