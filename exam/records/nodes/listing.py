"""The rows of a batch as people read them: what each is about, what the check found, and what was said against it."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.records.exchange.contract import MessageUnreadableError, load_kinds
from exam.records.exchange.models import OutgoingMessage
from exam.records.exchange.xml import read_body
from exam.records.nodes.models import ArrivalRow, BatchRow
from exam.records.nodes.wording import told_of

PAGE: Final = 50
_WHO: Final = ("name_masked", "subject_name", "region")


class RowView(msgspec.Struct, frozen=True, kw_only=True):
    """One row; `title` is the msgid of its kind, `who` names it masked; empty where it could not be read."""

    number: int
    title: str
    who: str
    subject: str
    sequence: int
    occurred_at: datetime | None
    told: list[tuple[str, str]] = []
    """Titles and values of its fields."""
    fault: str = ""
    reason: str = ""


async def list_batch_rows(session: AsyncSession, batch_id: UUID, *, page: int) -> tuple[list[RowView], bool]:
    """Return one page of a batch that was made here, what was objected to first, and whether there is another."""
    query = (
        select(BatchRow.number, OutgoingMessage.body, BatchRow.reason)
        .join(OutgoingMessage, OutgoingMessage.id == BatchRow.message_id)
        .where(BatchRow.batch_id == batch_id)
        .order_by((BatchRow.reason == "").asc(), BatchRow.number)
    )
    rows = (await session.execute(query.offset((page - 1) * PAGE).limit(PAGE + 1))).all()
    return [_row(number, body, reason=reason) for number, body, reason in rows[:PAGE]], len(rows) > PAGE


async def list_arrival_rows(session: AsyncSession, arrival_id: UUID, *, page: int) -> tuple[list[RowView], bool]:
    """Return one page of a batch from below, what is faulty first, and whether there is another."""
    table = ArrivalRow
    fine = (table.fault == "") & (table.reason == "")
    query = select(table.number, table.body, table.fault, table.reason).where(table.arrival_id == arrival_id)
    query = query.order_by(fine.asc(), table.number).offset((page - 1) * PAGE).limit(PAGE + 1)
    rows = (await session.execute(query)).all()
    found = [_row(number, body, fault=fault, reason=reason) for number, body, fault, reason in rows[:PAGE]]
    return found, len(rows) > PAGE


def _row(number: int, body: str, *, fault: str = "", reason: str = "") -> RowView:
    try:
        message = read_body(body)
    except MessageUnreadableError:
        return RowView(
            number=number, title="", who="", subject="", sequence=0, occurred_at=None, fault=fault, reason=reason
        )
    kind = load_kinds().get(message.kind)
    return RowView(
        number=number,
        title=kind.title if kind else message.kind,
        who=next((str(message.data[name]) for name in _WHO if name in message.data), ""),
        subject=message.subject,
        sequence=message.sequence,
        occurred_at=message.occurred_at,
        told=told_of(message.data),
        fault=fault,
        reason=reason,
    )
