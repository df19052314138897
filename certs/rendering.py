"""Making the PDF (证书文件): sign the statement, draw it, seal the file, store it; safe to run twice."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Self
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from certs.authority import unpublished_key
from certs.desk.errors import NotLoggedYetError
from certs.document import certificate_pdf, permit_pdf
from certs.drafts import begin_draft, end_draft
from certs.duties import review_day
from certs.envelope import qr_attachment, seal_file
from certs.face import COMPETENCE_TITLE, PERMIT_TITLE, CertificateFace
from certs.history import lock_credential, note
from certs.issuing import RENDER
from certs.keys import open_documents, open_signer, publish_key
from certs.models import Credential
from certs.naming import NUMBER_PLACE
from certs.pades.identity import DocumentSigner
from certs.qr import NO_PHOTO, QrPayload, digest_photo, encode_payload, mask_name
from certs.signing import KeyName, Signer
from certs.statuses import find_position
from exam.core.config import Profile
from exam.core.crypto import digest
from exam.core.db.scope import Scope
from exam.core.errors import DomainError, NotFoundError
from exam.core.jobs import defer
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.identity.api import PersonView, get_person
from exam.standards.api import Category, get_qualification

if TYPE_CHECKING:
    from certs.pades.stamping import Stamping

SEX = {"male": "男", "female": "女"}
DEMO_MARK = "演示"


class _Document(msgspec.Struct, frozen=True):
    """A finished certificate and what of it is kept in the row."""

    pdf: bytes
    qr_text: str
    photo_digest: bytes


async def render_pdf(runtime: Runtime, *, credential_id: str) -> None:
    """Make the PDF of a credential unless it is there; one that is not in the log yet is made after the next head."""
    press = await asyncio.to_thread(Press.open, runtime)
    try:
        await render_one(press, UUID(credential_id))
    except NotLoggedYetError:
        await _wait_for_log(runtime, Scope(region=runtime.settings.root_region), credential_id)


async def render_one(press: "Press", credential_id: UUID) -> None:
    """Make one PDF unless it is there; raises NotLoggedYetError, and what drawing and signing raise."""
    runtime = press.runtime
    scope = Scope(region=runtime.settings.root_region)
    async with runtime.databases.transaction(scope) as session:
        row = await session.get(Credential, credential_id)
        if row is None or row.pdf_key is not None:
            return
        person = await get_person(session, row.person_id)
        position = await find_position(session, row.id)
        found = [
            await unpublished_key(session, runtime.settings.root_region, each, row.issuer_name) for each in press.names
        ]
        key = await begin_draft(session, row, at=runtime.clock.now())
    photo = await photo_of(runtime, row.photo_key)
    try:
        document = await asyncio.to_thread(press.make, row, person, photo, position)
    except DomainError:
        async with runtime.databases.transaction(scope) as session:
            await end_draft(session, key)
        raise
    async with runtime.databases.transaction(scope) as session:
        for new_key in filter(None, found):
            await publish_key(session, new_key, at=runtime.clock.now())
        await _keep(session, press, row.id, document, key)


async def _wait_for_log(runtime: Runtime, scope: Scope, credential_id: str) -> None:
    """Come back when the next head of the log has been signed: what was never logged is never printed."""
    at = runtime.clock.now() + timedelta(seconds=1 + runtime.settings.checkpoint_interval_s)
    async with runtime.databases.transaction(scope) as session:
        await defer(session, RENDER, at=at, credential_id=credential_id)


async def photo_of(runtime: Runtime, key: str | None) -> bytes | None:
    """Return a portrait that is stored, None where there is none."""
    if key is None:
        return None
    try:
        return await runtime.storage.get(key)
    except NotFoundError:
        return None


@dataclass(frozen=True)
class Press:
    """What makes documents here: the keys that sign them, and the time-stamp authority where there is one."""

    runtime: Runtime
    signer: Signer
    documents: DocumentSigner
    stamping: "Stamping | None"

    @classmethod
    def open(cls, runtime: Runtime) -> Self:
        """Ask for the keys; raises as `open_signer` and `open_stamping`."""
        from certs.pades.stamping import open_stamping  # noqa: PLC0415  # pyHanko, for whoever makes documents alone

        settings = runtime.settings
        return cls(runtime, open_signer(settings), open_documents(settings), open_stamping(settings))

    @property
    def names(self) -> tuple[KeyName, ...]:
        """Return the keys that verifiers must know."""
        signer = self.signer
        return KeyName(signer.public, signer.algorithm), self.documents.name

    def make(self, row: Credential, person: PersonView, photo: bytes | None, position: int | None) -> _Document:
        """Draw, sign and seal; blocks, and raises what the keys and the authority raise."""
        from certs.pades.making import sign_document  # noqa: PLC0415  # as above

        drawn = _draw(self.runtime, self.signer, row, person, photo, position)
        at = self.runtime.clock.now()
        signed = sign_document(drawn.pdf, self.documents, issuer=row.issuer_name, at=at, stamping=self.stamping)
        return msgspec.structs.replace(drawn, pdf=seal_file(signed, self.signer))


def _draw(
    runtime: Runtime,
    signer: Signer,
    row: Credential,
    person: PersonView,
    photo: bytes | None,
    position: int | None,
) -> _Document:
    """Sign the statement and draw the certificate around it."""
    photo_digest = digest_photo(photo) if photo else NO_PHOTO
    payload = QrPayload(
        public_id=row.public_id,
        item=row.qualification,
        name_masked=mask_name(person.name),
        id_tail=person.id_masked[-4:],
        valid_from=row.valid_from_on,
        valid_until=row.valid_until_on,
        photo_digest=photo_digest,
        position=position,
    )
    qr_text = encode_payload(payload, signer, base_url=runtime.settings.base_url)
    face = face_of(runtime, row, person, photo, qr_text)
    draw = permit_pdf if row.category == Category.SPECIAL else certificate_pdf
    pdf = draw(face, attachments=(qr_attachment(qr_text),))
    return _Document(pdf, qr_text, photo_digest)


def face_of(
    runtime: Runtime,
    row: Credential,
    person: PersonView,
    photo: bytes | None,
    qr_text: str,
) -> CertificateFace:
    """Return what stands on a credential's certificate."""
    qualification = get_qualification(row.qualification)
    special = qualification.category is Category.SPECIAL
    return CertificateFace(
        title=PERMIT_TITLE if special else COMPETENCE_TITLE,
        holder=person.name,
        number=runtime.sealer.open(row.number_sealed, NUMBER_PLACE),
        sex=SEX[person.sex],
        category=qualification.group_title if special else qualification.category.label,
        item=qualification.title,
        employer=row.employer,
        first_issued_on=row.first_issued_on,
        issued_on=row.issued_on,
        valid_from=row.valid_from_on,
        valid_until=row.valid_until_on,
        review_due_on=review_day(row.qualification, row.review_due_on),
        issuer=row.issuer_name,
        photo=photo,
        qr_text=qr_text,
        public_id=row.public_id,
        rule_set_note=f"{row.basis};规则版本 {row.rule_set}",
        watermark="" if runtime.settings.profile is Profile.PRODUCTION else DEMO_MARK,
    )


async def _keep(session: AsyncSession, press: Press, credential_id: UUID, document: _Document, key: str) -> None:
    """Store the file and what is kept of it; a run that was overtaken finds the lock's row done and leaves no file."""
    row = await lock_credential(session, credential_id)
    await end_draft(session, key)
    if row.pdf_key is not None:
        return
    row.qr_text, row.photo_digest = document.qr_text, document.photo_digest
    row.pdf_digest, row.key_id = digest(document.pdf), press.signer.key_id.hex()
    # each run has a key of its own, so that one which dies here never leaves its bytes under a later one's digest
    row.pdf_key = key
    await press.runtime.storage.put(key, document.pdf)
    await session.flush()
    facts = {"pdf_digest": row.pdf_digest.hex(), "key_id": row.key_id}
    await note(session, SYSTEM, row, "pdf_made", reason="", at=press.runtime.clock.now(), facts={**facts})
