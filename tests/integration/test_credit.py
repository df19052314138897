"""From a lead to a decision: what the rules find, who may see it when, and what the database itself refuses."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from exam.core.clock import FrozenClock, local_date
from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.identity.sessions import COOKIE
from exam.records.credit.clues import ClueView, list_clues, list_evidence, list_steps
from exam.records.credit.jobs import find
from exam.records.credit.state import ClueState
from tests.builders.desks import session_of
from tests.builders.identity import regions
from tests.builders.records import engage, hold, make_enterprise, make_person
from tests.builders.sitting import COUNTY
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
    assert "没有有效证书" in (await client.get(f"{HOME}/{clue.id}")).text
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
