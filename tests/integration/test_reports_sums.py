"""Figures from sums by day equal those counted from rows: at every moment of a random history, beside any other transaction."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random

import msgspec
import psycopg
import pytest
from sqlalchemy import text

from exam.core.config import Settings
from exam.core.db.scope import Scope
from exam.core.principal import VisibleRegion
from exam.core.runtime import Runtime
from exam.records.api import (
    MEASURES,
    PLACE,
    SOURCES,
    TIME,
    TOTAL,
    By,
    Dimension,
    Narrowing,
    Period,
    Span,
    count,
    period_at,
)
from exam.records.folding import fold, fold_sums
from exam.records.sums import SUMMED
from tests.builders.history import CENTRES, DAYS, INDUSTRIES, QUALIFICATIONS, REGIONS, TODAY, History

ROOT = VisibleRegion("33")
STEPS, CHECKS_EVERY = 500, 8
YEAR = period_at(Span.YEAR, TODAY, today=TODAY)
BYS = (TOTAL, PLACE, TIME, *(By(dimension=each) for each in Dimension))
Found = dict[str, dict[str, int]]


@pytest.fixture
def history(settings: Settings) -> Iterator[History]:
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        yield History(connection, Random(20261127))


async def _compare(runtime: Runtime, region: str, period: Period, by: By, narrowing: Narrowing) -> Found:
    """Count twice in one transaction, the second time without sums, and return what both say."""
    async with runtime.databases.session(Scope(region=region)) as session:
        summed = await count(session, VisibleRegion(region), period, by=by, narrowing=narrowing)
        await session.execute(text("update records_folded set digest = 'another'"))
        counted = await count(session, VisibleRegion(region), period, by=by, narrowing=narrowing)
        await session.rollback()
    assert _there(summed) == _there(counted), (region, period, by, narrowing)
    return counted


def _there(found: Found) -> Found:
    told = {key: {code: value for code, value in counts.items() if value} for key, counts in found.items()}
    return {key: counts for key, counts in told.items() if counts}


def _asked(random: Random) -> tuple[str, Period, By, Narrowing]:
    day = TODAY - timedelta(days=random.randrange(DAYS))
    narrowing = random.choice(
        (
            Narrowing(),
            Narrowing(item=random.choice(QUALIFICATIONS)),
            Narrowing(category="special", centre=random.choice(CENTRES)),
            Narrowing(industry=INDUSTRIES[0] or ""),
            Narrowing(industry=INDUSTRIES[1] or "", item=QUALIFICATIONS[0]),
        )
    )
    period = period_at(random.choice(list(Span)), day, today=TODAY)
    return random.choice(("33", "33/3301", *REGIONS)), period, random.choice(BYS), narrowing


async def _fold_one(runtime: Runtime, name: str) -> None:
    async with runtime.databases.transaction(Scope(region=ROOT)) as session:
        await fold(session, name)


async def test_sums_say_what_rows_say_whatever_has_happened(runtime: Runtime, history: History) -> None:
    random = history.random
    for step in range(STEPS):
        history.act()
        if step == STEPS // 5:
            await fold_sums(runtime)
        elif random.random() < 0.1:
            await _fold_one(runtime, random.choice(SUMMED))
        if step % CHECKS_EVERY == 0:
            await _compare(runtime, *_asked(random))
    await fold_sums(runtime)
    for by in BYS[1:]:
        await _compare(runtime, ROOT, YEAR, by, Narrowing())
    total = (await _compare(runtime, ROOT, YEAR, TOTAL, Narrowing()))[""]
    # else what was compared may have been noughts
    assert {code for code, value in total.items() if value} >= {each.code for each in MEASURES if each.source in SUMMED}
    assert history.all("records_stale", order="day_on") == []


async def test_sums_are_what_is_read_until_their_definition_changes(
    runtime: Runtime, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(60):
        history.act()
    await fold_sums(runtime)
    async with runtime.databases.session(Scope(region=ROOT)) as session:
        before = (await count(session, ROOT, YEAR))[""]
        await session.execute(text("delete from records_sum where source = 'hours'"))
        assert before["hours"]
        assert "hours" not in (await count(session, ROOT, YEAR))[""]
        monkeypatch.setitem(SOURCES, "hours", msgspec.structs.replace(SOURCES["hours"], where="seconds > 0"))
        only_given = (await count(session, ROOT, YEAR))[""]["hours"]
        await fold(session, "hours")
        assert (await count(session, ROOT, YEAR))[""]["hours"] == only_given > before["hours"]


async def test_what_commits_after_a_fold_has_read_is_folded_again(
    runtime: Runtime, settings: Settings, history: History
) -> None:
    row: dict[str, object] = {
        "kind": "initial",
        "qualification": QUALIFICATIONS[0],
        "region": REGIONS[0],
        "origin": "attested",
        "node": "",
    }
    row |= {"source": "x", "part": "", "rules": "x", "evidence": "", "recorded_at": history.at(), "seconds": 60}
    await fold_sums(runtime)
    with psycopg.connect(settings.database_url, autocommit=True) as other:
        late = History(other, history.random)
        other.autocommit = False
        for each in (history, late):
            each.insert("training_hours", id=history.id(), person_id=history.id(), **row)
        await _fold_one(runtime, "hours")
        assert await _hours(runtime) == 60
        other.commit()
    assert await _hours(runtime) == 120
    await _fold_one(runtime, "hours")
    assert await _hours(runtime) == 120
    assert history.all("records_stale", order="day_on") == []


async def _hours(runtime: Runtime) -> int:
    return (await _compare(runtime, ROOT, YEAR, TOTAL, Narrowing()))[""]["hours"]
