"""Bad input everywhere: every field of every route under hostile values, as somebody who may call it.

Never a 5xx, always problem+json or a page with the code, and nothing stored.
"""

import io
import re
import zipfile
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from uuid import UUID

from sqlalchemy import text

from exam.app import create_app
from exam.core.clock import FrozenClock
from exam.core.db.roles import Role as Database
from exam.core.db.scope import NOTHING
from exam.core.runtime import Runtime
from exam.identity.roles import Role
from exam.identity.sessions import COOKIE
from tests.builders.bare import Answer, BareCaller
from tests.builders.certs import certified
from tests.builders.desks import candidate_session, session_of
from tests.builders.hostile import Attack, Entrance, attacks, entrances
from tests.builders.identity import CITY
from tests.builders.records import make_enterprise
from tests.builders.sitting import COUNTY, ELECTRICIAN, id_number, uscc
from tests.builders.training import OFFICER, make_class, make_learner, make_programme, make_school
from tests.builders.web import browsing

TOGETHER = 25
"""Routes that share a count of all rows."""
Tried = tuple[Entrance, list[Attack]]

CODE = re.compile(r"<(span|code)( class=\"code\")?>[a-z0-9_ ·]+</\1>")
"""Where a page shows the code to read out on the phone."""
PARAMETER = re.compile(r"\{(\w+):(\w+)\}")
NOBODY = UUID("0197a2b4-0000-7000-8000-000000000000")
WORDS = {"act": "open", "name": "pause", "code": "en", "view": "scoring"}
VALID = {
    "name": "张三",
    "id_number": id_number(7),
    "number": id_number(7),
    "uscc": uscc(7),
    "qualification": ELECTRICIAN,
    "starts_on": "2026-11-25",
    "ends_on": "2026-11-26",
    "until": "2029-12-31",
    "started_on": "2026-11-01",
    "ended_on": "2026-11-20",
    "day": "2026-11-25",
    "starts": "09:00",
    "ends": "11:00",
    "starts_time": "09:00",
    "entry_minutes": "30",
    "rooms": "一号机房 30",
    "minutes": 5,
    "capacity": "30",
    "hours": "12",
    "slot": "1",
    "duration_min": "120",
    "pass_marks": "80",
    "industry": "general",
    "kind": "initial",
    "plan_id": None,
    "terminal_id": str(NOBODY),
    "proposal_id": str(NOBODY),
    "registration_id": str(NOBODY),
    "to_class": str(NOBODY),
}
LEAST = 3000
"""So many requests at the least: the walk must not lose its way to the routes."""


@cache
def hostile_files() -> dict[str, bytes]:
    """Return uploads by their names: a workbook of 100 MB in half a megabyte, empty bytes, pieces of pictures."""
    packed = bomb()
    return {
        "bomb.xlsx": packed,
        "bomb.jpg": packed[:4096],
        "nul.csv": b"\x00" * 4096,
        "a\x00b.json": b"[1e999]",
        "cut.jpg": b"\xff\xd8\xff\xe0" + b"\x00" * 64,
    }


def bomb(megabytes: int = 100) -> bytes:
    """Return a workbook of a few hundred kilobytes whose one part unpacks to that much."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as part:
            for _ in range(megabytes):
                part.write(b" " * 1_000_000)
    return packed.getvalue()


class World:
    """A province in which something of everything exists, and a session for every role."""

    def __init__(self, runtime: Runtime, caller: BareCaller, cookies: dict[str, str]) -> None:
        self.runtime = runtime
        self.caller = caller
        self.cookies = cookies
        self.ids: dict[str, UUID] = {}
        self.count = ""

    async def look(self) -> None:
        """Learn which tables there are and the newest row of each."""
        async with self.runtime.databases.session(NOTHING, Database.OWNER) as session:
            tables = list(await session.scalars(text("select tablename from pg_tables where schemaname = 'public'")))
            keyed = text(
                "select table_name from information_schema.columns where column_name = 'id' and data_type = 'uuid'"
            )
            for table in await session.scalars(keyed):
                if table in tables and (
                    row := await session.scalar(text(f"select max(id::text) from {table}"))
                ):  # names from the catalogue
                    self.ids[table] = UUID(row)
        self.count = " union all ".join(
            f"select '{table}', count(*) from {table}" for table in sorted(tables)
        )  # names from the catalogue

    async def rows(self) -> dict[str, int]:
        """Return how many rows each table has."""
        async with self.runtime.databases.session(NOTHING, Database.OWNER) as session:
            return {str(table): int(count) for table, count in await session.execute(text(self.count))}

    def address(self, path: str) -> str:
        """Return the path with what exists, or with an id that nothing has."""

        def value(found: re.Match[str]) -> str:
            if found[2] != "uuid":
                return WORDS.get(found[1], "x")
            stem = found[1].removesuffix("_id")
            known = (row for table, row in self.ids.items() if table.endswith((f"_{stem}", f"_{stem}s")))
            return str(next(known, NOBODY))

        return PARAMETER.sub(value, path)

    async def send(self, entrance: Entrance, attack: Attack) -> Answer:
        """Send one request as the first role that may; no limit on how often counts."""
        if entrance.policy.kind in {"public", "session"}:
            await self.runtime.valkey.flushdb()
        self.caller.cookies.pop(COOKIE, None)
        if entrance.policy.kind in {"roles", "session"}:
            role = entrance.policy.roles[0] if entrance.policy.roles else "proctor"
            self.caller.cookies[COOKIE] = self.cookies[role]
        headers = {"x-csrftoken": self.caller.cookies["csrftoken"]}
        headers |= {"content-type": attack.media} if attack.media else {}
        address = self.address(entrance.path) + (f"?{attack.query}" if attack.query else "")
        return await self.caller.request(entrance.method, address, content=attack.body, headers=headers)


async def _sessions(runtime: Runtime, clock: FrozenClock) -> dict[str, str]:
    """Let something of everything happen; return the session of somebody in each role."""
    done = await certified(runtime, clock)
    school = await make_school(runtime)
    await make_programme(runtime, school, qualification=OFFICER)
    await make_learner(runtime, school, await make_class(runtime, school), number=3)
    enterprise = await make_enterprise(runtime, uscc=uscc(7))
    place = {
        "centre": done.exam.centre.id,
        "assessor": done.exam.centre.id,
        "teacher": school.id,
        "enterprise": enterprise,
    }
    provincial = {"author", "reviewer", "publisher", "custodian"}
    cookies = {}
    for role in set(Role) - {Role.CANDIDATE}:
        region = "33" if role in provincial else COUNTY if role in place else CITY
        _, cookies[str(role)] = await session_of(runtime, role=role, region=region, organisation=place.get(role))
    return cookies | {"candidate": await candidate_session(runtime, done.exam.registrations[0])}


@asynccontextmanager
async def _world(runtime: Runtime, clock: FrozenClock) -> AsyncIterator[tuple[World, list[Entrance]]]:
    await runtime.valkey.flushdb()
    app = create_app(runtime)
    async with app.lifespan():
        caller = BareCaller(app, {"accept": "application/json"})
        await caller.request("GET", "/login")
        world = World(runtime, caller, await _sessions(runtime, clock))
        await world.look()
        yield world, entrances(app)


def _fault(answer: Answer) -> str:
    """Return what is wrong with an answer, or nothing."""
    told = answer.headers.get("content-type", "")
    coded = bool(answer.json().get("code")) if "json" in told else bool(CODE.search(answer.text))
    wrong = answer.status_code >= 500 or (answer.status_code >= 400 and not coded)
    return f"{answer.status_code} {answer.text[-120:]}" if wrong else ""


async def _stand(world: World, entrance: Entrance, tried: Iterable[Attack]) -> dict[str, str]:
    """Send each request; return those that the route did not stand."""
    answers = {attack.what: await world.send(entrance, attack) for attack in tried}
    return {f"{entrance.name} {what}": fault for what, answer in answers.items() if (fault := _fault(answer))}


async def _store_nothing(world: World, tried: Sequence[Tried]) -> dict[str, str]:
    """Send requests of which nothing may be kept; return also what was kept of them.

    Counting every table takes longer than a route's requests: many routes share one count, and each is asked again alone
    where something was kept.
    """
    before = await world.rows()
    faults: dict[str, str] = {}
    for entrance, each in tried:
        faults |= await _stand(world, entrance, each)
    after = await world.rows()
    grown = {table: after[table] - before[table] for table in after if after[table] > before[table]}
    if grown and len(tried) > 1:
        for one in tried:
            faults |= await _store_nothing(world, [one])
        return faults or {", ".join(entrance.name for entrance, _ in tried): f"kept {grown}"}
    return faults | ({f"{tried[0][0].name} kept": str(grown)} if grown else {})


async def test_every_field_of_every_route_stands_bad_input(runtime: Runtime, clock: FrozenClock) -> None:
    faults: dict[str, str] = {}
    async with _world(runtime, clock) as (world, routes):
        tried = [(entrance, list(attacks(entrance, VALID, hostile_files()))) for entrance in routes]
        refused = [(entrance, [attack for attack in each if attack.refused]) for entrance, each in tried]
        for entrance, each in refused:
            if entrance.method == "GET":  # what is read is noted in the ledger
                faults |= await _stand(world, entrance, each)
        writing = [both for both in refused if both[0].method != "GET"]
        for begin in range(0, len(writing), TOGETHER):
            faults |= await _store_nothing(world, writing[begin : begin + TOGETHER])
        for entrance, each in tried:  # last, since some of them are acts that change what the others found
            faults |= await _stand(world, entrance, [attack for attack in each if not attack.refused])
    assert faults == {}
    assert sum(len(each) for _, each in tried) > LEAST


async def test_a_form_of_another_encoding_is_refused_where_its_token_is_inside(runtime: Runtime) -> None:
    async with browsing(runtime) as client:
        token = client.cookies["csrftoken"].encode()
        fields = {b"_csrf_token": token, b"qualification": "低压".encode("gb18030")}
        parts = [b'--x\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % pair for pair in fields.items()]
        headers = {"content-type": "multipart/form-data; boundary=x"}
        answer = await client.post("/verify/file", content=b"".join([*parts, b"--x--\r\n"]), headers=headers)
    assert answer.status_code == 400
    assert "unreadable_text" in answer.text
