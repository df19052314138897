"""Certificates of completed training: only with all hours, signed by the worker alone, verified by anybody."""

import io
from datetime import timedelta
from uuid import UUID

import pytest
from pypdf import PdfReader
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from exam.core.clock import FrozenClock
from exam.core.db.scope import Scope
from exam.core.ids import new_id
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.sessions import COOKIE, open_session
from exam.standards.api import Mark
from exam.training.api import record_hours
from exam.training.classes.enrolments import get_enrolment
from exam.training.classes.views import EnrolmentView
from exam.training.completion import finishing
from exam.training.completion.models import Completion
from exam.training.completion.service import missing_hours, studied
from exam.training.kinds import Requirement
from exam.training.ledger.nodes import Coverage, HoursGap, NodeStanding
from exam.training.settling import run_settle
from tests.builders.secrecy import id_numbers
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


class Trained:
    """A learner of a class whose hours are attested as a whole, or missing."""

    def __init__(self, school: School, learner: EnrolmentView) -> None:
        self.school, self.learner = school, learner
        self.desk = f"/centre/training/classes/{learner.class_id}/completions"


@pytest.fixture
async def trained(runtime: Runtime, clock: FrozenClock) -> Trained:
    school = await make_school(runtime)
    await make_programme(runtime, school)
    found = Trained(school, await make_learner(runtime, school, await make_class(runtime, school), number=1))
    assert "才开课" in (await issue(runtime, found))[1]
    clock.advance(timedelta(days=2))
    return found


async def attest(runtime: Runtime, trained: Trained, hours: int) -> None:
    async with runtime.databases.transaction(trained.school.scope) as session:
        await record_hours(
            session,
            trained.school.clerk,
            person_id=trained.learner.person_id,
            qualification=OFFICER,
            kind="initial",
            hours_hundredths=hours * 100,
            source="本班",
            region=trained.school.region,
            at=runtime.clock.now(),
            proposed_by=new_id(),
        )


async def staff_cookie(runtime: Runtime, who: Principal) -> dict[str, str]:
    assert who.account is not None
    async with runtime.databases.transaction(Scope()) as session:
        at = runtime.clock.now()
        token = await open_session(session, who.account, at=at, settings=runtime.settings, second_factor=True)
    return {COOKIE: token}


async def issue(runtime: Runtime, trained: Trained) -> tuple[int, str]:
    async with browsing(runtime) as client:
        wear(client, await staff_cookie(runtime, trained.school.clerk))
        await client.get(trained.desk)
        answer = await send(client, f"{trained.desk}/{trained.learner.id}")
        return answer.status_code, answer.text


async def standing(runtime: Runtime, trained: Trained) -> UUID:
    async with runtime.databases.session(trained.school.scope) as session:
        found: UUID = (await session.execute(text("select id from training_completion"))).scalar_one()
        return found


async def test_a_certificate_wants_all_hours_and_the_workers_own_signature(runtime: Runtime, trained: Trained) -> None:
    await attest(runtime, trained, 30)
    status, page = await issue(runtime, trained)
    assert (status, "还差 2 学时" in page) == (409, True)
    await attest(runtime, trained, 2)
    assert (await issue(runtime, trained))[0] == 303
    assert (await issue(runtime, trained))[0] == 409  # one is enough
    mine = f"/learn/completions/{await standing(runtime, trained)}"
    async with browsing(runtime) as client:
        wear(client, await learner_cookie(runtime, trained.learner))
        assert "培训合格证明待您签字" in (await client.get("/learn")).text
        early = await client.get(f"{mine}/certificate.pdf")
        signed = await send(client, f"{mine}/sign")
        twice = await send(client, f"{mine}/object", {"reason": "少记一天"})
        printed = await client.get(f"{mine}/certificate.pdf")
    assert (early.status_code, signed.status_code, twice.status_code) == (409, 303, 409)
    words = "".join(page.extract_text() for page in PdfReader(io.BytesIO(printed.content)).pages)
    assert "张三" in words
    assert "32 学时" in words
    assert "整体登记" in words
    assert ("*" * 8 in words, list(id_numbers([words.encode()]))) == (True, [])
    async with runtime.databases.session(trained.school.scope) as session:
        row = await session.get_one(Completion, UUID(mine.rpartition("/")[2]))
    assert row.number in words
    async with browsing(runtime) as stranger:
        found = (await stranger.get(f"/training/verify?number={row.number.lower()}")).text
        nothing = (await stranger.get("/training/verify?number=0000000000000000")).text
    assert (row.digest in found, "有效" in found, "张三" in found) == (True, True, False)
    assert "未找到" in nothing
    async with browsing(runtime) as client:
        wear(client, await staff_cookie(runtime, trained.school.regulator))
        listed = await client.get(trained.desk.replace("/centre/", "/regulator/"))
    assert f"{row.id}/certificate.pdf" in listed.text


async def state_of(runtime: Runtime, trained: Trained) -> str:
    """Let the worker count, and return the learner's state in the class."""
    await run_settle(runtime, person_id=str(trained.learner.person_id))
    async with runtime.databases.session(trained.school.scope) as session:
        return (await get_enrolment(session, trained.learner.id)).state.value


async def test_training_is_complete_while_its_hours_are(
    runtime: Runtime, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    await attest(runtime, trained, 30)
    assert await state_of(runtime, trained) == "enrolled"
    await attest(runtime, trained, 2)
    assert await state_of(runtime, trained) == "completed"
    async with browsing(runtime) as client:
        wear(client, await learner_cookie(runtime, trained.learner))
        assert "已结业" in (await client.get("/learn")).text
        wear(client, await staff_cookie(runtime, trained.school.clerk))
        assert "已结业" in (await client.get(trained.desk.removesuffix("/completions"))).text
    with monkeypatch.context() as more:
        more.setattr(finishing, "required_hours", _forty)
        assert await state_of(runtime, trained) == "enrolled"
    assert await state_of(runtime, trained) == "completed"
    await issue(runtime, trained)
    monkeypatch.setattr(finishing, "required_hours", _forty)
    assert await state_of(runtime, trained) == "completed"  # a certificate of it stands


def _forty(*_asked: object) -> Requirement:
    return Requirement(hours=40, basis="", mark=Mark.ABSENT)


async def test_an_objection_is_heard_and_another_certificate_may_follow(runtime: Runtime, trained: Trained) -> None:
    await attest(runtime, trained, 32)
    await issue(runtime, trained)
    mine = f"/learn/completions/{await standing(runtime, trained)}"
    async with browsing(runtime) as client:
        wear(client, await learner_cookie(runtime, trained.learner))
        await client.get(mine)
        mute = await send(client, f"{mine}/object", {"reason": " "})
        told = await send(client, f"{mine}/object", {"reason": "起止日期不对"})
    assert (mute.status_code, told.status_code) == (400, 303)
    status, _ = await issue(runtime, trained)
    assert status == 303


async def test_nobody_signs_for_the_worker_nor_deletes_the_record(runtime: Runtime, trained: Trained) -> None:
    await attest(runtime, trained, 32)
    await issue(runtime, trained)
    sign = update(Completion).values(state="signed", decided_at=runtime.clock.now())
    async with runtime.databases.transaction(trained.school.scope) as session:
        await session.execute(sign)
        states = (await session.scalars(text("select state from training_completion"))).all()
    assert states == ["issued"]  # the clerk's scope sees the row and cannot change it
    async with runtime.databases.transaction(Scope(person=trained.learner.person_id)) as session:
        await session.execute(sign)
        with pytest.raises(DBAPIError, match="is fixed"):
            await session.execute(update(Completion).values(state="objected", objection="x"))
    async with runtime.databases.session(Scope(region="32")) as session:
        assert (await session.scalars(text("select id from training_completion"))).all() == []
    async with runtime.databases.session(trained.school.scope) as session:
        with pytest.raises(DBAPIError):
            await session.execute(text("delete from training_completion"))


def test_hours_are_told_by_node_and_none_that_were_not_studied() -> None:
    nodes = (
        NodeStanding(code="1.1", title="法律", part="theory", done=1700, asked=1600),
        NodeStanding(code="1.2", title="隐患", part="theory", done=0, asked=1600),
    )
    coverage = Coverage(hours=1600, nodes=nodes, gaps=(HoursGap(code="1.2", title="隐患", part="theory", hours=1600),))
    assert [(each.code, each.hours) for each in studied(coverage, 0)] == [("1.1", 1600)]
    assert [(each.code, each.hours) for each in studied(coverage, 800)] == [("1.1", 1600), ("", 800)]
    assert (missing_hours(coverage, 1600), missing_hours(coverage, 3300)) == (1600, 1700)
