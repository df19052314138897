"""Programmes (培训方案): drafted from the syllabus, checked against the rules, put in force by a second person."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.errors import ForbiddenError, SamePersonError
from exam.core.principal import Principal
from exam.identity.api import require_region
from exam.training.kinds import Requirement, TrainingKind, require_subject, required_hours
from exam.training.ledger.errors import UnknownHoursKindError
from exam.training.ledger.rules import hour_s
from exam.training.programmes.errors import ProgrammeNotFoundError, ProgrammeShortError, ProgrammeStateError
from exam.training.programmes.models import Programme, ProgrammeNode
from questionbank.api import find_syllabus

OFFICE = "regulator"
LEVELS = (("1", "公司级安全教育"), ("2", "部门(车间)级安全教育"), ("3", "班组级安全教育"))
"""三级安全教育: what workers without a syllabus are taught."""


class NodeHours(msgspec.Struct, frozen=True, kw_only=True):
    """What a programme asks of one node, in seconds."""

    code: str
    title: str
    theory_s: int
    practice_s: int


class ProgrammeView(msgspec.Struct, frozen=True, kw_only=True):
    """A programme with its nodes in order."""

    id: UUID
    qualification: str
    kind: str
    version: int
    title: str
    syllabus: str
    rule_set: str
    basis: str
    state: str
    drafted_by: UUID
    published_at: datetime | None
    nodes: tuple[NodeHours, ...]

    @property
    def theory_s(self) -> int:
        return sum(node.theory_s for node in self.nodes)

    @property
    def practice_s(self) -> int:
        return sum(node.practice_s for node in self.nodes)

    @property
    def total_s(self) -> int:
        return self.theory_s + self.practice_s


async def propose_nodes(session: AsyncSession, qualification: str, kind: str) -> list[NodeHours]:
    """Return the syllabus's leaves with their hours as theory, for the drafter to divide; levels where there is none.

    Continuing and review training have no table of hours in the syllabus: their nodes come with none.
    """
    syllabus = await find_syllabus(session, qualification)
    if syllabus is None:
        return [NodeHours(code=code, title=title, theory_s=0, practice_s=0) for code, title in LEVELS]
    parents = {node.parent for node in syllabus.nodes}
    hours = kind == TrainingKind.INITIAL
    return [
        NodeHours(code=node.code, title=node.title, theory_s=node.hours * hour_s() if hours else 0, practice_s=0)
        for node in syllabus.nodes
        if node.code not in parents
    ]


async def draft_programme(
    session: AsyncSession,
    principal: Principal,
    *,
    qualification: str,
    kind: str,
    title: str,
    nodes: Sequence[NodeHours],
    at: datetime,
) -> UUID:
    """Store the next version of a programme as a draft and return its id.

    Raises UnknownQualificationError, UnknownHoursKindError, and ProgrammeShortError where the rules ask for more.
    """
    if principal.account is None or not principal.has_role(OFFICE):
        raise ForbiddenError
    require_subject(qualification)
    if kind not in set(TrainingKind):
        raise UnknownHoursKindError
    asked = required_hours(qualification, kind, local_date(at))
    _require_enough(nodes, asked)
    # two drafters at once must not take the same number
    await session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"programme:{qualification}:{kind}"}
    )
    newest = select(func.max(Programme.version)).where(Programme.qualification == qualification, Programme.kind == kind)
    syllabus = await find_syllabus(session, qualification)
    row = Programme(
        qualification=qualification,
        kind=kind,
        version=(await session.scalar(newest) or 0) + 1,
        title=title.strip(),
        syllabus=syllabus.version if syllabus else "",
        rule_set=asked.rule_set,
        basis=asked.basis if asked.hours else "",
        state="draft",
        drafted_by=principal.account,
        created_at=at,
    )
    session.add(row)
    await session.flush()
    values = [
        {"programme_id": row.id, "position": place, **msgspec.to_builtins(node)} for place, node in enumerate(nodes)
    ]
    await session.execute(insert(ProgrammeNode), values)
    await _note(session, principal, "programme.drafted", row, at)
    return row.id


def _require_enough(nodes: Sequence[NodeHours], asked: Requirement) -> None:
    total = sum(node.theory_s + node.practice_s for node in nodes)
    if not nodes or total < (asked.hours or 0) * hour_s():
        raise ProgrammeShortError(hours=total // hour_s(), needed=asked.hours or 1)


async def publish_programme(
    session: AsyncSession, principal: Principal, programme_id: UUID, *, root_region: str, at: datetime
) -> None:
    """Put a programme in force in place of its forerunner.

    Raises SamePersonError for its drafter, ProgrammeStateError for one that is no draft.
    """
    require_region(principal, root_region, OFFICE)
    row = await session.get(Programme, programme_id)
    if row is None:
        raise ProgrammeNotFoundError
    if row.state != "draft":
        raise ProgrammeStateError
    if principal.account is None or row.drafted_by == principal.account:
        raise SamePersonError
    in_force = (
        Programme.qualification == row.qualification,
        Programme.kind == row.kind,
        Programme.state == "published",
    )
    await session.execute(update(Programme).where(*in_force).values(state="retired"))
    row.state, row.published_by, row.published_at = "published", principal.account, at
    await session.flush()
    await _note(session, principal, "programme.published", row, at)


async def _note(session: AsyncSession, principal: Principal, act: str, row: Programme, at: datetime) -> None:
    facts: dict[str, Fact] = {
        "qualification": row.qualification,
        "kind": row.kind,
        "version": row.version,
        "syllabus": row.syllabus,
        "rule_set": row.rule_set,
    }
    await record(session, principal, act, ("programme", row.id), at=at, region=principal.region, facts=facts)


async def list_programmes(session: AsyncSession, *, state: str | None = None) -> list[ProgrammeView]:
    """Return programmes, those in force first, newest first within a state."""
    query = select(Programme).order_by(Programme.state != "published", Programme.created_at.desc())
    if state is not None:
        query = query.where(Programme.state == state)
    rows = list(await session.scalars(query))
    nodes = await _nodes(session, [row.id for row in rows])
    return [_view(row, nodes.get(row.id, ())) for row in rows]


async def get_programme(session: AsyncSession, programme_id: UUID) -> ProgrammeView:
    """Return a programme; raises ProgrammeNotFoundError."""
    row = await session.get(Programme, programme_id)
    if row is None:
        raise ProgrammeNotFoundError
    return _view(row, (await _nodes(session, [row.id])).get(row.id, ()))


async def find_programme(session: AsyncSession, qualification: str, kind: str) -> ProgrammeView | None:
    """Return the programme in force, or None."""
    query = select(Programme.id).where(
        Programme.qualification == qualification, Programme.kind == kind, Programme.state == "published"
    )
    found = await session.scalar(query)
    return await get_programme(session, found) if found else None


async def _nodes(session: AsyncSession, programme_ids: Sequence[UUID]) -> dict[UUID, tuple[NodeHours, ...]]:
    query = (
        select(ProgrammeNode)
        .where(ProgrammeNode.programme_id.in_(programme_ids))
        .order_by(ProgrammeNode.programme_id, ProgrammeNode.position)
    )
    nodes: dict[UUID, tuple[NodeHours, ...]] = {}
    for row in await session.scalars(query):
        one = NodeHours(code=row.code, title=row.title, theory_s=row.theory_s, practice_s=row.practice_s)
        nodes[row.programme_id] = (*nodes.get(row.programme_id, ()), one)
    return nodes


def _view(row: Programme, nodes: tuple[NodeHours, ...]) -> ProgrammeView:
    names = [name for name in ProgrammeView.__struct_fields__ if name != "nodes"]
    return ProgrammeView(nodes=nodes, **{name: getattr(row, name) for name in names})
