"""From a lead to a decision: what the rules find, who may see it when, and what the database itself refuses."""

import re
from datetime import date, timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from certs.api import Ground, confirm, propose
from exam.core.clock import FrozenClock, local_date
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.ids import new_id
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.delivery.api import get_attempt
from exam.identity.sessions import COOKIE
from exam.records.credit.clues import ClueView, list_clues, list_evidence, list_steps
from exam.records.credit.jobs import find
from exam.records.credit.state import ClueState
from exam.sitting.api import list_bans
from proctor.incidents.cases import dispose_incident, report_incident, review_incident
from tests.builders.certs import certified, regulator
from tests.builders.desks import candidate_session, session_of
from tests.builders.grading import Examined, examined, work_off
from tests.builders.identity import regions
from tests.builders.records import engage, hold, make_enterprise, make_person
from tests.builders.sitting import COUNTY
from tests.builders.training import make_class, make_learner, make_programme, make_school
from tests.builders.web import send

HOME = "/regulator/credit"
SINCE = date(2025, 3, 3)
OTHER_COUNTY = "33/3301/330105"
ALL = tuple(ClueState)


async def staffed(runtime: Runtime) -> UUID:
    """Store an enterprise of five: two operators, one of them certified, an officer and two principals without a pass."""
    await regions(runtime)
    enterprise = await make_enterprise(runtime)
    for number, role in enumerate(("special", "special", "officer", "principal", "principal")):
        person = await make_person(runtime, number=number)
        # the last one has come lately and may still wait
        since = local_date(runtime.clock.now()) if number == 4 else SINCE
        await engage(runtime, person, enterprise, role=role, since=since)
        if number == 0:
            await hold(runtime, person, "special.1.2", ends_in=100)
    return enterprise


async def clues_of(runtime: Runtime, scope: Scope) -> list[ClueView]:
    async with runtime.databases.session(scope) as session:
        return await list_clues(session, ALL, limit=10)


async def test_rules_find_posts_without_a_certificate_once_and_accuse_nobody(
    runtime: Runtime, clock: FrozenClock
) -> None:
    enterprise = await staffed(runtime)
    await find(runtime)
    await find(runtime)
    found = {clue.rule: clue for clue in await clues_of(runtime, Scope(region=COUNTY))}
    assert {rule: (clue.evidence, clue.state) for rule, clue in found.items()} == {
        "unlicensed_operation": (1, "found"),
        "not_assessed": (2, "found"),
    }
    assert {clue.organisation_id for clue in found.values()} == {enterprise}
    # seven working days from Monday 23 November
    assert found["not_assessed"].due_on == date(2026, 12, 2)
    async with runtime.databases.session(Scope(region=COUNTY)) as session:
        (evidence,) = await list_evidence(session, found["unlicensed_operation"].id)
    assert evidence.facts == {"role": "special", "since": "2025-03-03", "on": "2026-11-23"}
    assert await clues_of(runtime, Scope(organisation=enterprise)) == []
    assert await clues_of(runtime, Scope(region=OTHER_COUNTY)) == []
    clock.advance(timedelta(days=1))


async def test_a_dismissed_fact_comes_up_again_only_when_it_lasts(
    runtime: Runtime, clock: FrozenClock, client: AsyncClient
) -> None:
    await staffed(runtime)
    _, token = await session_of(runtime, role="regulator", region=COUNTY)
    client.cookies.set(COOKIE, token)
    assert (await send(client, f"{HOME}/find")).status_code == 303
    page = (await client.get(HOME)).text
    assert "特种作业人员无有效操作证在岗" in page
    clue = next(each for each in await clues_of(runtime, Scope(region=COUNTY)) if each.rule == "unlicensed_operation")
    lead = (await client.get(f"{HOME}/{clue.id}")).text
    assert "没有有效证书" in lead
    (about,) = _PAGES.findall(lead)
    assert (await client.get(about.replace("&amp;", "&"))).status_code == 200
    assert (await send(client, f"{HOME}/{clue.id}/dismiss", {"reason": " "})).status_code == 400
    assert (await send(client, f"{HOME}/{clue.id}/dismiss", {"reason": "已调离作业岗位"})).status_code == 303
    assert (await send(client, f"{HOME}/{clue.id}/dismiss", {"reason": "再来一次"})).status_code == 409
    async with runtime.databases.session(Scope(region=COUNTY)) as session:
        assert [(step.act, step.text) for step in await list_steps(session, clue.id)] == [
            ("clue.dismissed", "已调离作业岗位")
        ]
    for days, states in ((1, ["dismissed"]), (90, ["dismissed", "found"])):
        clock.advance(timedelta(days=days))
        await find(runtime)
        found = await clues_of(runtime, Scope(region=COUNTY))
        assert sorted(each.state for each in found if each.rule == clue.rule) == states


async def test_the_database_keeps_the_steps_and_the_region(runtime: Runtime, client: AsyncClient) -> None:
    enterprise = await staffed(runtime)
    await find(runtime)
    clue = (await clues_of(runtime, Scope(region=COUNTY)))[0]
    _, token = await session_of(runtime, role="regulator", region=OTHER_COUNTY)
    client.cookies.set(COOKIE, token)
    assert (await client.get(f"{HOME}/{clue.id}")).status_code == 404
    assert (await send(client, f"{HOME}/{clue.id}/dismiss", {"reason": "不归我管"})).status_code == 404
    for statement in (
        "update records_credit_clue set state = 'decided'",
        "update records_credit_clue set rule = 'not_assessed'",
        "delete from records_credit_clue",
        "update records_credit_evidence set facts = '{}'",
        "delete from records_credit_step",
        (
            "insert into records_credit_clue select gen_random_uuid(), rule, organisation_id, person_id, subject_name,"
            " region, 'decided', found_at, due_on from records_credit_clue"
        ),
    ):
        with pytest.raises(DBAPIError):
            async with runtime.databases.transaction(Scope(region=COUNTY)) as session:
                await session.execute(text(statement))
    async with runtime.databases.transaction(Scope(organisation=enterprise)) as session:
        for table in ("clue", "evidence", "step"):
            assert (await session.scalar(text(f"select count(*) from records_credit_{table}"))) == 0


class Town:
    """An enterprise with a lead, two officials of its county, and one browser they take turns in."""

    def __init__(self, client: AsyncClient, runtime: Runtime, enterprise: UUID, clue: UUID) -> None:
        self.client, self.runtime, self.enterprise, self.clue = client, runtime, enterprise, clue
        self._tokens: dict[str, str] = {}

    async def be(self, who: str) -> None:
        if who not in self._tokens:
            own = self.enterprise if who == "enterprise" else None
            role = "enterprise" if own else "regulator"
            _, self._tokens[who] = await session_of(self.runtime, role=role, organisation=own, second_factor=not own)
        self.client.cookies.set(COOKIE, self._tokens[who])

    async def act(self, what: str, data: dict[str, str] | None = None, *, home: str = HOME) -> int:
        return (await send(self.client, f"{home}/{self.clue}/{what}", data)).status_code

    async def post(self, path: str, **data: str) -> int:
        return (await send(self.client, path, data)).status_code

    def later(self, clock: FrozenClock, *, days: int) -> None:
        """Let days pass: everybody logs in again."""
        clock.advance(timedelta(days=days))
        self._tokens.clear()

    async def noticed(self) -> None:
        await self.be("clerk")
        assert await self.act("notice", NOTICE) == 303

    async def decided(self, **changed: str) -> None:
        """Bring the case to a confirmed decision."""
        await self.noticed()
        await self.be("enterprise")
        assert await self.act("answer", {"waived": "true"}, home=OWN) == 303
        await self.be("clerk")
        assert await self.act("decision", {**DECISION, **changed}) == 303
        await self.be("head")
        assert await self.act("confirm") == 303

    async def state(self) -> str:
        (clue,) = [each for each in await clues_of(self.runtime, Scope(region=COUNTY)) if each.id == self.clue]
        return clue.state


OWN = "/enterprise/credit"
NOTICE = {"document_no": "西应急告〔2026〕8号", "text": "现查明你单位 1 人无证上岗,拟处罚款一万元。"}
DECISION = {
    "penalised": "true",
    "document_title": "行政处罚决定书",
    "document_no": "西应急罚〔2026〕5号",
    "conduct": "特种作业人员无证上岗",
    "facts": "=1+1 焊工一人未取得操作证上岗作业。",
    "basis": "《安全生产法》第九十七条第七项",
    "kinds": "罚款",
    "content": "罚款人民币一万元。",
    "fine": "1.05",
    "forfeited": "",
    "licence": "",
    "authority": "西湖区应急管理局",
    "authority_code": "",
    "decided_on": "2026-11-23",
    "severity": "general",
    "months": "3",
    "ban_years": "0",
}


@pytest.fixture
async def town(runtime: Runtime, client: AsyncClient) -> Town:
    enterprise = await staffed(runtime)
    await find(runtime)
    found = await clues_of(runtime, Scope(region=COUNTY))
    return Town(client, runtime, enterprise, next(each.id for each in found if each.rule == "unlicensed_operation"))


async def test_nobody_decides_before_the_party_was_told_and_heard_and_nobody_alone(
    town: Town, clock: FrozenClock
) -> None:
    await town.be("enterprise")
    assert (await town.client.get(f"{OWN}/{town.clue}")).status_code == 404
    await town.be("clerk")
    assert await town.act("decision", DECISION) == 409
    assert await town.act("notice", {**NOTICE, "document_no": " "}) == 400
    await town.noticed()
    assert await town.act("decision", DECISION) == 409  # the party may still answer
    await town.be("enterprise")
    page = (await town.client.get(f"{OWN}/{town.clue}")).text
    assert "拟处罚款一万元" in page
    assert "没有有效证书" in page
    assert await town.act("answer", {"text": " "}, home=OWN) == 400
    assert await town.act("answer", {"text": "该员工当日未作业。"}, home=OWN) == 303
    assert await town.act("answer", {"text": "再补充"}, home=OWN) == 409
    await town.be("clerk")
    for wrong in ({"fine": "1e3"}, {"fine": "NaN"}, {"months": "13"}, {"decided_on": "2026-11-22"}, {"ban_years": "3"}):
        assert await town.act("decision", {**DECISION, **wrong}) == 400, wrong
    assert await town.act("decision", DECISION) == 303
    assert await town.act("confirm") == 403
    await town.be("enterprise")
    assert "一万元。" not in (await town.client.get(f"{OWN}/{town.clue}")).text.replace("拟处罚款一万元。", "")
    await town.be("head")
    assert await town.act("return", {"reason": "处罚幅度有误"}) == 303
    await town.be("clerk")
    assert "处罚幅度有误" in (await town.client.get(f"{HOME}/{town.clue}")).text
    assert "=1+1 焊工" in (await town.client.get(f"{HOME}/{town.clue}/decision")).text
    assert await town.act("decision", {**DECISION, "fine": "0.5"}) == 303
    await town.be("head")
    assert [await town.act("confirm"), await town.act("confirm")] == [303, 404]
    assert await town.state() == "decided"
    await town.be("enterprise")
    page = (await town.client.get(f"{OWN}/{town.clue}")).text
    assert "0.5 万元" in page
    page = (await town.client.get(OWN)).text
    assert "公示中" in page
    assert "2027-02-23" in page
    town.later(clock, days=93)
    await town.be("enterprise")
    assert "公示期满" in (await town.client.get(OWN)).text


async def test_silence_ends_with_the_term_and_no_penalty_leaves_no_record(town: Town, clock: FrozenClock) -> None:
    await town.noticed()
    town.later(clock, days=8)
    await town.be("clerk")
    assert await town.act("decision", {**DECISION, "penalised": "false"}) == 303
    await town.be("head")
    assert await town.act("confirm") == 303
    assert await town.state() == "closed"
    async with town.runtime.databases.session(Scope(region=COUNTY)) as session:
        assert await session.scalar(text("select count(*) from records_credit_record")) == 0


async def test_the_database_refuses_a_record_without_two_people(town: Town) -> None:
    await town.noticed()
    await town.be("enterprise")
    await town.act("answer", {"waived": "true"}, home=OWN)
    await town.be("clerk")
    await town.act("decision", DECISION)
    record = (
        "insert into records_credit_record select gen_random_uuid(), {decision}, c.organisation_id, null, 'x', c.region,"
        " 'penalty', 'n', 't', 'c', 'a', 'general', d.decided_on, d.decided_on, d.decided_on, null, d.decided_on,"
        " 'standing', null, now() from records_credit_clue c join records_credit_decision d on d.clue_id = c.id"
    )
    confirmed = "update records_credit_decision set state = 'confirmed', confirmed_at = now(), confirmed_by = "
    for scope, statement in (
        (Scope(region=COUNTY), record.format(decision="d.id")),
        (Scope(region=COUNTY), record.format(decision="null")),
        (Scope(region=COUNTY), confirmed + "drafted_by"),
        (Scope(region=COUNTY), "update records_credit_decision set fine = 0"),
        (Scope(region=COUNTY), "update records_credit_notice set text = 'x'"),
        (Scope(organisation=town.enterprise), "update records_credit_clue set state = 'heard'"),
    ):
        with pytest.raises(DBAPIError):
            async with town.runtime.databases.transaction(scope) as session:
                await session.execute(text(statement))
    async with town.runtime.databases.transaction(Scope(organisation=town.enterprise)) as session:
        assert await session.scalar(text("select count(*) from records_credit_decision")) == 0
        changed = await session.execute(text(confirmed + "gen_random_uuid() returning id"))
        assert changed.all() == []


async def impersonated(runtime: Runtime, exam: Examined) -> UUID:
    """Let three people find that somebody else sat the first candidate's exam; return the candidate."""
    at = runtime.clock.now()
    async with runtime.databases.transaction(Scope(region=COUNTY)) as session:
        attempt = await get_attempt(session, exam.attempts[0], now=at)
        people = [Principal(account=new_id()) for _ in range(3)]
        incident = await report_incident(
            session, people[0], attempt, category="impersonation", summary="人证不符", at=at
        )
        await review_incident(session, people[1], incident, finding="confirmed", review="录像可见", at=at)
        await dispose_incident(session, people[2], incident, disposition="score_void", decision="成绩无效", at=at)
    return attempt.person_id


async def test_a_bar_follows_a_decision_on_a_person_and_goes_with_it(
    runtime: Runtime, clock: FrozenClock, client: AsyncClient
) -> None:
    await regions(runtime)
    exam = await examined(runtime, clock, right=[9])
    person = await impersonated(runtime, exam)
    await find(runtime, source="incidents")
    (clue,) = await clues_of(runtime, Scope(region=COUNTY))
    assert (clue.rule, clue.person_id, clue.organisation_id) == ("exam_fraud", person, None)
    town = Town(client, runtime, person, clue.id)
    await town.noticed()
    client.cookies.set(COOKIE, await candidate_session(runtime, exam.registrations[0]))
    assert "由他人冒名顶替参加考试" in (await client.get(f"/me/credit/{clue.id}")).text
    assert await town.act("answer", {"text": "确有其事。"}, home="/me/credit") == 303
    await town.be("clerk")
    assert await town.act("decision", {**DECISION, "ban_years": "1"}) == 303
    await town.be("head")
    assert await town.act("confirm") == 303
    async with runtime.databases.session(Scope(region=COUNTY)) as session:
        (ban,) = await list_bans(session, person, "special.1.2")
        record = await session.scalar(text("select id from records_credit_record"))
    assert (ban.until_on, ban.basis) == (date(2027, 11, 22), "《行政许可法》(2019)第七十八条")
    assert "到 2027-11-22 为止,到期自动解除" in (await client.get(f"{HOME}/records")).text.replace("，", ",")
    client.cookies.set(COOKIE, await candidate_session(runtime, exam.registrations[0]))
    assert "到 2027-11-22 为止" in (await client.get(f"/me/credit/records/{record}")).text
    assert await town.post(f"/me/credit/records/{record}/objection", text="当事人不是本人") == 303
    async with runtime.databases.session(Scope(region=COUNTY)) as session:
        request = await session.scalar(text("select id from records_credit_request"))
    await town.be("third")
    assert await town.post(f"{HOME}/records/requests/{request}", granted="true", reason="经核查") == 303
    async with runtime.databases.session(Scope(region=COUNTY)) as session:
        assert await list_bans(session, person, "special.1.2") == []
    assert "2026-11-23 已撤销" in (await client.get(f"{HOME}/records?stands=withdrawn")).text
    client.cookies.set(COOKIE, await candidate_session(runtime, exam.registrations[0]))
    assert "2026-11-23 已撤销" in (await client.get(f"/me/credit/records/{record}")).text


_PAGES = re.compile(r'记入</span> <a href="([^"]+)">')


async def _pages_of(runtime: Runtime, client: AsyncClient, clue: ClueView) -> list[str]:
    """Return where the evidence of a lead leads the authority, each opened once."""
    _, token = await session_of(runtime, role="regulator", region="33")
    client.cookies.set(COOKIE, token)
    pages: list[str] = _PAGES.findall((await client.get(f"{HOME}/{clue.id}")).text)
    assert [(await client.get(each)).status_code for each in pages] == [200] * len(pages)
    return pages


async def test_a_revocation_for_fraud_is_a_lead_at_once(
    runtime: Runtime, clock: FrozenClock, client: AsyncClient
) -> None:
    await regions(runtime)
    holder = await certified(runtime, clock)
    at = clock.now()
    async with runtime.databases.transaction(Scope(region="33")) as session:
        proposal = await propose(session, regulator(), holder.credential_id, Ground.FRAUD, reason="材料造假", at=at)
        await confirm(session, regulator(), proposal, at=at)
    await work_off(runtime)
    (clue,) = await clues_of(runtime, Scope(region="33"))
    assert (clue.rule, clue.person_id) == ("credential_fraud", holder.registration.person_id)
    assert await _pages_of(runtime, client, clue) == [f"/centre/credentials/{holder.credential_id}"]
    assert await clues_of(runtime, Scope(person=clue.person_id)) == []


async def test_two_rolls_at_the_same_time_are_a_lead_of_both_bodies(
    runtime: Runtime, clock: FrozenClock, client: AsyncClient
) -> None:
    await regions(runtime)
    schools, classes = [], set()
    for qualification in ("officer.general", "principal.general"):
        school = await make_school(runtime, name=qualification, scope=(qualification,))
        await make_programme(runtime, school, qualification=qualification)
        class_id = await make_class(runtime, school, qualification=qualification)
        await make_learner(runtime, school, class_id, number=3)
        classes.add(f"/regulator/training/classes/{class_id}")
        schools.append(school)
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await session.execute(
            text(
                "insert into training_attendance select gen_random_uuid(), s.id, e.id, e.person_id, e.region, 1,"
                " 'present', s.starts_at, s.ends_at, null, gen_random_uuid(), cast(:at as timestamptz)"
                " from training_enrolment e join training_session s on s.class_id = e.class_id"
            ),
            {"at": clock.now()},
        )
    clock.advance(timedelta(days=1))
    for _ in range(2):
        await find(runtime, source="attendance")
    found = await clues_of(runtime, Scope(region="33"))
    assert {clue.organisation_id for clue in found} == {school.id for school in schools}
    assert [clue.evidence for clue in found] == [1, 1]
    assert {page for clue in found for page in await _pages_of(runtime, client, clue)} == classes
