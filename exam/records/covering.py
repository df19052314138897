"""How far each enterprise's posts are covered today, kept so that nobody looks at every roster to see the worst eight.

The fold fills it with what `records_enterprises_on` says of today, in the transaction that takes the marks of changed
regions; regions that are marked since are counted from their rosters. A day that nothing was kept for is, too.
"""

from collections.abc import Collection
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.records.sums import digest_of

SOURCE, KEPT = "enterprise", "coverage"

_DIGEST = text("select digest from records_folded where source = :kept")
_STALE = text(
    "select f.digest, array("
    " select distinct m.region from records_stale m"
    " where m.source = :source and m.day_on <= :on and ankao_in_region(m.region)) as regions"
    " from records_folded f where f.source = :kept",
)
_CLEAR = "delete from records_coverage where {}"
_FILL = (
    "insert into records_coverage (organisation_id, region, wanted, valid, expiring)"
    " select id, region, wanted, valid, expiring from records_enterprises_on(:today)"
    " where ankao_in_region(region) and {}"
)
_FOLDED = text(
    "insert into records_folded (source, digest) values (:kept, :digest)"
    " on conflict (source) do update set digest = excluded.digest",
)
_CHANGED, _ALL = "region = any(:regions)", "true"


async def find_stale_regions(session: AsyncSession, on: date) -> list[str] | None:
    """Return the regions of the scope whose enterprises are to be counted from rosters, or None where all are."""
    row = (await session.execute(_STALE, {"source": SOURCE, "kept": KEPT, "on": on})).one_or_none()
    return list(row.regions) if row and row.digest == _digest(on) else None


async def keep_coverage(session: AsyncSession, regions: Collection[str], today: date) -> None:
    """Count the enterprises of changed regions anew, or all of them where nothing was kept for the day."""
    if await session.scalar(_DIGEST, {"kept": KEPT}) == _digest(today):
        if regions:
            await _count(session, _CHANGED, {"today": today, "regions": list(regions)})
        return
    await _count(session, _ALL, {"today": today})
    await session.execute(_FOLDED, {"kept": KEPT, "digest": _digest(today)})


async def _count(session: AsyncSession, only: str, values: dict[str, object]) -> None:
    await session.execute(text(_CLEAR.format(only)), {name: each for name, each in values.items() if name != "today"})
    await session.execute(text(_FILL.format(only)), values)


def _digest(day: date) -> str:
    return f"{day.isoformat()} {digest_of(SOURCE)}"
