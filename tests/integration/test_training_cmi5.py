"""A cmi5 course from its launch to its last statement: what its units may read and write, and that no hour follows."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID, uuid4

import msgspec
from httpx import AsyncClient, Response
from sqlalchemy import func, select

from exam.core.clock import FrozenClock
from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.training.classes.enrolments import withdraw
from exam.training.classes.models import Enrolment
from exam.training.cmi5 import words
from exam.training.cmi5.models import StatementRow
from exam.training.erasure import KEPT, run_erase
from exam.training.lessons.models import VisitRow
from exam.training.packages.models import PackageState
from tests.builders.packages import cmi5_bytes
from tests.builders.training import (
    School,
    learner_cookie,
    make_class,
    make_learner,
    make_package_lesson,
)
from tests.builders.web import send, wear

HERE, THERE = {"host": "127.0.0.1:8000"}, {"host": "localhost:8000"}
WRONG = {"authorization": "Basic eDp5"}


class Spoken:
    """A unit as a browser would run it: launched by the page, then speaking for itself at the packages' host."""

    def __init__(self, client: AsyncClient, clock: FrozenClock, given: dict[str, str]) -> None:
        self.client, self.clock, self.given = client, clock, given
        self.path = urlsplit(given["endpoint"]).path
        self.headers = {**THERE, "x-experience-api-version": "1.0.3", "content-type": "application/json"}
        self.launch: dict[str, Any] = {}

    async def fetch(self) -> dict[str, str]:
        answer: dict[str, str] = (await self.client.post(urlsplit(self.given["fetch"]).path, headers=THERE)).json()
        return answer

    async def start(self) -> None:
        self.headers["authorization"] = f"Basic {(await self.fetch())['auth-token']}"
        self.launch = (await self.ask("GET", "activities/state", **self.state(words.LAUNCH_DATA))).json()

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Response:
        headers = {**self.headers, **more.pop("headers", {})}
        content = body if isinstance(body, bytes) else msgspec.json.encode(body) if body is not None else b""
        return await self.client.request(method, self.path + path, params=more, headers=headers, content=content)

    def state(self, name: str) -> dict[str, str]:
        given = self.given
        return {
            **{key: given[key] for key in ("activityId", "registration")},
            "agent": given["actor"],
            "stateId": name,
        }

    def statement(self, verb: str, **result: Any) -> dict[str, Any]:
        template = self.launch["contextTemplate"]
        decides = {"success", "completion"} & result.keys()
        category = [words.CATEGORY, *([words.CATEGORY_MOVE_ON] if decides else [])]
        activities = {**template["contextActivities"], "category": [{"id": each} for each in category]}
        extensions = template["extensions"] | {words.MASTERY: self.launch.get("masteryScore", 0)}
        return {
            "id": str(uuid4()),
            "actor": msgspec.json.decode(self.given["actor"]),
            "verb": {"id": verb},
            "object": {"id": self.given["activityId"]},
            "context": {
                "registration": self.given["registration"],
                "contextActivities": activities,
                "extensions": extensions,
            },
            "timestamp": self.clock.now().isoformat(),
            **({"result": result} if result else {}),
        }

    async def say(self, verb: str, **result: Any) -> int:
        body = self.statement(verb, **result)
        return (await self.ask("PUT", "statements", body, statementId=body["id"])).status_code

    async def verbs(self) -> list[str]:
        found = (await self.ask("GET", "statements", ascending="true")).json()["statements"]
        return [each["verb"]["id"].rpartition("/")[2] for each in found]


async def launched(client: AsyncClient, clock: FrozenClock, visit: str, item: str) -> Spoken:
    headers = {**HERE, "x-csrftoken": client.cookies["csrftoken"], "accept": "application/json"}
    href = (await client.post(f"{visit}/package/launch", json={"item": item}, headers=headers)).json()["href"]
    return Spoken(client, clock, dict(parse_qsl(urlsplit(href).query)))


async def opened(runtime: Runtime, clock: FrozenClock, school: School, client: AsyncClient) -> str:
    """Open a published course as a learner and return the visit's address."""
    lesson = await make_package_lesson(runtime, school, title="触电急救", data=cmi5_bytes())
    learner = await make_learner(runtime, school, await make_class(runtime, school), number=1)
    clock.advance(timedelta(days=1))
    wear(client, await learner_cookie(runtime, learner))
    answer = await send(client, f"/learn/enrolments/{learner.id}/lessons/{lesson}")
    return answer.headers["location"]


async def test_units_speak_by_the_rules_and_the_course_is_satisfied_without_an_hour(
    runtime: Runtime, clock: FrozenClock, school: School, client: AsyncClient
) -> None:
    visit = await opened(runtime, clock, school, client)
    page = await client.get(visit, headers=HERE)
    assert 'data-standard="cmi5"' in page.text
    unit = await launched(client, clock, visit, "au-1")
    await unit.start()
    assert (await unit.fetch())["error-code"] == "1"  # the token is given out once
    assert (unit.launch["launchMode"], unit.launch["masteryScore"]) == ("Normal", 0.8)
    assert unit.launch["launchParameters"] == "level=2"
    assert await unit.say(words.COMPLETED, completion=True, duration="PT1M") == 403
    assert await unit.say(words.INITIALIZED) == 204
    assert await unit.say(words.COMPLETED, completion=True, duration="PT9H") == 204
    assert not (await client.get(f"{visit}/package")).json()["met"]
    assert await unit.say(words.PASSED, success=True, duration="PT1M", score={"scaled": 0.5}) == 403
    assert await unit.say(words.PASSED, success=True, duration="PT1M", score={"scaled": 0.9}) == 204
    assert (await client.get(f"{visit}/package")).json()["met"]
    told = ["launched", "initialized", "completed", "passed", "satisfied", "satisfied"]
    assert await unit.verbs() == told
    again = await launched(client, clock, visit, "au-1")  # without a farewell: what came before is abandoned
    assert await unit.say(words.TERMINATED, duration="PT1M") == 401
    await again.start()
    assert again.launch["launchMode"] == "Review"
    assert await again.verbs() == [*told, "abandoned", "launched"]
    assert "已学" not in (await client.get("/learn")).text  # nine hours, it said


async def test_statements_are_kept_once_and_found_again(
    runtime: Runtime, clock: FrozenClock, school: School, client: AsyncClient
) -> None:
    unit = await launched(client, clock, await opened(runtime, clock, school, client), "au-2")
    await unit.start()
    first, second = unit.statement(words.INITIALIZED), unit.statement("https://w3id.org/xapi/adl/verbs/noted")
    del second["context"]["contextActivities"]["category"]
    assert (await unit.ask("POST", "statements", [first, second])).json() == [first["id"], second["id"]]
    assert (await unit.ask("PUT", "statements", first, statementId=first["id"])).status_code == 204  # sent again
    other = {**first, "verb": {"id": words.TERMINATED}}
    assert (await unit.ask("PUT", "statements", other, statementId=first["id"])).status_code == 409
    assert (await unit.ask("PUT", "statements", first, statementId=str(uuid4()))).status_code == 400
    one = await unit.ask("GET", "statements", statementId=second["id"])
    assert (one.json()["verb"], one.json()["version"]) == (second["verb"], "1.0.0")
    assert one.headers["x-experience-api-version"] == "1.0.3"
    page = (await unit.ask("GET", "statements", limit="2", agent=unit.given["actor"])).json()
    assert [each["id"] for each in page["statements"]] == [second["id"], first["id"]]
    rest = await client.get(page["more"], headers=unit.headers)
    assert [each["verb"]["id"] for each in rest.json()["statements"]] == [words.LAUNCHED]
    by_verb = (await unit.ask("GET", "statements", verb=words.INITIALIZED)).json()["statements"]
    assert [each["id"] for each in by_verb] == [first["id"]]
    assert (await unit.ask("GET", "statements", registration=str(uuid4()))).json()["statements"] == []
    assert (await unit.ask("GET", "statements", colour="red")).status_code == 400


async def test_documents_change_only_for_who_has_seen_them(
    runtime: Runtime, clock: FrozenClock, school: School, client: AsyncClient
) -> None:
    unit = await launched(client, clock, await opened(runtime, clock, school, client), "au-1")
    await unit.start()
    place = unit.state("place")
    assert (await unit.ask("GET", "activities/state", **place)).status_code == 404
    assert (await unit.ask("PUT", "activities/state", {"page": 7}, **place)).status_code == 204
    assert (await unit.ask("POST", "activities/state", {"line": 2}, **place)).status_code == 204
    found = await unit.ask("GET", "activities/state", **place)
    assert found.json() == {"page": 7, "line": 2}
    names = unit.state("")
    del names["stateId"]
    assert (await unit.ask("GET", "activities/state", **names)).json() == [words.LAUNCH_DATA, "place"]
    tag = found.headers["etag"]
    for headers, status in (({"if-match": '"x"'}, 412), ({"if-none-match": "*"}, 412), ({"if-match": tag}, 204)):
        assert (await unit.ask("PUT", "activities/state", b"8", headers=headers, **place)).status_code == status
    assert (await unit.ask("PUT", "activities/state", {}, **unit.state(words.LAUNCH_DATA))).status_code == 403
    assert (await unit.ask("DELETE", "activities/state", **place)).status_code == 204
    assert (await unit.ask("GET", "activities/state", **place)).status_code == 404
    profile = {"agent": unit.given["actor"], "profileId": words.PREFERENCES}
    kept = await unit.ask("GET", "agents/profile", **profile)
    assert kept.json()["languagePreference"] == "zh-CN,en"
    assert (await unit.ask("PUT", "agents/profile", {"audioPreference": "off"}, **profile)).status_code == 409
    seen = {"if-match": kept.headers["etag"]}
    assert (await unit.ask("PUT", "agents/profile", {}, headers=seen, **profile)).status_code == 204
    stranger = {**profile, "agent": '{"account": {"homePage": "https://a.b", "name": "x"}}'}
    assert (await unit.ask("GET", "agents/profile", **stranger)).status_code == 403


async def test_store_opens_at_its_own_host_with_the_token_of_its_session_alone(
    runtime: Runtime, clock: FrozenClock, school: School, client: AsyncClient
) -> None:
    visit = await opened(runtime, clock, school, client)
    unit = await launched(client, clock, visit, "au-1")
    assert (await unit.ask("GET", "statements", headers=WRONG)).status_code == 401
    await unit.start()
    assert (await unit.ask("GET", "about")).json() == {"version": ["1.0.3"]}
    assert (await unit.ask("GET", "statements", headers={"x-experience-api-version": ""})).status_code == 400
    assert (await unit.ask("GET", "statements", headers=HERE)).status_code == 404
    assert (await unit.ask("GET", "nothing")).status_code == 404
    assert (await unit.ask("PUT", "statements", b"x" * 600_000)).status_code == 413
    assert (await client.get("/xapi/x/statements", headers=THERE)).status_code == 404
    other = await launched(client, clock, visit, "au-2")
    assert (await other.ask("GET", "statements", headers=unit.headers)).status_code == 401
    headers = {"x-csrftoken": client.cookies["csrftoken"], "accept": "application/json"}
    forged = {"item": "au-1", "completion": "completed", "success": "passed"}
    assert (await client.post(f"{visit}/package", json=forged, headers=headers)).status_code == 404
    assert str(UUID(unit.given["registration"])) == msgspec.json.decode(unit.given["actor"])["account"]["name"]
    clock.advance(timedelta(hours=13))
    assert (await unit.ask("GET", "statements")).status_code == 404


async def test_unit_says_nothing_more_once_its_learner_has_left_the_class(
    runtime: Runtime, clock: FrozenClock, school: School, client: AsyncClient
) -> None:
    visit = await opened(runtime, clock, school, client)
    unit = await launched(client, clock, visit, "au-1")
    await unit.start()
    assert await unit.say(words.INITIALIZED) == 204
    before = await said(runtime)
    async with runtime.databases.transaction(school.scope) as session:
        [left] = await session.scalars(select(Enrolment))
        await withdraw(session, school.clerk, left.class_id, left.id, reason="离职", at=clock.now())
    passed = unit.statement(words.PASSED, success=True, duration="PT1M", score={"scaled": 0.9})
    refused = await unit.ask("PUT", "statements", passed, statementId=passed["id"])
    assert (refused.status_code, refused.json()["code"]) == (403, "xapi_closed")
    assert (await unit.ask("PUT", "activities/state", {"page": 7}, **unit.state("place"))).status_code == 403
    assert await said(runtime) == before


async def said(runtime: Runtime) -> tuple[list[dict[str, Any]], int]:
    """Return what parts of packages stand at, and how many statements are kept."""
    async with runtime.databases.session(Scope(region=runtime.settings.root_region)) as session:
        count = await session.scalar(select(func.count()).select_from(StatementRow))
        return list(await session.scalars(select(PackageState.said))), count or 0


async def test_what_a_course_kept_is_erased_when_the_years_of_the_rule_are_over(
    runtime: Runtime, clock: FrozenClock, school: School, client: AsyncClient
) -> None:
    visit = await opened(runtime, clock, school, client)
    await (await launched(client, clock, visit, "au-2")).start()
    before = await kept(runtime)
    clock.advance(timedelta(days=3 * 365 - 1))
    await run_erase(runtime)
    assert await kept(runtime) == before  # records of training are kept for three years
    clock.advance(timedelta(days=3))
    await run_erase(runtime)
    assert await kept(runtime) == {**dict.fromkeys(KEPT, 0), "visits": 1}


async def kept(runtime: Runtime) -> dict[str, int]:
    tables = {**KEPT, "visits": VisitRow}
    async with runtime.databases.session(Scope(region=runtime.settings.root_region)) as session:
        counted = {name: await session.scalar(select(func.count()).select_from(kind)) for name, kind in tables.items()}
    assert all(counted.values()) or not any(counted[name] for name in KEPT)
    return {name: number or 0 for name, number in counted.items()}
