"""Figures from sums by day equal those counted from rows: at every moment of a random history, beside any other transaction."""

import re
from asyncio import timeout
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from random import Random

import msgspec
import psycopg
import pytest
from sqlalchemy import text

from exam.core.config import Settings
from exam.core.db.scope import Scope
from exam.core.principal import VisibleRegion
from exam.core.runtime import Runtime
from exam.records import snapshots
from exam.records.api import (
    MEASURES,
    PLACE,
    SOURCES,
    TIME,
    TOTAL,
    By,
    Dimension,
    Measure,
    Narrowing,
    Period,
    Span,
    count,
    period_at,
)
from exam.records.folding import fold, fold_snapshots, fold_sums
from exam.records.snapshots import STANDING
from exam.records.sums import SUMMED, TABLES
from tests.builders.history import (
    CENTRES,
    DAYS,
    INDUSTRIES,
    QUALIFICATIONS,
    REGIONS,
    TODAY,
    History,
    found,
    issue,
    record_hours,
    turn,
)

ROOT = VisibleRegion("33")
STEPS, CHECKS_EVERY = 450, 10
YEAR = period_at(Span.YEAR, TODAY, today=TODAY)
BYS = (TOTAL, PLACE, TIME, *(By(dimension=each) for each in Dimension))
Found = dict[str, dict[str, int]]


@pytest.fixture
def history(settings: Settings) -> Iterator[History]:
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        yield History(connection, Random(20261127))


async def _compare(
    runtime: Runtime,
    region: str,
    period: Period,
    by: By,
    narrowing: Narrowing,
    measures: Sequence[Measure] = MEASURES,
) -> Found:
    """Count twice in one transaction, the second time without sums, and return what both say."""
    async with runtime.databases.session(Scope(region=region)) as session:
        summed = await count(session, VisibleRegion(region), period, by=by, narrowing=narrowing, measures=measures)
        await session.execute(text("update records_folded set digest = 'another'"))
        counted = await count(session, VisibleRegion(region), period, by=by, narrowing=narrowing, measures=measures)
        await session.rollback()
    assert _there(summed) == _there(counted), (region, period, by, narrowing)
    return counted


def _there(found: Found) -> Found:
    told = {key: {code: value for code, value in counts.items() if value} for key, counts in found.items()}
    return {key: counts for key, counts in told.items() if counts}


def _asked(random: Random) -> tuple[str, Period, By, Narrowing, list[Measure]]:
    day = TODAY - timedelta(days=random.randrange(DAYS))
    narrowing = random.choice(
        (
            Narrowing(),
            Narrowing(item=random.choice(QUALIFICATIONS)),
            Narrowing(category="special", centre=random.choice(CENTRES)),
            Narrowing(industry=INDUSTRIES[0] or ""),
            Narrowing(industry=INDUSTRIES[1] or "", item=QUALIFICATIONS[0]),
            Narrowing(without=frozenset({Dimension.INDUSTRY}), own=random.random() < 1 / 2),
            Narrowing(item=random.choice(QUALIFICATIONS), own=True),
            Narrowing(without=frozenset({Dimension.CENTRE, Dimension.ITEM})),
        )
    )
    period = period_at(random.choice(list(Span)), day, today=TODAY)
    measures = random.sample(MEASURES, random.choice((6, len(MEASURES))))
    return random.choice(("33", "33/3301", *REGIONS)), period, random.choice(BYS), narrowing, measures


async def _fold_one(runtime: Runtime, name: str) -> None:
    async with runtime.databases.transaction(Scope(region=ROOT)) as session:
        if name in SUMMED:
            await fold(session, name)
        else:
            await fold_snapshots(session, name, TODAY)


async def test_sums_say_what_rows_say_whatever_has_happened(
    runtime: Runtime, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "MONTHS", 2)
    random, seen = history.random, set[str]()
    for step in range(STEPS):
        history.act()
        if step == STEPS // 5:
            await fold_sums(runtime)
        elif random.random() < 0.2:
            await _fold_one(runtime, random.choice((*SUMMED, *STANDING * 4)))
        if step % CHECKS_EVERY == 0:
            seen |= _codes(await _compare(runtime, *_asked(random)))
    await fold_sums(runtime)
    for by in BYS:
        seen |= _codes(await _compare(runtime, ROOT, YEAR, by, Narrowing()))
    # else what was compared may have been noughts
    assert seen == {each.code for each in MEASURES if each.source}
    assert history.all("records_stale", order="day_on") == []


def _codes(found: Found) -> set[str]:
    return {code for counts in _there(found).values() for code in counts}


def _found_general(history: History) -> None:
    found(history)
    history.update("identity_organisation", *history.all("identity_organisation"), industry="general")


def _issue_for_long(history: History) -> None:
    issue(history)
    (held,) = history.all("certs_credential")
    history.update(
        "certs_credential", held, valid_until_on=TODAY + timedelta(days=400), review_on=TODAY + timedelta(days=60)
    )


def _engage_the_holder(history: History) -> None:
    (held,), (employer,) = history.all("certs_credential"), history.all("identity_organisation")
    post = {"role": held.category, "region": employer.region, "started_on": TODAY - timedelta(days=DAYS)}
    history.insert(
        "identity_engagement", id=history.id(), person_id=held.person_id, organisation_id=employer.id, **post
    )


def _set(table: str, **values: object) -> Callable[[History], None]:
    return lambda history: history.update(table, *history.all(table), **values)


CHANGES = (
    _found_general,
    _issue_for_long,
    _engage_the_holder,
    _set("certs_credential", review_on=None),
    _set("identity_engagement", ended_on=TODAY - timedelta(days=1)),
    _set("identity_engagement", ended_on=None),
    _set("identity_organisation", industry="mine"),
    turn,
    _set("identity_organisation", deregistered_on=TODAY),
)


async def test_whatever_changes_what_stands_is_seen_at_once(
    runtime: Runtime, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "MONTHS", 1)
    seen = []
    for change in CHANGES:
        for name in STANDING:
            await _fold_one(runtime, name)
        change(history)
        bys = (TOTAL, By(dimension=Dimension.INDUSTRY))
        seen.append([_there(await _compare(runtime, ROOT, YEAR, by, Narrowing())) for by in bys])
    assert all(one != next_one for one, next_one in pairwise(seen))


async def test_sums_are_what_is_read_until_their_definition_changes(
    runtime: Runtime, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(13):
        record_hours(history)
    await fold_sums(runtime)
    async with runtime.databases.session(Scope(region=ROOT)) as session:
        before = (await count(session, ROOT, YEAR))[""]
        await session.execute(text("delete from records_sum where source = 'hours'"))
        assert before["hours"]
        assert "" not in await count(session, ROOT, YEAR)
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


async def test_a_fold_does_not_wait_for_another(runtime: Runtime) -> None:
    async with runtime.databases.transaction(Scope(region=ROOT)) as session:
        await fold(session, "hours")
        await fold_snapshots(session, "enterprise", TODAY)
        async with timeout(20):
            for name in ("hours", "enterprise"):
                await _fold_one(runtime, name)


async def _hours(runtime: Runtime) -> int:
    return (await _compare(runtime, ROOT, YEAR, TOTAL, Narrowing()))[""]["hours"]


async def test_a_report_of_a_year_opens_the_sums_of_that_year_alone(runtime: Runtime) -> None:
    async with runtime.databases.session(Scope(region=ROOT)) as session:
        for table in TABLES:
            days = f"day_on between '{YEAR.first_on}' and '{YEAR.last_on}'"
            plan = await session.scalars(text(f"explain select source from {table.name} where {days}"))
            opened = re.findall(rf"{table.name}_(\d{{4}}|default)", "\n".join(plan))
            assert set(opened) == {str(TODAY.year)}
