"""Lessons (课件): written by one person of a training body, published by another, fixed from then on."""

from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.errors import ForbiddenError, SamePersonError
from exam.core.principal import Principal
from exam.training.bodies.service import BodyView
from exam.training.lessons.content import LessonContent
from exam.training.lessons.errors import LessonNotFoundError, LessonPlanError, LessonStateError
from exam.training.lessons.models import Lesson
from exam.training.programmes.service import list_programmes

TITLE_LENGTH = 100


class LessonView(msgspec.Struct, frozen=True, kw_only=True):
    """A lesson with its content."""

    id: UUID
    organisation_id: UUID
    region: str
    qualification: str
    node: str
    title: str
    content: LessonContent
    length_ms: int
    digest: str
    state: str
    drafted_by: UUID


async def draft_lesson(
    session: AsyncSession,
    principal: Principal,
    *,
    body: BodyView,
    qualification: str,
    node: str,
    title: str,
    content: LessonContent,
    at: datetime,
) -> UUID:
    """Store a lesson as a draft and return its id; raises LessonPlanError for a node of no programme in force."""
    if principal.account is None:
        raise ForbiddenError
    programmes = await list_programmes(session, state="published")
    nodes = {
        each.code for programme in programmes if programme.qualification == qualification for each in programme.nodes
    }
    title = title.strip()
    if qualification not in body.scope or node not in nodes or not 0 < len(title) <= TITLE_LENGTH:
        raise LessonPlanError
    row = Lesson(
        organisation_id=body.id,
        region=body.region,
        qualification=qualification,
        node=node,
        title=title,
        content=msgspec.to_builtins(content),
        length_ms=content.length_ms,
        digest=sha256(msgspec.json.encode(content, order="sorted")).hexdigest(),
        state="draft",
        drafted_by=principal.account,
        created_at=at,
    )
    session.add(row)
    await session.flush()
    await _note(session, principal, "lesson.drafted", row, at)
    return row.id


async def publish_lesson(
    session: AsyncSession, principal: Principal, lesson_id: UUID, *, body: BodyView, at: datetime
) -> None:
    """Let learners study a lesson; raises SamePersonError for its author."""
    row = await _load(session, lesson_id, body)
    if row.state != "draft":
        raise LessonStateError
    if principal.account is None or row.drafted_by == principal.account:
        raise SamePersonError
    row.state, row.published_by, row.published_at = "published", principal.account, at
    await session.flush()
    await _note(session, principal, "lesson.published", row, at)


async def _load(session: AsyncSession, lesson_id: UUID, body: BodyView) -> Lesson:
    row = await session.get(Lesson, lesson_id, with_for_update=True)
    if row is None or row.organisation_id != body.id:
        raise LessonNotFoundError
    return row


async def _note(session: AsyncSession, principal: Principal, act: str, row: Lesson, at: datetime) -> None:
    facts: dict[str, Fact] = {
        "qualification": row.qualification,
        "node": row.node,
        "length_ms": row.length_ms,
        "digest": row.digest,
    }
    await record(session, principal, act, ("lesson", row.id), at=at, region=row.region, facts=facts)


async def list_lessons(
    session: AsyncSession, organisation_id: UUID, *, qualification: str | None = None, state: str | None = None
) -> list[LessonView]:
    """Return a body's lessons by node and title, as the scope shows them."""
    query = select(Lesson).where(Lesson.organisation_id == organisation_id)
    if qualification is not None:
        query = query.where(Lesson.qualification == qualification)
    if state is not None:
        query = query.where(Lesson.state == state)
    return [_view(row) for row in await session.scalars(query.order_by(Lesson.node, Lesson.title, Lesson.id))]


async def get_lesson(session: AsyncSession, lesson_id: UUID) -> LessonView:
    """Return a lesson of the scope; raises LessonNotFoundError."""
    row = await session.get(Lesson, lesson_id)
    if row is None:
        raise LessonNotFoundError
    return _view(row)


def _view(row: Lesson) -> LessonView:
    names = [name for name in LessonView.__struct_fields__ if name != "content"]
    content = msgspec.convert(row.content, LessonContent)
    return LessonView(content=content, **{name: getattr(row, name) for name in names})
