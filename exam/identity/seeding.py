"""The packaged regions as rows, for a new installation."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from exam.identity.models import Region
from exam.identity.region_tree import RegionLevel, RegionTree, load_regions


async def seed_regions(session: AsyncSession, tree: RegionTree | None = None) -> int:
    """Insert every region that is not there yet, of the package unless a tree is given; return how many it has."""
    levels = {level: depth for depth, level in enumerate(RegionLevel, start=1)}
    rows = [
        {"path": region.path, "code": region.code, "name": region.name, "level": levels[region.level]}
        for region in (tree or load_regions()).regions
    ]
    await session.execute(insert(Region).on_conflict_do_nothing(), rows)
    return len(rows)
