"""What stands on a day (credentials, enterprises), summed for the days that are asked for most.

A snapshot holds the counts of its day by region and dimension. A change marks its region as stale from a day on: for that
region every snapshot of a later day is counted from rows until it is folded, the other regions from their sums. A day
without a snapshot is counted from rows as a whole.
"""

from collections.abc import Collection
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.records.measures import SOURCES
from exam.records.period import Span, before, period_at, year_before
from exam.records.sums import digest_of

STANDING = tuple(name for name, source in SOURCES.items() if source.stands)
MONTHS = 26
"""Of how many months the last days are kept: of a year and a month, with the year before."""

_STALE = text(
    "select f.source, f.digest, array("
    " select distinct m.region from records_stale m"
    " where m.source = f.source and m.day_on <= :on and ankao_in_region(m.region)) as regions"
    " from records_folded f join records_snapshot s on s.source = f.source and s.day_on = :on"
    " where f.source = any(:sources)",
)


async def find_snapshots(session: AsyncSession, on: date, sources: Collection[str]) -> dict[str, list[str]]:
    """Return which of the sources have a snapshot of a day, and of each the regions that are to be counted from rows."""
    asked = sorted(set(STANDING).intersection(sources))
    if not asked:
        return {}
    rows = await session.execute(_STALE, {"sources": asked, "on": on})
    return {row.source: row.regions for row in rows if row.digest == digest_of(row.source)}


def days_wanted(today: date) -> set[date]:
    """Return today, the days that today's periods are compared with, and the last days of months."""
    days, day = {today}, today
    for span in Span:
        running = period_at(span, today, today=today)
        days |= {before(running).last_on, year_before(running).last_on}
    for _ in range(MONTHS):
        day = day.replace(day=1) - timedelta(days=1)
        days.add(day)
    return days
