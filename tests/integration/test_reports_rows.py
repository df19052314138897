"""Behind every number of every breakdown stand as many rows as it says, also behind what has no value and the own level."""

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random

import msgspec
import psycopg
import pytest

from exam.core.config import Settings
from exam.core.db.scope import Scope
from exam.core.principal import VisibleRegion
from exam.core.runtime import Runtime
from exam.identity.api import get_region
from exam.records.api import MEASURES, Desk, Measure, Span, Unit, countable, fold_sums
from exam.reports.choice import NONE, Choice, Grouping
from exam.reports.overview import Overview, overview_of
from exam.reports.rows import list_rows
from tests.builders.history import DAYS, INDUSTRIES, QUALIFICATIONS, TODAY, History
from tests.builders.identity import regions

STEPS = 400
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
BYS: tuple[Grouping, ...] = ("place", "category", "item", "centre", "industry")
COUNTED = tuple(each for each in MEASURES if each.unit is Unit.COUNT)


@pytest.fixture
def history(settings: Settings) -> Iterator[History]:
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        made = History(connection, Random(20261128))
        for _ in range(STEPS):
            made.act()
        yield made


@asynccontextmanager
async def _desk(runtime: Runtime, region: str) -> AsyncIterator[Desk]:
    async with runtime.databases.session(Scope(region=region)) as session:
        yield Desk(session, VisibleRegion(region), await get_region(session, region), [], NOON)


def _narrowed(random: Random) -> dict[str, str]:
    return random.choice(
        (
            {},
            {"level": "own"},
            {"industry": NONE},
            {"industry": INDUSTRIES[0] or "", "level": "own"},
            {"item": random.choice(QUALIFICATIONS), "industry": NONE},
            {"category": "special"},
        )
    )


def _asked(random: Random, by: Grouping) -> Choice:
    day = TODAY - timedelta(days=random.randrange(DAYS))
    region = random.choice(("33", "33/3301", "33/3301/330106"))
    made = Choice(region=region, span=random.choice(list(Span)), day=day.isoformat(), by=by, show="registrations")
    return msgspec.structs.replace(made, **_narrowed(random))


Number = tuple[Choice, Measure, int | None]


def _numbers(choice: Choice, overview: Overview) -> Iterator[Number]:
    """Yield every number of a page with the choice that its link asks for."""
    for line in overview.lines:
        for measure in COUNTED:
            if countable(measure, choice.narrowing, choice.grouping):
                yield msgspec.structs.replace(choice, **line.where), measure, line.value(measure.code)
    for point in overview.points:
        for each in filter(None, (point, point.year_before)):
            yield msgspec.structs.replace(choice, **each.where), overview.shown, each.value
    for compared in overview.measures:
        if compared.measure in COUNTED:
            yield choice, compared.measure, compared.now


async def _agree(runtime: Runtime, numbers: Iterable[Number]) -> None:
    by_region: dict[str, list[Number]] = {}
    for number in numbers:
        by_region.setdefault(number[0].region, []).append(number)
    for region, some in by_region.items():
        async with _desk(runtime, region) as desk:
            for choice, measure, value in some:
                found = await list_rows(desk, choice, measure.code, page=1, size=10_000)
                assert len(found.rows) == value, (choice, measure.code)


def _kind(choice: Choice) -> tuple[str, str]:
    return choice.by, "own" if choice.level else "none" if getattr(choice, choice.by, "") == NONE else ""


@pytest.mark.parametrize("folded", [False, True])
async def test_every_number_of_a_random_history_is_its_rows(
    runtime: Runtime, history: History, *, folded: bool
) -> None:
    await regions(runtime)
    if folded:
        await fold_sums(runtime)
    seen = set()
    whole = [Choice(region="33/3301", day=TODAY.isoformat(), by=by, show="registrations") for by in BYS]
    for choice in [_asked(history.random, by) for by in BYS * 4] + whole:
        async with _desk(runtime, choice.region) as desk:
            numbers = list(_numbers(choice, await overview_of(desk, choice)))
        await _agree(runtime, numbers)
        seen |= {_kind(each) for each, _, value in numbers if value}
    # else what was compared may have been noughts
    assert seen >= {("place", ""), ("place", "own"), ("industry", ""), ("industry", "none"), ("item", "")}
