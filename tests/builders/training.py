"""Training bodies, programmes, classes and learners for tests, made by the product's own verbs."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from exam.core.clock import SHANGHAI, local_date
from exam.core.db.scope import NOTHING, Scope
from exam.core.ids import new_id
from exam.core.principal import Grant, Principal
from exam.core.runtime import Runtime
from exam.identity.api import create_organisation, open_candidate_session
from exam.identity.models import Account, RoleGrant
from exam.identity.sessions import COOKIE, open_session
from exam.training.bodies.service import add_venue, approve_body, get_body
from exam.training.classes.enrolments import enrol
from exam.training.classes.service import add_session, file_class, plan_class
from exam.training.classes.views import EnrolmentView
from exam.training.ledger.rules import hour_s
from exam.training.lessons.content import LessonContent, Quiz, read_lesson
from exam.training.lessons.service import draft_lesson, publish_lesson
from exam.training.materials.service import get_material
from exam.training.programmes.service import NodeHours, draft_programme, publish_programme
from exam.training.seed_upload import draft_package, upload_whole
from tests.builders.sitting import COUNTY, id_number

OFFICER = "officer.general"
PROVINCE = "33"


class School(msgspec.Struct, frozen=True, kw_only=True):
    """An approved training body with its clerk, a teacher, a venue, and the regulators who stand over it."""

    id: UUID
    region: str
    clerk: Principal
    clerk2: Principal
    teacher: Principal
    venue_id: UUID
    regulator: Principal
    provincial: Principal

    @property
    def scope(self) -> Scope:
        return Scope(region=self.region)


async def _person_at_work(runtime: Runtime, role: str, region: str, organisation: UUID | None, name: str) -> Principal:
    at = runtime.clock.now()
    async with runtime.databases.transaction(NOTHING) as session:
        account = Account(
            login=f"u{new_id().hex[-12:]}",
            name=name,
            password_hash="-",
            enabled=True,
            failures=0,
            must_change_password=False,
            created_at=at,
        )
        session.add(account)
        await session.flush()
        session.add(
            RoleGrant(account_id=account.id, role=role, region=region, organisation_id=organisation, granted_at=at)
        )
    return Principal(account=account.id, name=name, grants=(Grant(role, region, organisation),), second_factor=True)


async def make_school(
    runtime: Runtime, *, scope: Sequence[str] = (OFFICER,), region: str = COUNTY, name: str = "安全技能培训中心"
) -> School:
    """Store a training body that may train for some qualifications."""
    at = runtime.clock.now()
    regulator = await _person_at_work(runtime, "regulator", region, None, "区局监管")
    provincial = await _person_at_work(runtime, "regulator", PROVINCE, None, "省厅监管")
    async with runtime.databases.transaction(Scope(region=region)) as session:
        body_id = await create_organisation(
            session, regulator, kind="training", name=name, region=region, address="文二路 8 号", at=at
        )
        await approve_body(
            session,
            regulator,
            body_id,
            qualifications=scope,
            until=date(2029, 12, 31),
            basis="AQ/T 8011-2023",
            at=at,
        )
    clerk = await _person_at_work(runtime, "centre", region, body_id, "教务一")
    clerk2 = await _person_at_work(runtime, "centre", region, body_id, "教务二")
    teacher = await _person_at_work(runtime, "teacher", region, body_id, "王老师")
    async with runtime.databases.transaction(Scope(region=region)) as session:
        body = await get_body(session, body_id)
        venue_id = await add_venue(
            session, clerk, body=body, name="一号教室", address="文二路 8 号", capacity=60, practice=False, at=at
        )
    return School(
        id=body_id,
        region=region,
        clerk=clerk,
        clerk2=clerk2,
        teacher=teacher,
        venue_id=venue_id,
        regulator=regulator,
        provincial=provincial,
    )


def node(code: str, title: str, *, theory: float = 0, practice: float = 0) -> NodeHours:
    """Return what a programme asks of a node, in hours."""
    return NodeHours(code=code, title=title, theory_s=int(theory * hour_s()), practice_s=int(practice * hour_s()))


TWO_NODES = (node("1.1", "安全生产法律", theory=16), node("1.2", "隐患排查", theory=16))


async def make_programme(
    runtime: Runtime,
    school: School,
    *,
    nodes: Sequence[NodeHours] = TWO_NODES,
    qualification: str = OFFICER,
    kind: str = "initial",
) -> UUID:
    """Draft and publish a programme."""
    at = runtime.clock.now()
    async with runtime.databases.transaction(Scope(region=PROVINCE)) as session:
        programme_id = await draft_programme(
            session,
            school.regulator,
            qualification=qualification,
            kind=kind,
            title="测试方案",
            nodes=list(nodes),
            at=at,
        )
        await publish_programme(session, school.provincial, programme_id, root_region=PROVINCE, at=at)
    return programme_id


async def make_class(
    runtime: Runtime,
    school: School,
    *,
    capacity: int = 3,
    qualification: str = OFFICER,
    kind: str = "initial",
    sessions: Sequence[tuple[int, str, str]] = ((1, "1.1", "theory"),),
    filed: bool = True,
    title: str = "2026 年第 12 期",
) -> UUID:
    """Plan a class that starts tomorrow; `sessions` are (day from today, node, part), each 09:00–11:15, 3 hours."""
    at = runtime.clock.now()
    today = local_date(at)
    async with runtime.databases.transaction(school.scope) as session:
        class_id = await plan_class(
            session,
            school.clerk,
            body=await get_body(session, school.id),
            qualification=qualification,
            kind=kind,
            title=title,
            starts_on=today + timedelta(days=1),
            ends_on=today + timedelta(days=20),
            capacity=capacity,
            photo_asked=False,
            at=at,
        )
        for day, code, part in sessions:
            starts_at = datetime.combine(today + timedelta(days=day), datetime.min.time(), SHANGHAI).replace(hour=9)
            await add_session(
                session,
                school.clerk,
                class_id,
                starts_at=starts_at,
                ends_at=starts_at + timedelta(minutes=135),
                venue_id=school.venue_id,
                teacher_id=school.teacher.account or new_id(),
                node=code,
                part=part,
                at=at,
            )
        if filed:
            await file_class(session, school.clerk, class_id, at=at)
    return class_id


async def make_learner(
    runtime: Runtime, school: School, class_id: UUID, *, number: int, name: str = "张三", enterprise: UUID | None = None
) -> EnrolmentView:
    """Enrol the person of an ID number."""
    async with runtime.databases.transaction(school.scope) as session:
        return await enrol(
            session,
            school.clerk,
            runtime,
            class_id=class_id,
            name=name,
            id_number=id_number(number),
            organisation_id=enterprise,
            at=runtime.clock.now(),
        )


async def learner_cookie(runtime: Runtime, enrolment: EnrolmentView) -> dict[str, str]:
    """Return the session cookie of a learner at home."""
    async with runtime.databases.transaction(Scope(person=enrolment.person_id)) as session:
        token = await open_candidate_session(
            session,
            runtime.settings,
            person_id=enrolment.person_id,
            region=enrolment.region,
            at=runtime.clock.now(),
        )
    return {COOKIE: token}


async def make_package_lesson(runtime: Runtime, school: School, *, title: str, data: bytes) -> UUID:
    """Upload a package, and publish it as a lesson that its word of completion finishes."""
    at = runtime.clock.now()
    async with runtime.databases.session(school.scope) as session:
        body = await get_body(session, school.id)
    material = await upload_whole(runtime, school.clerk, body, filename="p.zip", data=data, at=at)
    async with runtime.databases.transaction(school.scope) as session:
        target = (OFFICER, "1.2")
        lesson = await draft_package(session, school.clerk, body, material, target=target, title=title, at=at)
        await publish_lesson(session, school.clerk2, lesson, body=body, at=at)
    return lesson


async def make_film_lesson(runtime: Runtime, school: School, *, title: str, data: bytes) -> UUID:
    """Upload a film, and publish it as a lesson of node 1.1."""
    async with runtime.databases.session(school.scope) as session:
        body = await get_body(session, school.id)
    at = runtime.clock.now()
    material = await upload_whole(runtime, school.clerk, body, filename="f.mp4", data=data, at=at)
    async with runtime.databases.session(school.scope) as session:
        film = (await get_material(session, material, body=body)).film
    return await _publish(runtime, school, "1.1", title, LessonContent(film=film))


async def cookie_of(runtime: Runtime, who: Principal) -> dict[str, str]:
    """Return the session cookie of somebody on the staff."""
    return {COOKIE: await staff_token(runtime, who)}


async def staff_token(runtime: Runtime, who: Principal) -> str:
    """Return the token of a session of somebody on the staff, opened now with both factors."""
    assert who.account is not None
    async with runtime.databases.transaction(NOTHING) as session:
        at = runtime.clock.now()
        return await open_session(session, who.account, at=at, settings=runtime.settings, second_factor=True)


LESSON_TEXT = """
# 什么是隐患
生产经营单位违反安全生产法律、法规、规章、标准、规程和管理制度的规定,可能导致事故发生的状态、行为和缺陷,都叫事故隐患。
? 下面哪一项是事故隐患?
- 灭火器在有效期内
+ 配电箱门损坏敞开
# 怎样排查
先按岗位列清单,再按清单到现场逐项看、逐项记,看见的当场拍照,能当场改的当场改。
"""


async def make_lesson(
    runtime: Runtime, school: School, *, node: str = "1.1", title: str = "事故隐患", text: str = LESSON_TEXT
) -> UUID:
    """Write and publish a text lesson."""
    return await _publish(runtime, school, node, title, read_lesson(text))


async def make_quiz_lesson(runtime: Runtime, school: School, *, title: str) -> UUID:
    """Publish a quiz of three items of node 1.1, of which one must be right."""
    return await _publish(
        runtime, school, "1.1", title, LessonContent(quiz=Quiz(items=3, needed_percent=33, least_s=60))
    )


async def _publish(runtime: Runtime, school: School, node: str, title: str, content: LessonContent) -> UUID:
    at = runtime.clock.now()
    async with runtime.databases.transaction(school.scope) as session:
        body = await get_body(session, school.id)
        lesson_id = await draft_lesson(
            session,
            school.clerk,
            body=body,
            qualification=OFFICER,
            node=node,
            title=title,
            content=content,
            at=at,
        )
        await publish_lesson(session, school.clerk2, lesson_id, body=body, at=at)
    return lesson_id
