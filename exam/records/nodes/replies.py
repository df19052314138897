"""What an upper node says of batches and reports: numbered, sealed as batches are, read in order below."""

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.events import publish
from exam.core.ids import new_id
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.records.events import AnswerReceived
from exam.records.exchange.models import Neighbour, OutgoingMessage, Receipt
from exam.records.exchange.state import MessageState
from exam.records.nodes.errors import AnswersGapError, SealedForeignError, SealedUnreadableError
from exam.records.nodes.identity import card_of, own_keys
from exam.records.nodes.models import Batch, BatchRow, NodeAnswer
from exam.records.nodes.sealing import Header, read_header, seal, unseal
from exam.records.nodes.state import BatchState, require_step

MOST: Final = 1000


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing said: of a batch by its id, of a report by the subject and number of its message."""

    kind: Literal["batch", "report"]
    subject: str
    state: str
    sequence: int = 0
    reason: str = ""
    rows: dict[str, str] = {}
    """Reasons by the numbers of the rows."""
    by: UUID | None = None
    name: str = ""
    """Who decided, as the upper level names them."""


class Numbered(msgspec.Struct, frozen=True):
    """An answer with its number and its instant."""

    number: int
    at: datetime
    answer: Answer


async def give(session: AsyncSession, neighbour: Neighbour, answer: Answer, *, at: datetime) -> None:
    """Write an answer for a lower node, whose row is locked: the numbers have no gap."""
    query = select(func.max(NodeAnswer.number)).where(NodeAnswer.neighbour_id == neighbour.id)
    row = NodeAnswer(
        neighbour_id=neighbour.id,
        region=neighbour.region,
        number=(await session.scalar(query) or 0) + 1,
        body=msgspec.to_builtins(answer),
        at=at,
    )
    session.add(row)
    await session.flush()


async def answer_node(session: AsyncSession, neighbour_id: UUID, answer: Answer, *, at: datetime) -> None:
    """Say something of a report to the lower node that sent it."""
    await give(session, await session.get_one(Neighbour, neighbour_id, with_for_update=True), answer, at=at)


async def get_answer(session: AsyncSession, answer_id: UUID) -> tuple[Answer, datetime]:
    """Return a kept answer and its instant."""
    row = await session.get_one(NodeAnswer, answer_id)
    return msgspec.convert(row.body, Answer), row.at


async def sealed_answers(session: AsyncSession, runtime: Runtime, neighbour: Neighbour, *, after: int) -> bytes:
    """Return up to MOST answers that come after a number, sealed for the lower node."""
    query = select(NodeAnswer).where(NodeAnswer.neighbour_id == neighbour.id, NodeAnswer.number > after)
    rows = list(await session.scalars(query.order_by(NodeAnswer.number).limit(MOST)))
    told = [Numbered(row.number, row.at, msgspec.convert(row.body, Answer)) for row in rows]
    header = Header(
        type="answers",
        id=new_id(),
        number=told[0].number if told else 0,
        sender="",
        recipient="",
        made_at=runtime.clock.now(),
        rows=len(told),
    )
    return seal(msgspec.json.encode(told), header, await own_keys(runtime), card_of(neighbour))


async def read_answers(session: AsyncSession, runtime: Runtime, neighbour: Neighbour, data: bytes) -> int:
    """Keep and follow what an upper node says, what is known already left out; return how much was new.

    The neighbour's row is locked. Raises SealedUnreadableError, SealedForeignError and AnswersGapError.
    """
    header = read_header(data)
    if header.type != "answers":
        raise SealedForeignError
    content = unseal(data, await own_keys(runtime, header.recipient), card_of(neighbour))
    try:
        told = msgspec.json.decode(content, type=list[Numbered])
    except msgspec.MsgspecError as error:
        raise SealedUnreadableError from error
    last = await last_read(session, neighbour.id)
    fresh = [each for each in told if each.number > last]
    if [each.number for each in fresh] != list(range(last + 1, last + 1 + len(fresh))):
        raise AnswersGapError(wanted=last + 1)
    for each in fresh:
        await _follow(session, runtime, neighbour, each)
    return len(fresh)


async def last_read(session: AsyncSession, neighbour_id: UUID) -> int:
    """Return the number of the last answer that is known."""
    return await session.scalar(select(func.max(NodeAnswer.number)).where(NodeAnswer.neighbour_id == neighbour_id)) or 0


async def _follow(session: AsyncSession, runtime: Runtime, neighbour: Neighbour, told: Numbered) -> None:
    body: dict[str, Any] = msgspec.to_builtins(told.answer)
    row = NodeAnswer(neighbour_id=neighbour.id, region=neighbour.region, number=told.number, body=body, at=told.at)
    session.add(row)
    await session.flush()
    if told.answer.kind == "batch":
        await _lead_batch(session, neighbour, told)
    else:
        event = AnswerReceived(region=neighbour.region, answer_id=row.id)
        await publish(session, event, at=runtime.clock.now())


async def _lead_batch(session: AsyncSession, neighbour: Neighbour, told: Numbered) -> None:
    """Lead a batch on, and with its acceptance its rows."""
    answer = told.answer
    row = await session.get(Batch, UUID(answer.subject), with_for_update=True)
    if row is None or row.neighbour_id != neighbour.id:
        raise SealedForeignError
    wanted = BatchState(answer.state)
    require_step(row.state, wanted)
    if wanted is BatchState.ARRIVED:
        row.state, row.arrived_at = wanted, told.at
    else:
        row.state, row.decided_at, row.reason = wanted, told.at, answer.reason
    if wanted is BatchState.ACCEPTED:
        await _deliver_rows(session, row, told.at)
    if wanted is BatchState.RETURNED:
        for line in await session.scalars(select(BatchRow).where(BatchRow.batch_id == row.id)):
            line.reason = answer.rows.get(str(line.number), "")
    await session.flush()
    facts: dict[str, Fact] = (
        {"number": row.number, "reason": answer.reason} if answer.reason else {"number": row.number}
    )
    act = {
        BatchState.ARRIVED: "batch.arrived_above",
        BatchState.ACCEPTED: "batch.accepted_above",
        BatchState.RETURNED: "batch.returned_above",
    }[wanted]
    await record(session, SYSTEM, act, ("batch", row.id), at=told.at, region=row.region, facts=facts)


async def _deliver_rows(session: AsyncSession, batch: Batch, at: datetime) -> None:
    query = (
        select(OutgoingMessage)
        .join(BatchRow, BatchRow.message_id == OutgoingMessage.id)
        .where(BatchRow.batch_id == batch.id, OutgoingMessage.state == MessageState.WAITING)
    )
    for message in await session.scalars(query.with_for_update()):
        message.state, message.ended_at = MessageState.DELIVERED, at
        session.add(Receipt(message_id=message.id, region=message.region, at=at, outcome="accepted", status=0))
    await session.flush()
