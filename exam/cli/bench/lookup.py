"""`ankao bench lookup`: finding a person by the blind index of an ID number, among millions (TRUST.md C15)."""

import asyncio
import time
from datetime import date
from random import Random

import psycopg
from sqlalchemy import text

from exam.app import compose_runtime
from exam.cli.bench.machine import describe_machine
from exam.cli.bench.report import Figure, Report
from exam.cli.bench.stack import Scratch, scratch
from exam.cli.simulation.people import Invented
from exam.core.db.scope import Scope
from exam.core.keyring import load_keyring
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.identity.api import IdNumber, ensure_person, find_person_id, parse_id_number

LIMIT_MS = 5.0
"""TRUST.md C15: p99 of an equality look-up at 5 million rows."""
GENERATIONS = 2
KNOWN = 500
LOOKUPS = 4000
SEED = 1
_TODAY = date(2026, 11, 1)
_FILL = """
insert into identity_person (id, name, id_sealed, id_index, id_masked, birth_on, sex, region, created_at)
select gen_random_uuid(), '测试', '\\x01', '\\x01'::bytea || sha256(n::text::bytea), '', '1990-01-01', 'male', '33', now()
from generate_series(1, %s) n
"""


def bench_lookup(*, rows: int) -> Report:
    """Fill a scratch database with `rows` people and find some of them again, while two generations of keys are live."""
    machine = describe_machine()
    with scratch() as place:
        keys = load_keyring(place.settings)
        ring = keys.current()
        for _ in range(GENERATIONS - 1):
            ring = ring.with_new(ring.current.algorithm)
        keys.store(ring)
        found, bare = asyncio.run(_measure(place, rows))
    figures = {
        "rows": Figure(rows, "1"),
        "generations": Figure(GENERATIONS, "1"),
        "lookup_p50": Figure(_percentile(found, 50), "ms"),
        "lookup_p99": Figure(_percentile(found, 99), "ms"),
        "bare_statement_p50": Figure(_percentile(bare, 50), "ms"),
        "bare_statement_p99": Figure(_percentile(bare, 99), "ms"),
    }
    against = {
        "lookup_p99_over_limit": _percentile(found, 99) / LIMIT_MS,
        "lookup_p50_over_bare_statement_p50": _percentile(found, 50) / _percentile(bare, 50),
    }
    return Report("lookup", figures, against, machine)


async def _measure(place: Scratch, rows: int) -> tuple[list[float], list[float]]:
    runtime = compose_runtime(place.settings)
    try:
        numbers = await _know(runtime)
        _fill(place, rows)
        return await _look_up(runtime, numbers)
    finally:
        await runtime.close()


async def _know(runtime: Runtime) -> list[IdNumber]:
    """Store the people who will be looked for."""
    invented = Invented(SEED)
    people = [invented.next() for _ in range(KNOWN)]
    numbers = [parse_id_number(number, _TODAY) for _, number in people]
    async with runtime.databases.transaction(Scope(region="33")) as session:
        for (name, _), number in zip(people, numbers, strict=True):
            sealer, at = runtime.sealer, runtime.clock.now()
            await ensure_person(session, sealer, SYSTEM, name=name, number=number, region="33", at=at)
    return numbers


def _fill(place: Scratch, rows: int) -> None:
    with psycopg.connect(place.settings.database_url, autocommit=True) as connection:
        connection.execute(_FILL, [rows])
        connection.execute("vacuum analyze identity_person")


async def _look_up(runtime: Runtime, numbers: list[IdNumber]) -> tuple[list[float], list[float]]:
    """Return the times of look-ups and of an empty statement beside each, in milliseconds."""
    random, found, bare = Random(SEED), [], []
    async with runtime.databases.session(Scope(region="33")) as session:
        for _ in range(LOOKUPS):
            number = random.choice(numbers)
            before = time.perf_counter()
            person = await find_person_id(session, runtime.sealer, number)
            between = time.perf_counter()
            await session.execute(text("select 1"))
            after = time.perf_counter()
            if person is None:
                raise LookupError
            found.append((between - before) * 1000)
            bare.append((after - between) * 1000)
    return found, bare


def _percentile(values: list[float], percent: int) -> float:
    return sorted(values)[len(values) * percent // 100]
