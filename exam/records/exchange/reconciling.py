"""Comparing what this node delivered with what the upper node keeps: equal, or the rows named that differ."""

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

import httpx
import msgspec
from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.crypto import digest
from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.records.exchange.addresses import judge_address
from exam.records.exchange.contract import MessageUnreadableError
from exam.records.exchange.errors import UpperSilentError
from exam.records.exchange.models import IncomingMessage, Neighbour, OutgoingMessage
from exam.records.exchange.receiving import INCOMING, sender_of
from exam.records.exchange.secrets import secrets_of
from exam.records.exchange.signing import headers_of, verify
from exam.records.exchange.state import MessageState

STEP = 1000
TIMEOUT_S = 10
Key = tuple[str, int]


class Line(msgspec.Struct, frozen=True):
    """One kept message: subject, number, and the SHA-256 of its body in hexadecimal."""

    subject: str
    sequence: int
    digest: str


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept after this subject and number?"""

    subject: str = ""
    sequence: int = 0


class Difference(msgspec.Struct, frozen=True):
    """A row that the two sides do not both have alike."""

    subject: str
    sequence: int
    what: Literal["missing_above", "unknown_here", "changed"]


class Reconciliation(msgspec.Struct, frozen=True):
    """How many rows are equal, and those that are not."""

    equal: int
    differences: list[Difference]


async def answer(runtime: Runtime, neighbour_id: UUID, headers: Mapping[str, str], body: bytes) -> list[Line]:
    """Return up to STEP rows that a lower node's signed question asks for, in order.

    Raises SenderUnknownError, SignatureWrongError and MessageUnreadableError.
    """
    async with runtime.databases.session(Scope(region=runtime.settings.root_region)) as session:
        sender = await sender_of(session, neighbour_id)
        secrets = secrets_of(runtime, sender)
        verify(secrets.now, headers, body, now_s=int(runtime.clock.now().timestamp()), before=secrets.before)
        after, table = _read(body), IncomingMessage
        query = (
            select(table.subject, table.sequence, table.digest)
            .where(table.neighbour_id == sender.id)
            .where(tuple_(table.subject, table.sequence) > (after.subject, after.sequence))
            .order_by(table.subject, table.sequence)
        )
        return [Line(row[0], row[1], row[2].hex()) for row in await session.execute(query.limit(STEP))]


async def reconcile(session: AsyncSession, runtime: Runtime, neighbour_id: UUID) -> Reconciliation:
    """Compare with the upper node; raises UpperSilentError, AddressRefusedError and AddressUnknownError."""
    neighbour = await session.get_one(Neighbour, neighbour_id)
    table = OutgoingMessage
    query = select(table.subject, table.sequence, table.body).where(
        table.neighbour_id == neighbour_id, table.state == MessageState.DELIVERED
    )
    here = {(row[0], row[1]): digest(row[2].encode()).hex() for row in await session.execute(query)}
    return compare(here, await _ask(runtime, neighbour))


def compare(here: dict[Key, str], above: dict[Key, str]) -> Reconciliation:
    """Return what two sides have alike and what not."""
    found = [Difference(*key, "missing_above") for key in here.keys() - above.keys()]
    found += [Difference(*key, "unknown_here") for key in above.keys() - here.keys()]
    both = here.keys() & above.keys()
    changed = [key for key in both if here[key] != above[key]]
    found += [Difference(*key, "changed") for key in changed]
    return Reconciliation(len(both) - len(changed), sorted(found, key=lambda each: (each.subject, each.sequence)))


async def _ask(runtime: Runtime, neighbour: Neighbour) -> dict[Key, str]:
    secrets = secrets_of(runtime, neighbour)
    target = await judge_address(f"{neighbour.address}/rows", runtime.settings.exchange_inside)
    found: dict[Key, str] = {}
    question = Question()
    async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, follow_redirects=False) as client:
        while True:
            body = msgspec.json.encode(question)
            signed = headers_of(secrets.now, "rows", int(runtime.clock.now().timestamp()), body, before=secrets.before)
            try:
                got = await client.post(
                    target.url, content=body, headers={**signed, "host": target.host}, extensions=target.extensions
                )
                lines = msgspec.json.decode(got.raise_for_status().content, type=list[Line])
            except (httpx.HTTPError, msgspec.MsgspecError) as error:
                raise UpperSilentError from error
            found |= {(line.subject, line.sequence): line.digest for line in lines}
            if len(lines) < STEP:
                return found
            question = Question(lines[-1].subject, lines[-1].sequence)


def _read(body: bytes) -> Question:
    try:
        return msgspec.json.decode(body, type=Question)
    except msgspec.MsgspecError as error:
        raise MessageUnreadableError from error


def may_reconcile(address: str) -> bool:
    """Tell whether an address is of an upper node, which answers."""
    return INCOMING in address
