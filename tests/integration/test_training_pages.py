"""Pages of the hour ledger: what a learner and a clerk see, and what they do not."""

import asyncio
import json
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from exam.cli.training import command
from exam.core.clock import local_date
from exam.core.db.scope import Scope
from exam.core.ids import new_id
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.identity.api import ensure_person, open_candidate_session, parse_id_number
from exam.identity.sessions import COOKIE
from exam.training.api import hours_of, record_hours, replay
from tests.builders.desks import session_of
from tests.builders.sitting import COUNTY, id_number
from tests.builders.web import browsing, send, wear

ELSEWHERE = "33/3302/330203"


@pytest.fixture
async def person_id(runtime: Runtime) -> UUID:
    """Know somebody who has 16 of 32 hours here and 8 in another region."""
    now = runtime.clock.now()
    async with runtime.databases.transaction(Scope(region=COUNTY)) as session:
        number = parse_id_number(id_number(1), local_date(now))
        person = await ensure_person(
            session, runtime.sealer, SYSTEM, name="张三丰", number=number, region=COUNTY, at=now
        )
    for region, hours in ((COUNTY, 1600), (ELSEWHERE, 850)):
        async with runtime.databases.transaction(Scope(region=region)) as session:
            await record_hours(
                session,
                SYSTEM,
                person_id=person,
                qualification="officer.general",
                kind="initial",
                hours_hundredths=hours,
                source=f"{region} 培训班",
                region=region,
                at=now,
            )
    return person


async def learner(runtime: Runtime, person: UUID) -> dict[str, str]:
    async with runtime.databases.transaction(Scope(person=person)) as session:
        token = await open_candidate_session(
            session, runtime.settings, person_id=person, region=COUNTY, at=runtime.clock.now()
        )
    return {COOKIE: token}


async def test_learner_sees_hours_of_all_regions_and_what_is_missing(runtime: Runtime, person_id: UUID) -> None:
    async with browsing(runtime) as client:
        page = (await wear(client, await learner(runtime, person_id)).get("/learn/hours")).text
    assert "24.5" in page
    assert "还差 7.5 学时" in page
    assert "第9条" in page
    assert f"{ELSEWHERE} 培训班" in page


async def test_clerk_looks_up_by_number_and_sees_entries_of_the_own_region(runtime: Runtime, person_id: UUID) -> None:
    _, token = await session_of(runtime, role="centre")
    async with browsing(runtime) as client:
        answer = await send(wear(client, {COOKIE: token}), "/centre/hours", {"id_number": id_number(1)})
        nobody = await send(client, "/centre/hours", {"id_number": id_number(2)})
    assert answer.status_code == 200
    assert "24.5" in answer.text
    assert "张三丰" not in answer.text
    assert id_number(1) not in answer.text
    assert ELSEWHERE not in answer.text
    assert nobody.status_code == 404
    assert id_number(2) in nobody.text  # what was typed is kept for correction
    async with runtime.databases.session(Scope(region=COUNTY)) as session:
        viewed = await session.scalar(
            text("select subject from core_audit_entry where act = 'hours.viewed'"),
        )
    assert viewed == str(person_id)


async def test_replay_counts_the_same(runtime: Runtime, person_id: UUID) -> None:
    async with runtime.databases.session(Scope(person=person_id)) as session:
        found = await replay(session, person_id)
    assert found.equal
    assert found.kept_s == found.replayed_s == 2450 * 27


async def test_command_prints_one_object(runtime: Runtime, person_id: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", runtime.settings.database_url)
    monkeypatch.setenv("ANKAO_DATA_DIR", str(runtime.settings.data_dir))
    monkeypatch.setenv("VALKEY_URL", runtime.settings.valkey_url)
    monkeypatch.setenv("ANKAO_PROFILE", "test")
    result = await asyncio.to_thread(CliRunner().invoke, command, ["replay", str(person_id), "--json"])
    assert result.exit_code == 0
    printed = json.loads(result.stdout)
    assert printed["equal"] is True
    assert printed["lines"][0]["replayed_s"] == 2450 * 27


CLAIM = {
    "name": "张三丰",
    "id_number": id_number(1),
    "qualification": "officer.general",
    "kind": "initial",
    "hours": "8",
    "source": "纸质签到",
}


async def _claims(runtime: Runtime) -> list[UUID]:
    async with runtime.databases.session(Scope(region=COUNTY)) as session:
        return list(await session.scalars(text("select id from training_hours_claim where state = 'proposed'")))


async def _hours(runtime: Runtime, person: UUID) -> int:
    async with runtime.databases.session(Scope(person=person)) as session:
        return await hours_of(session, person, "officer.general")


async def test_hours_on_paper_count_once_a_second_person_has_confirmed_them(runtime: Runtime, person_id: UUID) -> None:
    tokens = [(await session_of(runtime, role="centre"))[1] for _ in range(2)]
    async with browsing(runtime) as first, browsing(runtime) as second:
        wear(first, {COOKIE: tokens[0]})
        wear(second, {COOKIE: tokens[1]})
        await first.get("/centre/hours")
        assert (await send(first, "/centre/hours/new", CLAIM)).status_code == 303
        [claim] = await _claims(runtime)
        own = await send(first, f"/centre/hours/claims/{claim}", {"decision": "confirm"})
        before = await _hours(runtime, person_id)
        page = (await second.get("/centre/hours")).text
        done = await send(second, f"/centre/hours/claims/{claim}", {"decision": "confirm"})
        again = await send(second, f"/centre/hours/claims/{claim}", {"decision": "confirm"})
        await send(first, "/centre/hours/new", CLAIM)
        [other] = await _claims(runtime)
        await send(second, f"/centre/hours/claims/{other}", {"decision": "refuse"})
    assert (own.status_code, done.status_code, again.status_code) == (403, 303, 409)
    assert "纸质签到" in page
    assert "张三丰" not in page
    assert (before, await _hours(runtime, person_id)) == (2450, 3250)


async def test_no_hours_for_somebody_of_another_region(runtime: Runtime, person_id: UUID) -> None:
    _, token = await session_of(runtime, role="centre", region=ELSEWHERE)
    async with browsing(runtime) as client:
        wear(client, {COOKIE: token})
        await client.get("/centre/hours")
        refused = await send(client, "/centre/hours/new", CLAIM)
    assert (refused.status_code, "外辖区人员" in refused.text) == (409, True)
    assert await _hours(runtime, person_id) == 2450


async def test_the_database_takes_attested_hours_from_two_people_only(runtime: Runtime, person_id: UUID) -> None:
    alone = text(
        "insert into training_hours (id, person_id, qualification, kind, origin, node, part, seconds, source, rules,"
        " evidence, region, recorded_by, confirmed_by, recorded_at) values (:id, :person, 'officer.general', 'initial',"
        " 'attested', '', '', 2700, 'x', 'ledger@1', '', :region, :one, :two, now())"
    )
    one = new_id()
    for two in (None, one):
        row = {"id": new_id(), "person": person_id, "region": COUNTY, "one": one, "two": two}
        async with runtime.databases.session(Scope(region=COUNTY)) as session:
            with pytest.raises(DBAPIError, match="two people"):
                await session.execute(alone, row)
