"""The packaged regions as rows, for a new installation."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from exam.identity.models import Region
from exam.identity.region_tree import RegionLevel, load_regions


async def seed_regions(session: AsyncSession) -> int:
    """Insert every packaged region that is not there yet and return how many there are in the package; safe to repeat."""
    levels = {level: depth for depth, level in enumerate(RegionLevel, start=1)}
    rows = [
        {"path": region.path, "code": region.code, "name": region.name, "level": levels[region.level]}
        for region in load_regions().regions
    ]
    await session.execute(insert(Region).on_conflict_do_nothing(), rows)
    return len(rows)
