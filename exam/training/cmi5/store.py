"""The statement store: what was said in a learner's copy of a course, kept as it came and read back in order."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import NotFoundError
from exam.training.cmi5.errors import StatementConflictError, StatementFormError, StoreFullError
from exam.training.cmi5.models import StatementRow, UnitSession
from exam.training.cmi5.statement import Actor, Sent

MOST_STATEMENTS = 5000
PAGE = 100
OURS = frozenset({"id", "stored", "authority", "timestamp", "version"})
"""What may differ between a statement and its repetition (xAPI 2.3.1): what a store adds."""
AUTHORITY = {"objectType": "Agent", "account": {"homePage": "https://w3id.org/xapi/cmi5", "name": "ankao"}}


async def find_new(session: AsyncSession, progress: UUID, sent: list[Sent]) -> list[Sent]:
    """Return what is not kept yet; raises StatementConflictError if an id was used for other words, StoreFullError."""
    ids = [each.read.id for each in sent if each.read.id is not None]
    query = select(StatementRow.id, StatementRow.body)
    query = query.where(StatementRow.progress_id == progress, StatementRow.id.in_(ids))
    known = {row.id: row.body for row in await session.execute(query)}
    for each in sent:
        if each.read.id in known and _bare(known[each.read.id]) != _bare(each.body):
            raise StatementConflictError
    count = select(func.count()).select_from(StatementRow).where(StatementRow.progress_id == progress)
    if (await session.execute(count)).scalar_one() + len(sent) > MOST_STATEMENTS:
        raise StoreFullError
    return [each for each in sent if each.read.id not in known]


def _bare(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in OURS}


async def append(
    session: AsyncSession, row: UnitSession, statement: UUID, body: dict[str, Any], *, at: datetime
) -> None:
    """Keep a statement of a session."""
    session.add(
        StatementRow(
            progress_id=row.progress_id,
            id=statement,
            session_id=row.id,
            person_id=row.person_id,
            region=row.region,
            verb=body["verb"]["id"],
            activity=body["object"]["id"],
            body=body,
            stored_at=at,
        )
    )
    await session.flush()


async def get_statement(session: AsyncSession, progress: UUID, statement: UUID) -> dict[str, Any]:
    """Return one statement; raises NotFoundError."""
    row = await session.get(StatementRow, (progress, statement))
    if row is None:
        raise NotFoundError
    return told(row)


class Filter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of a copy's statements is asked for (xAPI 2.1.3); `after` goes on where a page ended."""

    verb: str = ""
    activity: str = ""
    registration: UUID | None = None
    agent: str = ""
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 0
    ascending: bool = False
    related_activities: bool = False
    related_agents: bool = False
    format: str = "exact"
    attachments: bool = False
    after: int = 0


async def list_statements(
    session: AsyncSession, row: UnitSession, asked: Filter, actor: str
) -> tuple[list[dict[str, Any]], int]:
    """Return a page of statements and the number to go on after, 0 at the end; those of nobody else are ever found."""
    if (asked.registration not in {None, row.progress_id}) or (asked.agent and not is_agent(asked.agent, actor)):
        return [], 0
    query = select(StatementRow).where(StatementRow.progress_id == row.progress_id)
    if asked.verb:
        query = query.where(StatementRow.verb == asked.verb)
    if asked.activity:
        query = query.where(StatementRow.activity == asked.activity)
    if asked.since is not None:
        query = query.where(StatementRow.stored_at > asked.since)
    if asked.until is not None:
        query = query.where(StatementRow.stored_at <= asked.until)
    if asked.after:
        query = query.where(StatementRow.n > asked.after if asked.ascending else StatementRow.n < asked.after)
    most = min(asked.limit or PAGE, PAGE)
    ordered = query.order_by(StatementRow.n if asked.ascending else StatementRow.n.desc()).limit(most + 1)
    rows = list(await session.scalars(ordered))
    return [told(each) for each in rows[:most]], rows[most - 1].n if len(rows) > most else 0


def is_agent(text: str, name: str) -> bool:
    """Say whether an agent in a parameter is the learner of that account; raises StatementFormError for no agent."""
    try:
        return msgspec.json.decode(text, type=Actor).account.name == name
    except msgspec.DecodeError:
        raise StatementFormError(what="agent") from None


def told(row: StatementRow) -> dict[str, Any]:
    """Return a statement as it came, with what a store adds."""
    stored = row.stored_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    added = {"id": str(row.id), "stored": stored, "authority": AUTHORITY, "version": "1.0.0"}
    return {"timestamp": stored, **row.body, **added}
