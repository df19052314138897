"""What the credential key may put its name to: what the signed log says was decided, and nothing else.

Four kinds of messages are known by how they begin: the statement of a QR symbol, a document that carries such a statement
and is to be signed as a PDF is, the finished file of it, and the status list. The log is held against the head that the signer itself last signed, from its own
folder, and never against one that a database or a published file tells of.

Not decided here: how the file looks. The finished file's digest goes into the log in its turn, and a verifier shows what
the statement says beside it.
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
from certs.numbers import bears_tail
from certs.pades.identity import LocalDocumentSigner
from certs.pades.message import DOCUMENT_DOMAIN, read_message
from certs.qr import DOMAIN, NO_PHOTO, QrPayload, decode_payload, digest_photo, read_statement
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
from exam.core.errors import NotFoundError
from exam.core.runtime import Runtime

CLOCK_SKEW = timedelta(minutes=2)
ISSUED = f"{PREFIX}issued"
REMEMBERED = 1_000
"""Issues that the log has borne out: each is asked about three times in a row, for its QR, its PDF and its file."""
Head = Callable[[], Checkpoint | None]


class Examiner:
    """Holds a message against database and log; `head` returns what the signer last signed, None before the first."""

    def __init__(self, runtime: Runtime, signer: LocalSigner, documents: LocalDocumentSigner, head: Head) -> None:
        self._runtime = runtime
        self._ring = KeyRing([signer.pinned_as("")])
        self._certificate = documents.chain[0]
        self._head = head
        self._published = LogPublication(runtime.storage)
        self._proven: set[tuple[str, str, str]] = set()

    async def require(self, message: bytes) -> None:
        """Return where the log bears it out.

        Raises NotLoggedYetError, SigningRefusedError, and what the readers of each kind raise.
        """
        async with self._runtime.databases.session(NOTHING, Role.MONITOR) as session:
            if message.startswith(DOMAIN):
                payload = read_statement(message)
                await self._require_photo(await self._require_issued(session, payload), payload)
            elif message.startswith(FILE_DOMAIN):
                await self._require_carried(session, message.removeprefix(FILE_DOMAIN))
            elif message.startswith(DOCUMENT_DOMAIN):
                await self._require_carried(session, read_message(message, self._certificate).covered)
            else:
                await self._require_current(session, message)

    async def _require_carried(self, session: AsyncSession, file: bytes) -> None:
        await self._require_issued(session, decode_payload(find_qr_text(file) or "", self._ring).payload)

    async def _require_photo(self, row: Credential, payload: QrPayload) -> None:
        """Hold a new statement against the photo in the store; a file made later may outlive that."""
        try:
            found = digest_photo(await self._runtime.storage.get(row.photo_key)) if row.photo_key else NO_PHOTO
        except NotFoundError:
            found = NO_PHOTO
        if payload.photo_digest != found:
            raise SigningRefusedError(reason="photo")

    async def _require_issued(self, session: AsyncSession, payload: QrPayload) -> Credential:
        # the sealed number is not the signer's to read
        columns = load_only(*(getattr(Credential, name) for name in FIXED), raiseload=True)
        row = await session.scalar(
            select(Credential).where(Credential.public_id == payload.public_id).options(columns),
        )
        if row is None:
            raise SigningRefusedError(reason="no_credential")
        if (wrong := _unlike(payload, row, await find_position(session, row.id))) is not None:
            raise SigningRefusedError(reason=wrong)
        said = (ISSUED, str(row.id), credential_digest(row).hex())
        if said not in self._proven:
            entry = await self._find_logged(session, row)
            if (entry.act, entry.subject, entry.facts.get("digest")) != said:
                raise SigningRefusedError(reason="log_differs")
            self._remember(said)
        return row

    def _remember(self, said: tuple[str, str, str]) -> None:
        if len(self._proven) >= REMEMBERED:
            self._proven.clear()
        self._proven.add(said)

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
        "id_tail": (bears_tail(row.number_masked, payload.id_tail), True),
    }
    return next((name for name, (said, kept) in stated.items() if said != kept), None)
