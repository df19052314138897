"""Logs and witnesses for tests: keys, checkpoints and proofs, and a signer over a test's database."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from exam.core.audit.checkpoint import Checkpoint
from exam.core.audit.custody import Custody
from exam.core.audit.ledger import AuditRow, record
from exam.core.audit.models import LogLeaf
from exam.core.audit.note import CosignatureSigner, Ed25519NoteSigner, Note
from exam.core.audit.policy import Policy, Witnessed, parse_policy
from exam.core.audit.proof import LogProof
from exam.core.audit.publication import POLICY, LogPublication
from exam.core.audit.signing import LogSigner
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from tests.builders import merkle

ORIGIN = "ankao.example/log"
SEEN_AT = 1_795_000_000


def log_signer(name: str = ORIGIN, seed: int = 1) -> Ed25519NoteSigner:
    """Return a log's signer; equal seeds are equal keys."""
    return Ed25519NoteSigner(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


def witness_signer(number: int, unix_s: Callable[[], int] = lambda: SEEN_AT) -> CosignatureSigner:
    """Return the signer of witness `w1.example`, `w2.example` and so on."""
    private = Ed25519PrivateKey.from_private_bytes(bytes([100 + number]) * 32)
    return CosignatureSigner(f"w{number}.example", private, unix_s)


WITNESSES = {f"w{number}": witness_signer(number) for number in (1, 2, 3)}


def two_of_three(log: Ed25519NoteSigner | None = None) -> Policy:
    """Return a policy that wants two of the three witnesses."""
    lines = [f"log {(log or log_signer()).verifier_key}"]
    lines += [f"witness {name} {signer.verifier_key}" for name, signer in WITNESSES.items()]
    return parse_policy("\n".join([*lines, "group W 2 w1 w2 w3", "quorum W", ""]))


class SmallLog(msgspec.Struct, frozen=True):
    """Entries that stand in a log nobody stores."""

    entries: Sequence[bytes]

    def checkpoint(self, *cosigned_by: str, size: int | None = None, signer: Ed25519NoteSigner | None = None) -> bytes:
        """Return the signed checkpoint with the cosignatures of the named witnesses."""
        log, size = signer or log_signer(), len(self.entries) if size is None else size
        text = Checkpoint(log.key.name, size, merkle.tree_head(self.entries[:size])).text()
        return Note(text, (log.sign(text), *(WITNESSES[name].sign(text) for name in cosigned_by))).to_bytes()

    def proof(self, index: int, *cosigned_by: str) -> LogProof:
        """Return the proof of one entry in the whole tree."""
        path = tuple(merkle.audit_path(index, self.entries))
        return LogProof(index=index, path=path, checkpoint=self.checkpoint(*cosigned_by))


class Signing(msgspec.Struct, frozen=True):
    """A log at work over a test's database; the test takes the turns."""

    signer: LogSigner
    connection: AsyncConnection
    publication: LogPublication

    async def turn(self) -> Witnessed:
        return await self.signer.turn(self.connection)


def new_signer(runtime: Runtime, policy: Policy | None = None, name: str = ORIGIN) -> LogSigner:
    """Return a signer as a process makes it at its start, from what the folder remembers."""
    custody = Custody.open(runtime.settings.signer_folder, name=name, may_create=True)
    return LogSigner(runtime, custody, policy or Policy())


@asynccontextmanager
async def signing(runtime: Runtime, policy: Policy | None = None, name: str = ORIGIN) -> AsyncIterator[Signing]:
    """Open the runtime's log for as long as the block lasts."""
    signer, publication = new_signer(runtime, policy, name), LogPublication(runtime.storage)
    await publication.write({POLICY: signer.policy.to_text().encode()})
    async with runtime.databases.engine(Role.LEDGER).connect() as connection:
        yield Signing(signer, connection, publication)


async def note_acts(runtime: Runtime, count: int, *, act: str = "thing.done") -> list[UUID]:
    """Append some entries in one transaction and return their ids."""
    async with runtime.databases.transaction(Scope(region="33")) as session:
        return [
            await record(session, SYSTEM, act, ("thing", str(number)), at=runtime.clock.now(), region="33")
            for number in range(count)
        ]


async def leaf_of(runtime: Runtime, entry_id: UUID) -> tuple[int, bytes]:
    """Return an entry's index and its canonical bytes."""
    query = select(LogLeaf.index, AuditRow.leaf).join(AuditRow, AuditRow.id == LogLeaf.entry_id)
    async with runtime.databases.session(NOTHING, Role.LEDGER) as session:
        index, leaf = (await session.execute(query.where(LogLeaf.entry_id == entry_id))).one()
        return index, leaf
