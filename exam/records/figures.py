"""Figures of a region: what was registered, sat, passed and is held, summed over each region directly below."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.principal import VisibleRegion
from exam.identity.api import RegionView, list_regions
from exam.records.counting import Counts, count
from exam.records.grouping import PLACE
from exam.records.measures import BY_CODE
from exam.records.period import Period
from exam.records.roster import BANDS

_PERMILLE = 1000


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of one place; the first five of a period, the rest as of today, each band of days holding those before.

    `results` counts registrations of which something was told, however many parts; `passed` those whose every part
    is passed, `outstanding` those that have passed what they took and must still take another part.
    """

    registrations: int = 0
    attempts: int = 0
    results: int = 0
    passed: int = 0
    outstanding: int = 0
    valid: int = 0
    expiring_30: int = 0
    expiring_60: int = 0
    expiring_90: int = 0

    @property
    def pass_permille(self) -> int | None:
        """Passed registrations per thousand whose exam is over, half up, or None where none is."""
        over = self.results - self.outstanding
        return (2 * _PERMILLE * self.passed + over) // (2 * over) if over else None

    @property
    def empty(self) -> bool:
        return not any(getattr(self, name) for name in self.__struct_fields__)


class PlaceFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table; `own` is what belongs to the region itself and to none below it."""

    place: RegionView
    figures: Figures
    own: bool = False


_EXAMS = ("registrations", "attempts", "over", "passed", "outstanding")
_SHOWN = tuple(BY_CODE[code] for code in (*_EXAMS, "valid", *(f"expiring_{days}" for days in BANDS)))


async def count_region(session: AsyncSession, region: VisibleRegion, period: Period) -> dict[str, Figures]:
    """Return figures by path of the region and of those directly below; the session's scope is the region.

    A credential counts where it was issued, an attempt where its sitting was.
    """
    counted = await count(session, region, period, by=PLACE, measures=_SHOWN)
    return {place: _figures(counts) for place, counts in counted.items()}


def _figures(counts: Counts) -> Figures:
    shared = {name: counts.get(name, 0) for name in Figures.__struct_fields__ if name != "results"}
    return Figures(**shared, results=counts.get("over", 0) + shared["outstanding"])


def total(figures: Mapping[str, Figures]) -> Figures:
    """Add figures up."""
    names = Figures.__struct_fields__
    return Figures(**{name: sum(getattr(each, name) for each in figures.values()) for name in names})


async def by_place(session: AsyncSession, region: RegionView, figures: Mapping[str, Figures]) -> list[PlaceFigures]:
    """Return one line per region directly below in code order, and the region's own where it has any."""
    below = await list_regions(session, under=region.path, level=region.level + 1)
    lines = [PlaceFigures(place=place, figures=figures.get(place.path, Figures())) for place in below]
    own = figures.get(region.path)
    return [*([PlaceFigures(place=region, figures=own, own=True)] if own else []), *lines]


class ExpiringCredential(msgspec.Struct, frozen=True, kw_only=True):
    """A usable credential and its last day: the end of its term, or the review before it."""

    id: UUID
    qualification: str
    number_masked: str
    holder_masked: str
    employer: str
    region: str
    valid_until_on: date
    ends_on: date
    days_left: int


_LIST = text(
    "select *, ends_on - cast(:today as date) as days_left"
    " from records_usable_credentials(:today, cast(:within as integer), :limit, :offset)",
)


async def list_usable_credentials(
    session: AsyncSession,
    *,
    on: date,
    within: int | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[ExpiringCredential]:
    """Page the usable credentials issued in the scope by their last day, those of the next `within` days only."""
    values = {"today": on, "within": within, "limit": limit, "offset": offset}
    return [ExpiringCredential(**row) for row in (await session.execute(_LIST, values)).mappings()]
