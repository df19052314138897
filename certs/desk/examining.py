"""What the credential key may put its name to: what the signed log says was decided, and nothing else.

Four kinds of messages are known by how they begin: the statement of a QR symbol, a document that carries such a statement
and is to be signed as a PDF is, the finished file of it, and the status list. The log is held against the head that the signer itself last signed, from its own
folder, and never against one that a database or a published file tells of.

Not decided here: how the file looks, and which photo it shows. The finished file's digest goes into the log in its
turn, and a verifier shows what the statement says beside it.
"""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from certs.desk.errors import NotLoggedYetError, SigningRefusedError
from certs.envelope import FILE_DOMAIN, find_qr_text
from certs.folding import FIXED, PREFIX, credential_digest
from certs.models import Credential, CredentialEvent
from certs.pades.identity import LocalDocumentSigner
from certs.pades.message import DOCUMENT_DOMAIN, read_message
from certs.qr import DOMAIN, QrPayload, decode_payload, read_statement
from certs.signing import KeyRing, LocalSigner
from certs.statuses import find_position, gather_codes
from certs.statuslist import read_unsigned
from exam.core.audit.checkpoint import Checkpoint
from exam.core.audit.folding import LeafEntry, read_leaf
from exam.core.audit.ledger import AuditRow
from exam.core.audit.merkle import inclusion_ranges, leaf_hash, root_of_inclusion
from exam.core.audit.models import LogLeaf
from exam.core.audit.publication import LogPublication
from exam.core.clock import local_date
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.runtime import Runtime

CLOCK_SKEW = timedelta(minutes=2)
ISSUED = f"{PREFIX}issued"
Head = Callable[[], Checkpoint | None]


class Examiner:
    """Holds a message against database and log; `head` returns what the signer last signed, None before the first."""

    def __init__(self, runtime: Runtime, signer: LocalSigner, documents: LocalDocumentSigner, head: Head) -> None:
        self._runtime = runtime
        self._ring = KeyRing([signer.pinned_as("")])
        self._certificate = documents.chain[0]
        self._head = head
        self._published = LogPublication(runtime.storage)

    async def require(self, message: bytes) -> None:
        """Return where the log bears it out.

        Raises NotLoggedYetError, SigningRefusedError, and what the readers of each kind raise.
        """
        async with self._runtime.databases.session(NOTHING, Role.MONITOR) as session:
            if message.startswith(DOMAIN):
                await self._require_issued(session, read_statement(message))
            elif message.startswith(FILE_DOMAIN):
                await self._require_carried(session, message.removeprefix(FILE_DOMAIN))
            elif message.startswith(DOCUMENT_DOMAIN):
                await self._require_carried(session, read_message(message, self._certificate).covered)
            else:
                await self._require_current(session, message)

    async def _require_carried(self, session: AsyncSession, file: bytes) -> None:
        await self._require_issued(session, decode_payload(find_qr_text(file) or "", self._ring).payload)

    async def _require_issued(self, session: AsyncSession, payload: QrPayload) -> None:
        # the sealed number is not the signer's to read
        columns = load_only(*(getattr(Credential, name) for name in FIXED), raiseload=True)
        row = await session.scalar(
            select(Credential).where(Credential.public_id == payload.public_id).options(columns),
        )
        if row is None:
            raise SigningRefusedError(reason="no_credential")
        if (wrong := _unlike(payload, row, await find_position(session, row.id))) is not None:
            raise SigningRefusedError(reason=wrong)
        entry = await self._find_logged(session, row)
        if (entry.act, entry.subject, entry.facts.get("digest")) != (ISSUED, str(row.id), credential_digest(row).hex()):
            raise SigningRefusedError(reason="log_differs")

    async def _find_logged(self, session: AsyncSession, row: Credential) -> LeafEntry:
        query = (
            select(LogLeaf.index, AuditRow.leaf)
            .join(AuditRow, AuditRow.id == LogLeaf.entry_id)
            .join(CredentialEvent, CredentialEvent.audit_id == AuditRow.id)
            .where(CredentialEvent.credential_id == row.id, CredentialEvent.kind == "issued")
        )
        found, head = (await session.execute(query)).one_or_none(), self._head()
        if found is None or head is None or found[0] >= head.size:
            raise NotLoggedYetError
        index, leaf = found
        path = await self._published.hashes(inclusion_ranges(index, head.size))
        if root_of_inclusion(leaf_hash(leaf), index, head.size, path) != head.root:
            raise SigningRefusedError(reason="log_differs")
        return read_leaf(index, leaf)

    async def _require_current(self, session: AsyncSession, message: bytes) -> None:
        stated = read_unsigned(message)
        if abs(self._runtime.clock.now() - stated.signed_at) > CLOCK_SKEW:
            raise SigningRefusedError(reason="list_of_another_time")
        if stated.packed != await gather_codes(session, on=local_date(stated.signed_at)):
            raise SigningRefusedError(reason="list_differs")


def _unlike(payload: QrPayload, row: Credential, position: int | None) -> str | None:
    """Name the first field in which a statement and its credential differ."""
    stated = {
        "item": (payload.item, row.qualification),
        "name": (payload.name_masked, row.holder_masked),
        "valid_from": (payload.valid_from, row.valid_from_on),
        "valid_until": (payload.valid_until, row.valid_until_on),
        "position": (payload.position, position),
    }
    return next((name for name, (said, kept) in stated.items() if said != kept), None)
