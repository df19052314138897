"""Results told and credentials issued become entries of the person and of every enterprise concerned, once."""

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from certs.api import suspend
from exam.core.clock import FrozenClock
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.events import deliver
from exam.core.ids import new_id
from exam.core.principal import Grant, Principal
from exam.core.runtime import Runtime
from exam.identity.sessions import COOKIE
from exam.records.api import list_enterprise_entries
from exam.records.entries import list_person_entries
from grading.api import release_sitting
from tests.builders.certs import make_authority, release
from tests.builders.desks import candidate_session, session_of
from tests.builders.grading import Examined, close_and_score, examined, work_off
from tests.builders.records import engage, hold, make_enterprise, make_person
from tests.builders.sitting import COUNTY, uscc
from tests.builders.web import browsing

SINCE = date(2026, 1, 5)


async def _released(runtime: Runtime, clock: FrozenClock, *, employer: UUID | None = None) -> Examined:
    exam = await examined(runtime, clock, right=[9])
    if employer:
        await engage(runtime, exam.registrations[0].person_id, employer, role="special", since=SINCE)
    await close_and_score(runtime, exam)
    async with runtime.databases.transaction(exam.scope) as session:
        await release_sitting(session, exam.centre.clerk, runtime, exam.sitting_id, clock.now())
    await work_off(runtime)
    return exam


async def test_released_result_stands_in_the_record_of_the_person(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _released(runtime, clock)
    person_id = exam.registrations[0].person_id
    async with runtime.databases.session(Scope(person=person_id)) as session:
        entries, more = await list_person_entries(session, person_id)
    (entry,) = [each for each in entries if each.kind == "result"]
    assert not more
    assert (entry.facts["passed"], entry.facts["part"], entry.facts["marks"]) == (True, "theory", 100_00)
    assert entry.at == clock.now()


async def test_employer_learns_of_the_result_without_the_marks(runtime: Runtime, clock: FrozenClock) -> None:
    employer = await make_enterprise(runtime)
    await _released(runtime, clock, employer=employer)
    async with runtime.databases.session(Scope(organisation=employer)) as session:
        entries, more = await list_enterprise_entries(session, employer)
    (entry,) = [each for each in entries if each.kind == "result"]
    assert (entry.link, entry.facts["passed"], "marks" in entry.facts, more) == ("engagement", True, False, False)


async def test_whoever_had_a_person_examined_learns_of_result_and_credential(
    runtime: Runtime, clock: FrozenClock
) -> None:
    registering = await make_enterprise(runtime, uscc=uscc(7))
    await make_authority(runtime)
    exam = await examined(runtime, clock, right=[9], qualification="officer.general", uscc=uscc(7))
    await close_and_score(runtime, exam)
    await release(runtime, exam)
    await work_off(runtime)
    async with runtime.databases.session(Scope(organisation=registering)) as session:
        entries, _ = await list_enterprise_entries(session, registering)
    assert {(entry.kind, entry.link) for entry in entries} == {("result", "registration"), ("issued", "registration")}


async def test_ended_engagement_brings_no_entry(runtime: Runtime, clock: FrozenClock) -> None:
    employer = await make_enterprise(runtime)
    person_id = await make_person(runtime, number=0)
    await engage(runtime, person_id, employer, role="special", since=SINCE)
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await session.execute(text("update identity_engagement set ended_on = '2026-06-01'"))
    await _released(runtime, clock)
    async with runtime.databases.session(Scope(organisation=employer)) as session:
        assert await list_enterprise_entries(session, employer) == ([], False)


async def test_event_delivered_again_adds_no_entry(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _released(runtime, clock)
    person_id = exam.registrations[0].person_id
    async with runtime.databases.session(Scope(region="33")) as session:
        event_id = await session.scalar(text("select id from core_event where name = 'ResultReleased'"))
    await deliver(runtime, event_id=str(event_id), subscriber="records.result")
    async with runtime.databases.session(Scope(person=person_id)) as session:
        entries, _ = await list_person_entries(session, person_id)
    assert [each.kind for each in entries].count("result") == 1


async def test_suspension_stands_in_the_records_with_its_own_time(runtime: Runtime, clock: FrozenClock) -> None:
    employer = await make_enterprise(runtime)
    person_id = await make_person(runtime, number=0)
    await engage(runtime, person_id, employer, role="officer", since=SINCE)
    credential = await hold(runtime, person_id, "officer.general", ends_in=300)
    regulator = Principal(account=new_id(), grants=(Grant("regulator", COUNTY),), second_factor=True)
    async with runtime.databases.transaction(Scope(region=COUNTY)) as session:
        await suspend(session, regulator, credential, reason="材料存疑", at=clock.now())
    await work_off(runtime)
    async with runtime.databases.session(Scope(organisation=employer)) as session:
        (entry,), _ = await list_enterprise_entries(session, employer)
    assert (entry.kind, entry.subject_id, entry.at) == ("suspended", credential, clock.now())


async def test_records_of_others_are_out_of_sight(runtime: Runtime, clock: FrozenClock) -> None:
    employer = await make_enterprise(runtime)
    stranger = await make_enterprise(runtime, name="别家")
    exam = await _released(runtime, clock, employer=employer)
    person_id = exam.registrations[0].person_id
    for scope in (Scope(organisation=stranger), Scope(region="33/3302"), NOTHING):
        async with runtime.databases.session(scope) as session:
            assert await list_person_entries(session, person_id) == ([], False)
            assert await list_enterprise_entries(session, employer) == ([], False)


async def test_entry_stands_in_the_enterprises_own_region(runtime: Runtime, clock: FrozenClock) -> None:
    employer = await make_enterprise(runtime, region="33/3302/330203")
    exam = await examined(runtime, clock, right=[9])
    person_id = exam.registrations[0].person_id
    await engage(runtime, person_id, employer, role="special", since=SINCE, region="33/3302/330203")
    await close_and_score(runtime, exam)
    async with runtime.databases.transaction(exam.scope) as session:
        await release_sitting(session, exam.centre.clerk, runtime, exam.sitting_id, clock.now())
    await work_off(runtime)
    async with runtime.databases.session(Scope(region="33/3302")) as session:
        entries, _ = await list_enterprise_entries(session, employer)
        assert "result" in [each.kind for each in entries]
        assert await list_person_entries(session, person_id) == ([], False)


async def test_nobody_may_change_an_entry(runtime: Runtime, clock: FrozenClock) -> None:
    await _released(runtime, clock)
    for role in (Role.APP, Role.OWNER):
        with pytest.raises(DBAPIError):
            async with runtime.databases.transaction(Scope(region="33"), role) as session:
                await session.execute(text("update records_person_entry set kind = 'revoked'"))


async def test_a_person_reads_the_own_record_at_home(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _released(runtime, clock)
    async with browsing(runtime) as client:
        assert (await client.get("/me/record")).status_code == 303
        client.cookies.set(COOKIE, await candidate_session(runtime, exam.registrations[0]))
        page = (await client.get("/me/record")).text
        assert ("理论合格" in page, "100 分" in page) == (True, True)
        assert "/me/record" in (await client.get("/me")).text
        _, token = await session_of(runtime, role="regulator", region=COUNTY)
        client.cookies.set(COOKIE, token)
        assert (await client.get("/me/record")).status_code == 403
