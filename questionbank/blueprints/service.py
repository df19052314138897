"""Blueprints on their way: drafted by an author, published by somebody else, replaced by the next."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.errors import ConflictError, NotFoundError, SamePersonError
from exam.core.principal import Principal
from exam.identity.api import require_region
from exam.standards.api import get_qualification
from questionbank.blueprints.cells import Blueprint
from questionbank.blueprints.models import BlueprintRow
from questionbank.blueprints.published import blueprint_of
from questionbank.forms.assembly import blueprint_digest
from questionbank.forms.trial import require_dealable
from questionbank.items.drafting import require_account
from questionbank.items.pool import list_pool


class BlueprintStateError(ConflictError):
    """The blueprint has been published or replaced already."""

    code = "blueprint_state"
    message = "这份细目表已发布或已被替换,请刷新后再看。"


async def draft_blueprint(
    session: AsyncSession, principal: Principal, blueprint: Blueprint, *, region: str, at: datetime
) -> UUID:
    """Store the next version of a qualification's blueprint as a draft and return its id."""
    require_region(principal, region, "author", "publisher")
    get_qualification(blueprint.qualification)
    latest = select(func.max(BlueprintRow.version)).where(BlueprintRow.qualification == blueprint.qualification)
    row = BlueprintRow(
        qualification=blueprint.qualification,
        version=(await session.scalar(latest) or 0) + 1,
        title=blueprint.title,
        content=msgspec.to_builtins(blueprint),
        digest=blueprint_digest(blueprint),
        state="draft",
        drafted_by=require_account(principal),
        drafted_by_name=principal.name,
        created_at=at,
    )
    session.add(row)
    await session.flush()
    facts: dict[str, Fact] = {"qualification": blueprint.qualification, "version": row.version, "digest": row.digest}
    await record(session, principal, "blueprint.drafted", ("blueprint", row.id), at=at, region=region, facts=facts)
    return row.id


async def publish_blueprint(
    session: AsyncSession, principal: Principal, blueprint_id: UUID, *, region: str, at: datetime
) -> None:
    """Put a draft in force and retire its forerunner; draws that stand keep the blueprint they were made from.

    Raises SamePersonError for its author, and what `require_dealable` raises when the published items will not do.
    """
    require_region(principal, region, "publisher")
    row = await session.get(BlueprintRow, blueprint_id, with_for_update={"of": BlueprintRow})
    if row is None:
        raise NotFoundError(blueprint_id=str(blueprint_id))
    if row.state != "draft":
        raise BlueprintStateError(blueprint_id=str(blueprint_id))
    account = require_account(principal)
    if row.drafted_by == account:
        raise SamePersonError(blueprint_id=str(blueprint_id))
    pool = await list_pool(session, row.qualification)
    await asyncio.to_thread(require_dealable, blueprint_of(row), pool)
    in_force = (BlueprintRow.qualification == row.qualification, BlueprintRow.state == "published")
    await session.execute(update(BlueprintRow).where(*in_force).values(state="retired"))
    row.state, row.published_by, row.published_at = "published", account, at
    await session.flush()
    facts: dict[str, Fact] = {"qualification": row.qualification, "version": row.version, "digest": row.digest}
    await record(session, principal, "blueprint.published", ("blueprint", row.id), at=at, region=region, facts=facts)


async def get_blueprint(session: AsyncSession, blueprint_id: UUID) -> BlueprintRow:
    """Return one version; raises NotFoundError."""
    row = await session.get(BlueprintRow, blueprint_id)
    if row is None:
        raise NotFoundError(blueprint_id=str(blueprint_id))
    return row


async def list_blueprints(session: AsyncSession) -> Sequence[BlueprintRow]:
    """Return all versions, newest first within each qualification."""
    query = select(BlueprintRow).order_by(BlueprintRow.qualification, BlueprintRow.version.desc())
    return (await session.scalars(query)).all()


async def list_drafts(session: AsyncSession) -> Sequence[BlueprintRow]:
    """Return the drafts that wait for a publisher, the oldest first."""
    query = select(BlueprintRow).where(BlueprintRow.state == "draft").order_by(BlueprintRow.created_at)
    return (await session.scalars(query)).all()
