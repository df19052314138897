"""A blueprint out as a QTI package: the test, and every item that it may ask."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.principal import Principal
from exam.identity.api import require_region
from questionbank.blueprints.cells import Blueprint, PoolItem
from questionbank.blueprints.feasibility import find_obstacle
from questionbank.blueprints.packages import assessment_of
from questionbank.blueprints.published import blueprint_of
from questionbank.blueprints.service import get_blueprint
from questionbank.formats.reading import Assessment
from questionbank.formats.write_qti_test import write_test
from questionbank.forms.canonical import digest_of
from questionbank.forms.errors import infeasible
from questionbank.items.exporting import MAKERS, list_published
from questionbank.items.pool import list_pool
from questionbank.syllabus.service import list_nodes


async def export_blueprint(
    session: AsyncSession, principal: Principal, blueprint_id: UUID, *, fmt: str, region: str, at: datetime
) -> bytes:
    """Return a package of one of `TEST_FORMATS` and log who took it.

    Raises NotFoundError, RegionForbiddenError, and the error of what stands in the way of a form.
    """
    require_region(principal, region, *MAKERS)
    row = await get_blueprint(session, blueprint_id)
    blueprint, pool = blueprint_of(row), await list_pool(session, row.qualification)
    titles = {node.code: f"{node.code} {node.title}" for node in await list_nodes(session, row.qualification)}
    assessment, asked = await asyncio.to_thread(_compose, blueprint, pool, titles)
    drafts = await list_published(session, row.qualification)
    data = await asyncio.to_thread(write_test, assessment, [drafts[item.item_id] for item in asked], fmt)
    facts: dict[str, Fact] = {"format": fmt, "items": len(asked), "version": row.version, "file": digest_of(data)}
    await record(session, principal, "blueprint.exported", ("blueprint", row.id), at=at, region=region, facts=facts)
    return data


def _compose(
    blueprint: Blueprint, pool: Sequence[PoolItem], titles: dict[str, str]
) -> tuple[Assessment, list[PoolItem]]:
    obstacle = find_obstacle(blueprint, pool)
    if obstacle is not None:
        raise infeasible(obstacle)
    return assessment_of(blueprint, pool, titles)
