"""Syllabuses (考核大纲): stored whole, published by a second person, read as a tree in order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.errors import ConflictError, DomainError, NotFoundError, SamePersonError
from exam.core.principal import Principal
from exam.identity.api import require_region
from exam.standards.api import get_qualification
from questionbank.items.content import Depth
from questionbank.items.drafting import require_account
from questionbank.syllabus.models import Syllabus, SyllabusNode

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class SyllabusExistsError(ConflictError):
    """This version of the qualification's syllabus is stored already."""

    code = "syllabus_exists"
    message = "该资格的大纲版本 {version} 已存在。"


class SyllabusTreeError(DomainError):
    """A node stands twice, or its parent is not in the tree."""

    code = "syllabus_tree"
    message = "大纲条目 {node} 重复,或上级条目不存在。"


class Node(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """大纲条目; `hours` are whole 学时 and `weight` is the percentage of the examination."""

    code: Text
    parent: str | None
    title: Text
    depth: Depth
    hours: Annotated[int, msgspec.Meta(ge=0, le=1000)]
    weight: Annotated[int, msgspec.Meta(ge=0, le=100)]


class SyllabusDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """考核大纲 as a file holds it."""

    qualification: str
    version: Text
    title: Text
    nodes: Annotated[tuple[Node, ...], msgspec.Meta(min_length=1, max_length=2000)]


async def draft_syllabus(
    session: AsyncSession, principal: Principal, draft: SyllabusDraft, *, region: str, at: datetime
) -> UUID:
    """Store a syllabus as a draft and return its id."""
    require_region(principal, region, "author", "publisher")
    get_qualification(draft.qualification)
    _require_tree(draft.nodes)
    known = select(Syllabus.id).where(Syllabus.qualification == draft.qualification, Syllabus.version == draft.version)
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
    row = await session.get(Syllabus, syllabus_id)
    if row is None:
        raise NotFoundError(syllabus_id=str(syllabus_id))
    account = require_account(principal)
    if row.drafted_by == account:
        raise SamePersonError(syllabus_id=str(syllabus_id))
    in_force = (Syllabus.qualification == row.qualification, Syllabus.state == "published")
    await session.execute(update(Syllabus).where(*in_force).values(state="retired"))
    row.state, row.published_by, row.published_at = "published", account, at
    await session.flush()
    facts: dict[str, Fact] = {"qualification": row.qualification, "version": row.version}
    await record(session, principal, "syllabus.published", ("syllabus", row.id), at=at, region=region, facts=facts)


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
    nodes = tuple(
        Node(
            code=node.code,
            parent=node.parent,
            title=node.title,
            depth=Depth(node.depth),
            hours=node.hours,
            weight=node.weight,
        )
        for node in await list_nodes(session, qualification)
    )
    return SyllabusView(version=row.version, title=row.title, nodes=nodes)
