"""Syllabuses (考核大纲): stored whole, published by a second person, read as a tree in order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.errors import ConflictError, DomainError, NotFoundError, SamePersonError
from exam.core.principal import Principal
from exam.identity.api import require_region
from exam.standards.api import get_qualification
from questionbank.items.content import Depth
from questionbank.items.drafting import require_account
from questionbank.items.models import ItemRow
from questionbank.syllabus.models import Syllabus, SyllabusNode
from questionbank.syllabus.nodes import MOST_NODES, Node, Text


class SyllabusExistsError(ConflictError):
    """This version of the qualification's syllabus is stored already."""

    code = "syllabus_exists"
    message = "该资格的大纲版本 {version} 已存在。"


class SyllabusUnnamedError(DomainError):
    """It has no title or no version."""

    code = "syllabus_unnamed"
    message = "请填写大纲名称和版本。"


class SyllabusTreeError(DomainError):
    """A node stands twice, or its parent is not in the tree."""

    code = "syllabus_tree"
    message = "大纲条目 {node} 重复,或上级条目不存在。"


class SyllabusDecidedError(ConflictError):
    """It is no draft any more."""

    code = "syllabus_decided"
    message = "这一版大纲已由他人处理,请刷新后再看。"


class SyllabusDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """考核大纲 as a file holds it."""

    qualification: str
    version: Text
    title: Text
    nodes: Annotated[tuple[Node, ...], msgspec.Meta(min_length=1, max_length=MOST_NODES)]


async def draft_syllabus(
    session: AsyncSession, principal: Principal, draft: SyllabusDraft, *, region: str, at: datetime
) -> UUID:
    """Store a syllabus as a draft and return its id."""
    require_region(principal, region, "author", "publisher")
    get_qualification(draft.qualification)
    if not draft.title or not draft.version:
        raise SyllabusUnnamedError
    _require_tree(draft.nodes)
    known = select(Syllabus.id).where(
        Syllabus.qualification == draft.qualification,
        Syllabus.version == draft.version,
        Syllabus.state != "discarded",
    )
    if await session.scalar(known):
        raise SyllabusExistsError(version=draft.version)
    row = Syllabus(
        qualification=draft.qualification,
        version=draft.version,
        title=draft.title,
        state="draft",
        drafted_by=require_account(principal),
        created_at=at,
    )
    session.add(row)
    await session.flush()
    nodes = [
        {"syllabus_id": row.id, "position": place, **msgspec.to_builtins(node)}
        for place, node in enumerate(draft.nodes)
    ]
    await session.execute(insert(SyllabusNode), nodes)
    facts: dict[str, Fact] = {"qualification": draft.qualification, "version": draft.version, "nodes": len(nodes)}
    await record(session, principal, "syllabus.drafted", ("syllabus", row.id), at=at, region=region, facts=facts)
    return row.id


def _require_tree(nodes: Sequence[Node]) -> None:
    seen: set[str] = set()
    for node in nodes:
        if node.code in seen or (node.parent is not None and node.parent not in seen):
            raise SyllabusTreeError(node=node.code)
        seen.add(node.code)


async def publish_syllabus(
    session: AsyncSession, principal: Principal, syllabus_id: UUID, *, region: str, at: datetime
) -> None:
    """Put a syllabus in force in place of its forerunner; raises SamePersonError for its author."""
    require_region(principal, region, "publisher")
    row = await _open_draft(session, syllabus_id)
    account = require_account(principal)
    if row.drafted_by == account:
        raise SamePersonError(syllabus_id=str(syllabus_id))
    in_force = (Syllabus.qualification == row.qualification, Syllabus.state == "published")
    await session.execute(update(Syllabus).where(*in_force).values(state="retired"))
    row.state, row.published_by, row.published_at = "published", account, at
    await session.flush()
    facts: dict[str, Fact] = {"qualification": row.qualification, "version": row.version}
    await record(session, principal, "syllabus.published", ("syllabus", row.id), at=at, region=region, facts=facts)


async def discard_syllabus(
    session: AsyncSession, principal: Principal, syllabus_id: UUID, *, region: str, at: datetime
) -> None:
    """Put a draft away for good; its version may be used again. Raises SyllabusDecidedError."""
    require_region(principal, region, "author", "publisher")
    row = await _open_draft(session, syllabus_id)
    row.state = "discarded"
    await session.flush()
    facts: dict[str, Fact] = {"qualification": row.qualification, "version": row.version}
    await record(session, principal, "syllabus.discarded", ("syllabus", row.id), at=at, region=region, facts=facts)


async def _open_draft(session: AsyncSession, syllabus_id: UUID) -> Syllabus:
    row = await session.get(Syllabus, syllabus_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFoundError(syllabus_id=str(syllabus_id))
    if row.state != "draft":
        raise SyllabusDecidedError
    return row


async def get_syllabus(session: AsyncSession, syllabus_id: UUID) -> tuple[Syllabus, tuple[Node, ...]]:
    """Return one version with its nodes; raises NotFoundError."""
    row = await session.get(Syllabus, syllabus_id)
    if row is None:
        raise NotFoundError(syllabus_id=str(syllabus_id))
    query = select(SyllabusNode).where(SyllabusNode.syllabus_id == syllabus_id).order_by(SyllabusNode.position)
    return row, tuple(map(_node, await session.scalars(query)))


class SyllabusLine(msgspec.Struct, frozen=True, kw_only=True):
    """A version in the list: how many nodes it has and their chapters' hours together."""

    row: Syllabus
    nodes: int
    hours: int


async def list_syllabuses(session: AsyncSession) -> list[SyllabusLine]:
    """Return every version but those that were discarded, the newest first."""
    chapters = func.sum(SyllabusNode.hours).filter(SyllabusNode.parent.is_(None))
    query = (
        select(Syllabus, func.count(), func.coalesce(chapters, 0))
        .join(SyllabusNode, SyllabusNode.syllabus_id == Syllabus.id)
        .where(Syllabus.state != "discarded")
        .group_by(Syllabus.id)
        .order_by(Syllabus.created_at.desc(), Syllabus.qualification)
    )
    return [SyllabusLine(row=row, nodes=nodes, hours=hours) for row, nodes, hours in await session.execute(query)]


async def count_by_node(session: AsyncSession, qualification: str) -> dict[str, int]:
    """Return how many items that forms are dealt from stand at each node itself."""
    query = select(ItemRow.node, func.count()).where(
        ItemRow.qualification == qualification, ItemRow.published_version.is_not(None)
    )
    return {node: count for node, count in await session.execute(query.group_by(ItemRow.node))}  # noqa: C416


async def list_nodes(session: AsyncSession, qualification: str) -> list[SyllabusNode]:
    """Return the nodes of the syllabus in force, in its order; empty when there is none."""
    query = (
        select(SyllabusNode)
        .join(Syllabus, Syllabus.id == SyllabusNode.syllabus_id)
        .where(Syllabus.qualification == qualification, Syllabus.state == "published")
        .order_by(SyllabusNode.position)
    )
    return list(await session.scalars(query))


class SyllabusView(msgspec.Struct, frozen=True, kw_only=True):
    """A syllabus in force as other packages see it, its nodes in order."""

    version: str
    title: str
    nodes: tuple[Node, ...]


async def find_syllabus(session: AsyncSession, qualification: str) -> SyllabusView | None:
    """Return the syllabus in force of a qualification, or None."""
    row = await session.scalar(
        select(Syllabus).where(Syllabus.qualification == qualification, Syllabus.state == "published")
    )
    if row is None:
        return None
    nodes = tuple(map(_node, await list_nodes(session, qualification)))
    return SyllabusView(version=row.version, title=row.title, nodes=nodes)


def _node(row: SyllabusNode) -> Node:
    return Node(
        code=row.code,
        parent=row.parent,
        title=row.title,
        depth=Depth(row.depth),
        hours=row.hours,
        weight=row.weight,
    )
