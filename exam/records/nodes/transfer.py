"""Taking a batch in parts, so that a broken connection goes on where it stopped, and answering what the lower node asks."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.crypto import digest
from exam.core.db.scope import Scope
from exam.core.jobs import Job
from exam.core.runtime import Runtime
from exam.records.exchange.models import Neighbour
from exam.records.exchange.receiving import sender_of
from exam.records.exchange.secrets import secrets_of
from exam.records.exchange.signing import SignatureWrongError, verify
from exam.records.nodes.arrivals import take
from exam.records.nodes.certificates import require_certificate, shown_by
from exam.records.nodes.errors import PartUnfitError, SealedForeignError, SealedUnreadableError
from exam.records.nodes.models import Arrival, Part
from exam.records.nodes.reconciling import BatchLine, lines_above
from exam.records.nodes.replies import sealed_answers

PART_BYTES: Final = 1024 * 1024
MOST_BYTES: Final = 64 * 1024 * 1024
KEPT_FOR: Final = timedelta(days=7)
"""How long the parts of a file wait for its next one."""


class PartName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which part: of the file with this SHA-256 and size, from this byte on; it is what the signature's id says."""

    digest: Annotated[str, msgspec.Meta(min_length=64, max_length=64)]
    size: Annotated[int, msgspec.Meta(ge=1, le=MOST_BYTES)]
    start: Annotated[int, msgspec.Meta(ge=0)]

    @property
    def text(self) -> str:
        return f"{self.digest}.{self.size}.{self.start}"


class Held(msgspec.Struct, frozen=True):
    """How many bytes of the file are here, and whether it was whole and has been taken."""

    held: int
    taken: bool


class Asking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What comes after this number?"""

    after: Annotated[int, msgspec.Meta(ge=0)] = 0


class Call(msgspec.Struct, frozen=True):
    """A call of a lower node: where it came in, with what it proves itself, and what it says."""

    scope: Mapping[str, Any]
    headers: Mapping[str, str]
    body: bytes


async def take_part(runtime: Runtime, neighbour_id: UUID, call: Call, part: PartName) -> Held:
    """Keep a part that begins where the last one ended, and with the last one take the batch.

    Anything else is left aside: the answer tells where to go on. Raises SenderUnknownError, CertificateWrongError,
    SignatureWrongError, PartUnfitError, and what `take` raises; the parts of a file that cannot be taken are forgotten.
    """
    async with runtime.databases.transaction(_root(runtime)) as session:
        neighbour = await _proved(session, runtime, neighbour_id, call, named=part.text)
        if len(call.body) > PART_BYTES or part.start + len(call.body) > part.size:
            raise PartUnfitError
        if await _is_taken(session, neighbour.id, part):
            return Held(part.size, taken=True)
        held = await _held(session, neighbour.id, part)
        if call.body and held == part.start:
            await _keep(session, runtime, neighbour, part, call.body)
            held += len(call.body)
        if held < part.size:
            return Held(held, taken=False)
    return await _take_whole(runtime, neighbour_id, part)


async def answer_asked(runtime: Runtime, neighbour_id: UUID, call: Call) -> bytes:
    """Return what was said after a number, sealed; raises as `take_part` does."""
    async with runtime.databases.transaction(_root(runtime)) as session:
        neighbour = await _proved(session, runtime, neighbour_id, call, named="answers")
        return await sealed_answers(session, runtime, neighbour, after=_asked(call.body).after)


async def batches_asked(runtime: Runtime, neighbour_id: UUID, call: Call) -> list[BatchLine]:
    """Return what is known here of a lower node's batches after a number; raises as `take_part` does."""
    async with runtime.databases.transaction(_root(runtime)) as session:
        neighbour = await _proved(session, runtime, neighbour_id, call, named="batches")
        return await lines_above(session, neighbour.id, after=_asked(call.body).after)


async def forget_parts(runtime: Runtime) -> None:
    """Delete the parts of files that nobody has gone on with for KEPT_FOR: their batches were given up below."""
    async with runtime.databases.transaction(_root(runtime)) as session:
        given_up = (
            select(Part.neighbour_id, Part.digest)
            .group_by(Part.neighbour_id, Part.digest)
            .having(func.max(Part.kept_at) < runtime.clock.now() - KEPT_FOR)
        )
        await session.execute(delete(Part).where(tuple_(Part.neighbour_id, Part.digest).in_(given_up)))


async def _proved(session: AsyncSession, runtime: Runtime, neighbour_id: UUID, call: Call, *, named: str) -> Neighbour:
    """Return the lower node that calls, locked: certificate, then signature, and the signature is over what it asks."""
    neighbour = await sender_of(session, neighbour_id, locked=True)
    shown = shown_by(call.scope, call.headers, runtime.settings)
    require_certificate(neighbour.certificate, shown, always=True)
    secrets = secrets_of(runtime, neighbour)
    now_s = int(runtime.clock.now().timestamp())
    if verify(secrets.now, call.headers, call.body, now_s=now_s, before=secrets.before) != named:
        raise SignatureWrongError(why="the signature is of another call")
    return neighbour


async def _take_whole(runtime: Runtime, neighbour_id: UUID, part: PartName) -> Held:
    """Take what is complete; the parts were committed before, so that nothing is sent twice when we die here."""
    try:
        async with runtime.databases.transaction(_root(runtime)) as session:
            neighbour = await sender_of(session, neighbour_id, locked=True)
            if not await _is_taken(session, neighbour.id, part):
                await take(session, runtime, neighbour, await _whole(session, neighbour.id, part), way="network")
                await session.execute(delete(Part).where(_of(neighbour.id, part)))
    except (SealedUnreadableError, SealedForeignError):
        async with runtime.databases.transaction(_root(runtime)) as session:
            await session.execute(delete(Part).where(_of(neighbour_id, part)))
        raise
    return Held(part.size, taken=True)


async def _keep(session: AsyncSession, runtime: Runtime, neighbour: Neighbour, part: PartName, data: bytes) -> None:
    row = Part(
        neighbour_id=neighbour.id,
        digest=bytes.fromhex(part.digest),
        offset=part.start,
        region=neighbour.region,
        data=data,
        kept_at=runtime.clock.now(),
    )
    session.add(row)
    await session.flush()


async def _whole(session: AsyncSession, neighbour_id: UUID, part: PartName) -> bytes:
    query = select(Part.data).where(_of(neighbour_id, part)).order_by(Part.offset)
    data = b"".join(await session.scalars(query))
    if digest(data).hex() != part.digest:
        raise SealedUnreadableError
    return data


async def _held(session: AsyncSession, neighbour_id: UUID, part: PartName) -> int:
    query = select(func.coalesce(func.sum(func.length(Part.data)), 0)).where(_of(neighbour_id, part))
    return await session.scalar(query) or 0


async def _is_taken(session: AsyncSession, neighbour_id: UUID, part: PartName) -> bool:
    query = select(Arrival.id).where(Arrival.neighbour_id == neighbour_id, Arrival.digest == bytes.fromhex(part.digest))
    return await session.scalar(query) is not None


def _of(neighbour_id: UUID, part: PartName) -> Any:
    return (Part.neighbour_id == neighbour_id) & (Part.digest == bytes.fromhex(part.digest))


def _asked(body: bytes) -> Asking:
    try:
        return msgspec.json.decode(body, type=Asking)
    except msgspec.MsgspecError as error:
        raise SealedUnreadableError from error


def _root(runtime: Runtime) -> Scope:
    return Scope(region=runtime.settings.root_region)


JOBS = (Job("records.node_forget_parts", forget_parts, cron="35 17 * * *"),)
