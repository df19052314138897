"""The signer's work: order the entries, grow the tree, sign its head, gather cosignatures, publish; turn after turn.

Of every turn the order is fixed, so that a kill between any two steps leaves nothing that contradicts itself: the
order of the leaves is committed, tiles are stored, the head is remembered in the signer's own folder, and only then is
it shown to witnesses and to the world. A head that was remembered and not shown is shown by the next turn.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec
import structlog
from sqlalchemy import insert, select, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from exam.core.audit.checkpoint import Checkpoint, open_checkpoint
from exam.core.audit.cosigning import UNIX, cosigners_of
from exam.core.audit.custody import Custody, SignedState
from exam.core.audit.errors import LogBehindError, LogRewrittenError
from exam.core.audit.ledger import AuditRow
from exam.core.audit.merkle import HASH_BYTES, leaf_hash
from exam.core.audit.models import LogCheckpoint, LogLeaf
from exam.core.audit.note import Ed25519NoteSigner, Note, Signature, VerifierKey, with_signatures
from exam.core.audit.policy import Peer, Policy, Witnessed
from exam.core.audit.publication import ALARM, CHECKPOINT, POLICY, WITNESSED, LogPublication
from exam.core.audit.sequencing import BATCH, Sequencer, log_size
from exam.core.audit.standing import Alarm
from exam.core.audit.tiles import Edge, Tile, extend
from exam.core.db.roles import Role
from exam.core.errors import DomainError
from exam.core.ids import new_id
from exam.core.runtime import Runtime

HEARTBEAT = timedelta(seconds=60)
"""A head that has not changed is noted again after so long: silence must mean that the signer is gone."""

_LOCK = text("select pg_try_advisory_lock(4109)")
_DURABLE = text("set synchronous_commit = on")


class Cosigner(Protocol):
    """Port for one witness."""

    async def latest(self) -> Checkpoint | None:
        """Return the newest head that it keeps of this log, signed by this log; None where it keeps or says nothing."""

    async def cosign(self, checkpoint: Checkpoint, note: Note) -> Sequence[Signature]:
        """Return the witness's cosignatures; none where it is away. Raises LogBehindError when it has seen more."""


class LogSigner:
    """One log's only signer."""

    def __init__(
        self,
        runtime: Runtime,
        custody: Custody,
        policy: Policy,
        cosigners: Callable[[Policy, VerifierKey, LogPublication], Sequence[Cosigner]] = cosigners_of,
    ) -> None:
        self._runtime = runtime
        self._custody = custody
        self._signer = Ed25519NoteSigner(custody.name, custody.private)
        self._publication = LogPublication(runtime.storage)
        self._cosigners = cosigners(policy, self._signer.key, self._publication)
        self._sequencer = Sequencer()
        self._state = custody.load()
        self._alarm: Alarm | None = None
        self._asked = False
        self.policy = own_policy(policy, self._signer, runtime.settings.base_url)

    async def run(self) -> None:
        """Take turns until cancelled; without the lock another signer is at work and this one stands by."""
        await self.publish_policy()
        while True:
            try:
                await self._work()
            except (OperationalError, InterfaceError) as error:
                structlog.get_logger().warning("log_database_away", error=type(error).__name__)
            await self._pause()

    async def publish_policy(self) -> None:
        """Show the world whose signatures to look for; verifiers pin a copy."""
        await self._publication.write({POLICY: self.policy.to_text().encode()})

    async def _pause(self) -> None:
        await asyncio.sleep(self._runtime.settings.checkpoint_interval_s)

    async def _work(self) -> None:
        async with self._runtime.databases.engine(Role.LEDGER).connect() as connection:
            async with connection.begin():
                locked = (await connection.execute(_LOCK)).scalar_one()
                await connection.execute(_DURABLE)
            while locked:
                try:
                    await self.turn(connection)
                    await self._raise_alarm(None)
                except DomainError as error:
                    await self._raise_alarm(error)
                await self._pause()

    async def turn(self, connection: AsyncConnection) -> Witnessed:
        """Bring the log up to what is committed and publish its head.

        Raises LogBehindError and LogRewrittenError; then nothing was signed.
        """
        await self._ask_witnesses()
        await self._check(connection)
        await self._sequencer.sequence(connection, at=self._runtime.clock.now())
        await self._grow(connection)
        return await self._publish(connection)

    async def _ask_witnesses(self) -> None:
        """Before anything is signed after a start, hear whether a witness has seen more than is remembered here."""
        if self._asked:
            return
        for latest in await asyncio.gather(*(each.latest() for each in self._cosigners)):
            if latest and latest.size > self._state.edge.size:
                raise LogBehindError(size=self._state.edge.size, signed=latest.size)
        self._asked = True

    async def _check(self, connection: AsyncConnection) -> None:
        """Compare the database with what was signed: its length, and the leaves of the unfinished tile."""
        edge = self._state.edge
        signed = edge.tiles[0] if edge.tiles else b""
        first = edge.size - len(signed) // HASH_BYTES
        query = select(LogLeaf.hash).where(LogLeaf.index >= first, LogLeaf.index < edge.size).order_by(LogLeaf.index)
        async with connection.begin():
            size = await log_size(connection)
            stored = b"".join((await connection.execute(query)).scalars())
        if size < edge.size:
            raise LogBehindError(size=size, signed=edge.size)
        if stored != signed:
            raise LogRewrittenError(index=first + _first_difference(stored, signed) // HASH_BYTES)

    async def _grow(self, connection: AsyncConnection) -> None:
        edge, tiles = self._state.edge, dict[Tile, bytes]()
        while leaves := await self._leaves(connection, edge.size):
            edge, grown = extend(edge, leaves)
            tiles |= grown
        if edge.size == self._state.edge.size and self._state.note:
            return
        await self._publication.write_tiles(tiles)
        text_ = Checkpoint(self._custody.name, edge.size, edge.root()).text()
        note = Note(text_, (self._signer.sign(text_),))
        self._remember(edge, note)

    def _remember(self, edge: Edge, note: Note) -> None:
        state = SignedState(edge=edge, note=note.to_bytes())
        self._custody.save(state)
        self._state = state

    async def _leaves(self, connection: AsyncConnection, first: int) -> list[bytes]:
        """Return the next leaf hashes, made from the entries themselves and compared with what was ordered."""
        query = (
            select(LogLeaf.index, LogLeaf.hash, AuditRow.leaf)
            .join(AuditRow, AuditRow.id == LogLeaf.entry_id)
            .where(LogLeaf.index >= first)
            .order_by(LogLeaf.index)
            .limit(BATCH)
        )
        async with connection.begin():
            rows = (await connection.execute(query)).all()
        for expected, (index, ordered, leaf) in enumerate(rows, first):
            if index != expected or ordered != leaf_hash(leaf):
                raise LogRewrittenError(index=expected)
        return [ordered for _, ordered, _ in rows]

    async def _publish(self, connection: AsyncConnection) -> Witnessed:
        checkpoint, note = open_checkpoint(self._state.note, self._signer.key)
        answers = await asyncio.gather(*(each.cosign(checkpoint, note) for each in self._cosigners))
        complete = with_signatures(note, [signature for each in answers for signature in each])
        self._remember(self._state.edge, complete)
        found = self.policy.read(self._state.note)
        files: dict[str, bytes] = {CHECKPOINT: self._state.note}
        if self.policy.has_quorum(found.cosigned):
            files[WITNESSED] = self._state.note
        await self._publication.write(files)
        await self._note(connection, found)
        return found

    async def _note(self, connection: AsyncConnection, found: Witnessed) -> None:
        """Keep the head in the history, unless the last one says the same and is young."""
        at = self._runtime.clock.now()
        columns = (LogCheckpoint.size, LogCheckpoint.cosigned, LogCheckpoint.published_at)
        newest = select(*columns).order_by(LogCheckpoint.published_at.desc()).limit(1)
        async with connection.begin():
            last = (await connection.execute(newest)).one_or_none()
            size, cosigned, published_at = last or (-1, {}, at)
            same = (size, cosigned.keys()) == (found.checkpoint.size, found.cosigned.keys())
            if not same or at - published_at >= HEARTBEAT:
                await connection.execute(insert(LogCheckpoint), [self._row(found, at)])

    def _row(self, found: Witnessed, at: datetime) -> Mapping[str, object]:
        return {
            "id": new_id(),
            "size": found.checkpoint.size,
            "root": found.checkpoint.root,
            "note": found.note.to_bytes(),
            "cosigned": dict(found.cosigned),
            "witnessed": self.policy.has_quorum(found.cosigned),
            "published_at": at,
        }

    async def _raise_alarm(self, error: DomainError | None) -> None:
        """Publish what keeps the signer from signing, once; and that nothing does any more."""
        if (error.code if error else None) == (self._alarm.code if self._alarm else None):
            return
        self._alarm = _alarm_of(error, self._runtime.clock.now()) if error else None
        if error:
            structlog.get_logger().error("log_alarm", code=error.code, **error.fields)
        await self._publication.write({ALARM: msgspec.json.encode(self._alarm)})


def own_policy(policy: Policy, signer: Ed25519NoteSigner, base_url: str) -> Policy:
    """Return the witnesses' policy as it is published: with this log in it, and no path of this machine."""
    witnesses = {name: Peer(peer.key) if peer.url.startswith(UNIX) else peer for name, peer in policy.witnesses.items()}
    return msgspec.structs.replace(policy, logs=(Peer(signer.key, f"{base_url}/log"),), witnesses=witnesses)


def _alarm_of(error: DomainError, at: datetime) -> Alarm:
    fields = {name: value if isinstance(value, int) else str(value) for name, value in error.fields.items()}
    return Alarm(error.code, error.message, fields, at)


def _first_difference(one: bytes, other: bytes) -> int:
    pairs = zip(one, other, strict=False)
    return next((at for at, (left, right) in enumerate(pairs) if left != right), min(len(one), len(other)))
