"""What an item's page tells of how the item did: figures, chosen options, drift by month and centre, use and exposure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from itertools import islice

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.identity.api import get_region
from questionbank.interactions.registry import kind_of
from questionbank.items.viewing import ItemView, VersionView
from questionbank.statistics.figures import ENOUGH, Sums
from questionbank.statistics.models import ItemStatistic, SittingStatistic
from questionbank.statistics.recording import sums_of

MONTHS, CENTRES, REGIONS, USES = 12, 10, 10, 20
WINDOWS = (30, 365)
"""Days, up to today, in which exposure is counted."""
FAR_OFF = 20
"""Points between expected and measured facility that are worth a second look."""
WEAK, POOR = 0.2, 0.0
"""Correlations below which an item tells little, or tells the wrong thing (Ebel's bounds as rounded in practice)."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """An option with how many chose it; `percent` of those who were asked."""

    label: str
    text: str
    count: int
    percent: int
    is_key: bool


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A month's or a centre's answers; `percent` is the facility."""

    name: str
    asked: int
    percent: int


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """How often a region's candidates saw the item: per window and at all, (seen, per cent of all who sat that exam)."""

    region: str
    counts: tuple[tuple[int, int], ...]


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """A sitting in whose forms the item stood."""

    title: str
    centre: str
    held_on: date
    seen: int
    candidates: int


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """How an item's version did; lists hold at most what a page shows, `sittings` counts all uses."""

    version: int
    sums: Sums
    choices: tuple[Choice, ...]
    months: tuple[Line, ...]
    centres: tuple[Line, ...]
    exposure: tuple[Exposure, ...]
    uses: tuple[Use, ...]
    sittings: int
    expected: int

    @property
    def percent(self) -> int:
        return _percent(self.sums)

    @property
    def misjudged(self) -> bool:
        """Whether the measured facility is far from what the author expected."""
        return self.sums.asked >= ENOUGH and abs(self.percent - self.expected) >= FAR_OFF

    @property
    def verdict(self) -> str:
        """What the discrimination says: unknown, good, weak or wrong."""
        value = self.sums.discrimination
        if value is None:
            return "unknown"
        return "wrong" if value < POOR else "weak" if value < WEAK else "good"


_Row = tuple[ItemStatistic, SittingStatistic]


async def find_figures(session: AsyncSession, item: ItemView, *, today: date) -> Figures | None:
    """Return the figures of the version in force, else of the newest that was asked; None where none was."""
    query = (
        select(ItemStatistic, SittingStatistic)
        .join(SittingStatistic, SittingStatistic.sitting_id == ItemStatistic.sitting_id)
        .where(ItemStatistic.item_id == item.id)
        .order_by(SittingStatistic.held_on.desc(), SittingStatistic.sitting_id)
    )
    rows: list[_Row] = [(own, sitting) for own, sitting in await session.execute(query)]
    asked = {own.version for own, _ in rows}
    tried = [version for version in item.versions if version.digest in asked]
    version = next((each for each in tried if each.number == item.in_force), next(iter(tried), None))
    if version is None:
        return None
    own_rows = [row for row in rows if row[0].version == version.digest]
    sums = Sums.total(sums_of(own) for own, _ in own_rows)
    return Figures(
        version=version.number,
        sums=sums,
        choices=_choices(version, sums),
        months=tuple(reversed(_lines(own_rows, lambda sitting: f"{sitting.held_on:%Y-%m}", MONTHS))),
        centres=_lines(own_rows, lambda sitting: sitting.centre_name, CENTRES),
        exposure=await _exposure(session, item.qualification, rows, today=today),
        uses=tuple(_use(own, sitting) for own, sitting in rows[:USES]),
        sittings=len({sitting.sitting_id for _, sitting in rows}),
        expected=100 - version.difficulty,
    )


def _percent(sums: Sums) -> int:
    return round((sums.facility or 0) * 100)


def _choices(version: VersionView, sums: Sums) -> tuple[Choice, ...]:
    content = version.content
    return tuple(
        Choice(
            label=label,
            text=text,
            count=(count := sums.choices.get(label, 0)),
            percent=round(count * 100 / sums.asked) if sums.asked else 0,
            is_key=label in content.key,
        )
        for label, text in kind_of(content).choices(content)
    )


def _lines(rows: Iterable[_Row], name_of: Callable[[SittingStatistic], str], limit: int) -> tuple[Line, ...]:
    """Group what was asked, in the order of the rows: the newest first."""
    groups: dict[str, list[Sums]] = defaultdict(list)
    for own, sitting in rows:
        if own.asked:
            groups[name_of(sitting)].append(sums_of(own))
    totals = ((name, Sums.total(parts)) for name, parts in islice(groups.items(), limit))
    return tuple(Line(name=name, asked=sums.asked, percent=_percent(sums)) for name, sums in totals)


def _use(own: ItemStatistic, sitting: SittingStatistic) -> Use:
    return Use(
        title=sitting.title,
        centre=sitting.centre_name,
        held_on=sitting.held_on,
        seen=own.seen,
        candidates=sitting.candidates,
    )


async def _exposure(
    session: AsyncSession, qualification: str, rows: Sequence[_Row], *, today: date
) -> tuple[Exposure, ...]:
    """Count every version: whoever saw an earlier one has seen the item."""
    since = [today - timedelta(days=days) for days in WINDOWS] + [date.min]
    seen: dict[str, list[int]] = defaultdict(lambda: [0] * len(since))
    for own, sitting in rows:
        counts = seen[sitting.region]
        seen[sitting.region] = [n + own.seen * (sitting.held_on > day) for n, day in zip(counts, since, strict=True)]
    told = []
    for region, counts in sorted(seen.items(), key=lambda pair: -pair[1][-1])[:REGIONS]:
        sat = [await _sat(session, qualification, region, day) for day in since]
        pairs = tuple((n, round(n * 100 / all_) if all_ else 0) for n, all_ in zip(counts, sat, strict=True))
        told.append(Exposure(region=(await get_region(session, region)).name, counts=pairs))
    return tuple(told)


async def _sat(session: AsyncSession, qualification: str, region: str, since: date) -> int:
    query = select(func.coalesce(func.sum(SittingStatistic.candidates), 0)).where(
        SittingStatistic.qualification == qualification,
        SittingStatistic.region == region,
        SittingStatistic.held_on > since,
    )
    return await session.scalar(query) or 0
