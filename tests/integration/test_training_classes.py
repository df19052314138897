"""Classes: who may plan them, what must be filed, who takes which place, and what each desk sees of it."""

from datetime import timedelta
from io import BytesIO
from uuid import UUID

import pytest
from openpyxl import Workbook
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from exam.core.audit.ledger import AuditRow
from exam.core.clock import FrozenClock
from exam.core.db.scope import NOTHING, Scope
from exam.core.errors import ForbiddenError, SamePersonError
from exam.core.runtime import Runtime
from exam.identity.api import PersonNameMismatchError, create_organisation
from exam.identity.sessions import COOKIE, open_session
from exam.training.bodies.errors import BodyScopeRefusedError, NotATrainingBodyError
from exam.training.bodies.service import approve_body, get_body
from exam.training.classes import service
from exam.training.classes.batch import enrol_roster, read_roster
from exam.training.classes.enrolments import list_enrolments, transfer, withdraw
from exam.training.classes.errors import (
    AlreadyEnrolledError,
    ClassFullError,
    ClassStateError,
    EnrolmentNotFoundError,
    PlanShortError,
    SessionClashError,
    TransferError,
)
from exam.training.classes.passes import find_pass_holder, pass_text
from exam.training.classes.views import ClassState, EnrolmentState
from exam.training.programmes.errors import ProgrammeShortError
from exam.training.programmes.service import draft_programme, find_programme, publish_programme
from tests.builders.desks import session_of
from tests.builders.records import make_enterprise
from tests.builders.sitting import COUNTY, id_number
from tests.builders.training import (
    OFFICER,
    PROVINCE,
    TWO_NODES,
    School,
    learner_cookie,
    make_class,
    make_learner,
    make_programme,
    make_school,
    node,
)
from tests.builders.web import browsing, send, wear


async def test_programme_below_the_rules_is_refused_and_its_drafter_does_not_publish_it(runtime: Runtime) -> None:
    school = await make_school(runtime)
    at = runtime.clock.now()
    async with runtime.databases.transaction(Scope(region=PROVINCE)) as session:
        with pytest.raises(ProgrammeShortError):
            await draft_programme(
                session,
                school.provincial,
                qualification=OFFICER,
                kind="initial",
                title="",
                nodes=[node("1.1", "法律", theory=31.5)],
                at=at,
            )
        programme_id = await draft_programme(
            session, school.provincial, qualification=OFFICER, kind="initial", title="", nodes=TWO_NODES, at=at
        )
        with pytest.raises(SamePersonError):
            await publish_programme(session, school.provincial, programme_id, root_region=PROVINCE, at=at)
        assert await find_programme(session, OFFICER, "initial") is None


@pytest.mark.usefixtures("school")
async def test_published_programme_is_fixed_in_the_database(runtime: Runtime) -> None:
    for statement in ("update training_programme set title = 'x'", "update training_programme_node set theory_s = 1"):
        async with runtime.databases.session(Scope(region=PROVINCE)) as session:
            with pytest.raises(DBAPIError, match="permission denied"):
                await session.execute(text(statement))


async def test_new_version_retires_the_old_one(runtime: Runtime, school: School) -> None:
    await make_programme(runtime, school, nodes=(node("1.1", "法律", theory=40),))
    async with runtime.databases.session(school.scope) as session:
        found = await find_programme(session, OFFICER, "initial")
    assert found is not None
    assert (found.version, found.total_s // 2700) == (2, 40)


async def test_exam_centre_is_no_training_body(runtime: Runtime, school: School) -> None:
    at = runtime.clock.now()
    async with runtime.databases.transaction(school.scope) as session:
        centre = await create_organisation(session, school.regulator, kind="centre", name="考点", region=COUNTY, at=at)
        with pytest.raises(NotATrainingBodyError):
            await approve_body(
                session,
                school.regulator,
                centre,
                qualifications=[OFFICER],
                until=at.date() + timedelta(days=9),
                basis="x",
                at=at,
            )


async def test_class_outside_the_approval_is_refused(runtime: Runtime, school: School) -> None:
    await make_programme(runtime, school, qualification="principal.general")
    with pytest.raises(BodyScopeRefusedError):
        await make_class(runtime, school, qualification="principal.general")


async def test_practice_must_stand_on_the_timetable_before_a_plan_is_filed(runtime: Runtime) -> None:
    school = await make_school(runtime)
    await make_programme(runtime, school, nodes=(node("1.1", "法律", theory=32), node("2.1", "演练", practice=3)))
    with pytest.raises(PlanShortError):
        await make_class(runtime, school)
    class_id = await make_class(runtime, school, sessions=((2, "2.1", "practice"),))
    async with runtime.databases.session(school.scope) as session:
        assert (await service.get_class(session, class_id)).state is ClassState.FILED


async def test_nobody_teaches_in_two_classes_at_once(runtime: Runtime, school: School) -> None:
    await make_class(runtime, school)
    with pytest.raises(SessionClashError) as caught:
        await make_class(runtime, school, title="另一班")
    assert caught.value.fields["what"] in {"教师", "场地"}


async def test_changed_timetable_must_be_filed_again(runtime: Runtime, school: School) -> None:
    class_id = await make_class(runtime, school, sessions=((1, "1.1", "theory"), (2, "1.2", "theory")))
    at = runtime.clock.now()
    async with runtime.databases.transaction(school.scope) as session:
        first = (await service.list_sessions(session, class_id))[0]
        digest = (await service.get_class(session, class_id)).plan_digest
        await service.remove_session(session, school.clerk, class_id, first.id, at=at)
        assert (await service.get_class(session, class_id)).state is ClassState.PLANNED
        await service.file_class(session, school.clerk, class_id, at=at)
        assert (await service.get_class(session, class_id)).plan_digest not in {"", digest}


async def test_class_under_way_is_filed_again_after_a_change_and_one_never_filed_in_time_is_not(
    runtime: Runtime, school: School, clock: FrozenClock
) -> None:
    class_id = await make_class(
        runtime, school, sessions=((1, "1.1", "theory"), (3, "1.2", "theory"), (5, "1.2", "theory"))
    )
    late = await make_class(runtime, school, title="迟备案", sessions=((2, "1.1", "theory"), (4, "1.1", "theory")))
    async with runtime.databases.transaction(school.scope) as session:
        await service.return_plan(session, school.regulator, late, remark="教师不足", at=clock.now())
    clock.advance(timedelta(days=2, hours=12))
    async with runtime.databases.transaction(school.scope) as session:
        for changed in (await service.list_sessions(session, class_id))[1:]:
            await service.remove_session(session, school.clerk, class_id, changed.id, at=clock.now())
            await service.file_class(session, school.clerk, class_id, at=clock.now())
        assert (await service.get_class(session, class_id)).state is ClassState.FILED
        with pytest.raises(PlanShortError):
            await service.file_class(session, school.clerk, late, at=clock.now())


async def test_regulator_returns_a_plan_before_it_starts_and_not_after(
    runtime: Runtime, school: School, clock: FrozenClock
) -> None:
    class_id = await make_class(runtime, school)
    async with runtime.databases.transaction(school.scope) as session:
        await service.return_plan(session, school.regulator, class_id, remark="教师不足", at=clock.now())
        view = await service.get_class(session, class_id)
        assert (view.state, view.remark) == (ClassState.PLANNED, "教师不足")
        await service.file_class(session, school.clerk, class_id, at=clock.now())
        clock.advance(timedelta(days=2))
        with pytest.raises(ClassStateError):
            await service.return_plan(session, school.regulator, class_id, remark="x", at=clock.now())


async def test_neighbour_sees_a_class_and_does_not_touch_it(runtime: Runtime, school: School) -> None:
    class_id = await make_class(runtime, school)
    other = await make_school(runtime, name="另一机构")
    async with runtime.databases.transaction(school.scope) as session:
        with pytest.raises(ForbiddenError):
            await service.own_class(session, other.clerk, class_id)


async def test_places_are_taken_once_and_by_one_class_only(runtime: Runtime, school: School) -> None:
    class_id = await make_class(runtime, school, capacity=2)
    for number in range(2):
        await make_learner(runtime, school, class_id, number=number)
    with pytest.raises(ClassFullError):
        await make_learner(runtime, school, class_id, number=3)
    second = await make_class(runtime, school, sessions=((3, "1.1", "theory"),), title="另一班")
    with pytest.raises(AlreadyEnrolledError):
        await make_learner(runtime, school, second, number=1)
    with pytest.raises(PersonNameMismatchError):
        await make_learner(runtime, school, second, number=1, name="李四")


async def test_class_that_ended_unfinished_keeps_nobody_from_the_next_one(
    runtime: Runtime, clock: FrozenClock, school: School
) -> None:
    await make_learner(runtime, school, await make_class(runtime, school), number=1)
    clock.advance(timedelta(days=19))  # the next class begins on the last day of the first
    second = await make_class(runtime, school, sessions=((3, "1.1", "theory"),), title="下一期")
    with pytest.raises(AlreadyEnrolledError):
        await make_learner(runtime, school, second, number=1)
    clock.advance(timedelta(days=2))
    await make_learner(runtime, school, second, number=1)


async def test_whoever_has_completed_a_class_is_not_enrolled_in_it_again(runtime: Runtime, school: School) -> None:
    class_id = await make_class(runtime, school)
    await make_learner(runtime, school, class_id, number=1)
    async with runtime.databases.transaction(school.scope) as session:
        await session.execute(text("update training_enrolment set state = 'completed'"))
    with pytest.raises(AlreadyEnrolledError):
        await make_learner(runtime, school, class_id, number=1)


async def test_learner_moves_with_a_new_pass_and_the_old_one_is_dead(runtime: Runtime, school: School) -> None:
    class_id = await make_class(runtime, school)
    second = await make_class(runtime, school, sessions=((3, "1.1", "theory"),), title="另一班")
    learner = await make_learner(runtime, school, class_id, number=1)
    at = runtime.clock.now()
    async with runtime.databases.transaction(school.scope) as session:
        old = await pass_text(session, runtime, learner.id)
        with pytest.raises(TransferError):
            await transfer(session, school.clerk, runtime, class_id, learner.id, to_class=class_id, reason="x", at=at)
        fresh = await transfer(
            session, school.clerk, runtime, class_id, learner.id, to_class=second, reason="加班", at=at
        )
        new = await pass_text(session, runtime, fresh.id)
        states = {each.id: each.state for each in await list_enrolments(session, class_id)}
    assert states == {learner.id: EnrolmentState.TRANSFERRED}
    async with runtime.databases.session(NOTHING) as session:
        assert await find_pass_holder(session, old) is None
        holder = await find_pass_holder(session, new)
    assert holder is not None
    assert holder.person_id == learner.person_id


async def test_whoever_left_is_not_moved_or_taken_out_again(runtime: Runtime, school: School) -> None:
    class_id = await make_class(runtime, school)
    learner = await make_learner(runtime, school, class_id, number=1)
    at = runtime.clock.now()
    async with runtime.databases.transaction(school.scope) as session:
        await withdraw(session, school.clerk, class_id, learner.id, reason="离职", at=at)
        with pytest.raises(EnrolmentNotFoundError):
            await withdraw(session, school.clerk, class_id, learner.id, reason="离职", at=at)
    await make_learner(runtime, school, class_id, number=1)


def workbook(rows: list[tuple[str, str]]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["培训报名表"])
    sheet.append(["姓名", "身份证号"])
    for row in rows:
        sheet.append(list(row))
    out = BytesIO()
    book.save(out)
    return out.getvalue()


async def test_workbook_is_tried_without_effect_and_then_done(runtime: Runtime, school: School) -> None:
    class_id = await make_class(runtime, school, capacity=2)
    lines = await read_roster(workbook([("张三", id_number(1)), ("李四", "330106"), ("王五", id_number(2))]))
    for dry_run, people in ((True, 0), (False, 2)):
        async with runtime.databases.transaction(school.scope) as session:
            verdicts = await enrol_roster(
                session,
                school.clerk,
                runtime,
                class_id,
                lines,
                organisation_id=None,
                dry_run=dry_run,
                at=runtime.clock.now(),
            )
        assert [(each.number, each.error is None) for each in verdicts] == [(3, True), (4, False), (5, True)]
        async with runtime.databases.session(school.scope) as session:
            assert len(await list_enrolments(session, class_id)) == people


async def staff(runtime: Runtime, account: UUID | None) -> dict[str, str]:
    assert account is not None
    async with runtime.databases.transaction(NOTHING) as session:
        token = await open_session(
            session, account, at=runtime.clock.now(), settings=runtime.settings, second_factor=True
        )
    return {COOKIE: token}


async def test_enterprise_sends_its_people_by_workbook_and_sees_them_alone(runtime: Runtime, school: School) -> None:
    class_id = await make_class(runtime, school)
    await make_learner(runtime, school, class_id, number=9, name="旁人")
    enterprise = await make_enterprise(runtime)
    _, token = await session_of(runtime, role="enterprise", organisation=enterprise, second_factor=False)
    async with browsing(runtime) as client:
        wear(client, {COOKIE: token})
        assert "2026 年第 12 期" in (await client.get("/enterprise/training")).text
        form = {"_csrf_token": client.cookies["csrftoken"]}
        files = {"file": ("a.xlsx", workbook([("张三", id_number(1))]), "application/octet-stream")}
        tried = await client.post(f"/enterprise/training/classes/{class_id}/workbook", data=form, files=files)
        assert "1 行可以报名" in tried.text
        name = tried.text.split('name="file" value="')[1].split('"')[0]
        confirmed = await send(client, f"/enterprise/training/classes/{class_id}/workbook/confirm", {"file": name})
        assert "已报名 1 人" in confirmed.text
        assert "已报 2 / 3 人" in confirmed.text
        page = (await client.get("/enterprise/training")).text
    assert "张三" in page
    assert "旁人" not in page


async def test_clerk_plans_files_and_prints_over_the_pages(runtime: Runtime, school: School) -> None:
    async with browsing(runtime) as client:
        wear(client, await staff(runtime, school.clerk.account))
        form = {
            "training": f"{OFFICER} initial",
            "title": "第 1 期",
            "starts_on": "2026-11-24",
            "ends_on": "2026-11-30",
            "capacity": "20",
        }
        made = await send(client, "/centre/training/classes", form)
        assert made.status_code == 303
        home = made.headers["location"]
        wrong = await send(client, f"{home}/sessions", {"day": "2026-11-24", "starts": "09:00", "ends": "08:00"})
        assert wrong.status_code == 400
        session_form = {
            "day": "2026-11-24",
            "starts": "09:00",
            "ends": "11:15",
            "venue": str(school.venue_id),
            "teacher": str(school.teacher.account),
            "node": "1.1",
            "part": "theory",
        }
        assert (await send(client, f"{home}/file")).status_code == 409
        assert (await send(client, f"{home}/sessions", session_form)).status_code == 303
        assert (await send(client, f"{home}/file")).status_code == 303
        person = {"name": "张三", "id_number": id_number(1), "uscc": ""}
        assert (await send(client, f"{home}/learners", person)).status_code == 303
        page = (await client.get(home)).text
        assert "王老师" in page
        assert id_number(1) not in page
        passes = (await client.get(f"{home}/learners/passes")).text
        assert "AKL1." in passes
    async with runtime.databases.session(school.scope) as session:
        acts = set(await session.scalars(select(AuditRow.act)))
    assert {"class.planned", "class.filed", "enrolment.made", "passes.printed"} <= acts


async def test_learner_gets_in_with_the_pass_and_sees_the_timetable(runtime: Runtime, school: School) -> None:
    await runtime.valkey.flushdb()
    class_id = await make_class(runtime, school)
    learner = await make_learner(runtime, school, class_id, number=1)
    async with runtime.databases.session(school.scope) as session:
        secret = await pass_text(session, runtime, learner.id)
    async with browsing(runtime) as client:
        answer = await send(client, "/me/login", {"ticket": secret, "id_number": id_number(1)})
        assert (answer.status_code, answer.headers["location"]) == (303, "/learn")
        page = (await client.get("/learn")).text
        wrong = await send(client, "/me/login", {"ticket": secret, "id_number": id_number(2)})
    assert "一号教室" in page
    assert wrong.status_code == 401


async def test_learner_sees_nobody_else(runtime: Runtime, school: School) -> None:
    class_id = await make_class(runtime, school)
    learner = await make_learner(runtime, school, class_id, number=1)
    await make_learner(runtime, school, class_id, number=2, name="李四")
    async with runtime.databases.session(Scope(person=learner.person_id)) as session:
        assert [each.id for each in await list_enrolments(session, class_id)] == [learner.id]
        assert (await get_body_count(session)) == 0
    async with browsing(runtime) as client:
        page = (await wear(client, await learner_cookie(runtime, learner)).get("/learn")).text
    assert "李四" not in page


async def get_body_count(session: object) -> int:
    return int(await session.scalar(text("select count(*) from training_body")))  # type: ignore[attr-defined]


async def test_regulator_sees_the_class_with_masked_names(runtime: Runtime, school: School) -> None:
    class_id = await make_class(runtime, school)
    await make_learner(runtime, school, class_id, number=1, name="张三丰")
    async with browsing(runtime) as client:
        wear(client, await staff(runtime, school.regulator.account))
        listed = (await client.get("/regulator/training")).text
        page = (await client.get(f"/regulator/training/classes/{class_id}")).text
        for path in ("bodies", "bodies/approve", "programmes", "programmes/new?qualification=officer.general"):
            assert (await client.get(f"/regulator/training/{path}")).status_code == 200
    assert "2026 年第 12 期" in listed
    assert "张三丰" not in page
    assert "张*丰" in page


async def test_body_is_read_in_its_region(runtime: Runtime, school: School) -> None:
    async with runtime.databases.session(school.scope) as session:
        assert (await get_body(session, school.id)).scope == (OFFICER,)
