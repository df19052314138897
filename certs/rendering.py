"""Making the PDF (证书文件): sign the statement, draw it, seal the file, store it; safe to run twice."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from certs.authority import unpublished_key
from certs.desk.errors import NotLoggedYetError
from certs.document import CertificateFace, certificate_pdf, permit_pdf
from certs.duties import review_day
from certs.envelope import qr_attachment, seal_file
from certs.history import lock_credential, note
from certs.issuing import RENDER
from certs.keys import open_signer, publish_key
from certs.models import Credential
from certs.naming import NUMBER_PLACE
from certs.qr import NO_PHOTO, QrPayload, digest_photo, encode_payload, mask_name
from certs.signing import Signer
from certs.statuses import find_position
from exam.core.config import Profile
from exam.core.crypto import digest
from exam.core.db.scope import Scope
from exam.core.errors import NotFoundError
from exam.core.jobs import defer
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.identity.api import PersonView, get_person
from exam.standards.api import Category, get_qualification

PERMIT_TITLE = "特种作业操作证"
COMPETENCE_TITLE = "安全生产知识和管理能力考核合格证"
SEX = {"male": "男", "female": "女"}
DEMO_MARK = "演示"


class _Document(msgspec.Struct, frozen=True):
    """A finished certificate and what of it is kept in the row."""

    pdf: bytes
    qr_text: str
    photo_digest: bytes


async def render_pdf(runtime: Runtime, *, credential_id: str) -> None:
    """Make the PDF of a credential unless it is there; the same credential gives the same bytes under the same key."""
    signer = await asyncio.to_thread(open_signer, runtime.settings)
    scope = Scope(region=runtime.settings.root_region)
    async with runtime.databases.transaction(scope) as session:
        row = await session.get(Credential, UUID(credential_id))
        if row is None or row.pdf_key is not None:
            return
        person = await get_person(session, row.person_id)
        position = await find_position(session, row.id)
        new_key = await unpublished_key(session, runtime.settings.root_region, signer, row.issuer_name)
    photo = await _photo(runtime, row.photo_key)
    try:
        document = await asyncio.to_thread(_make, runtime, signer, row, person, photo, position)
    except NotLoggedYetError:
        await _wait_for_log(runtime, scope, credential_id)
        return
    key = f"certs/{row.issued_on.year}/{row.id}.pdf"
    await runtime.storage.put(key, document.pdf)
    async with runtime.databases.transaction(scope) as session:
        if new_key is not None:
            await publish_key(session, new_key, at=runtime.clock.now())
        await _keep(session, row.id, signer, document, key, at=runtime.clock.now())


async def _wait_for_log(runtime: Runtime, scope: Scope, credential_id: str) -> None:
    """Come back when the next head of the log has been signed: what was never logged is never printed."""
    at = runtime.clock.now() + timedelta(seconds=1 + runtime.settings.checkpoint_interval_s)
    async with runtime.databases.transaction(scope) as session:
        await defer(session, RENDER, at=at, credential_id=credential_id)


async def _photo(runtime: Runtime, key: str | None) -> bytes | None:
    if key is None:
        return None
    try:
        return await runtime.storage.get(key)
    except NotFoundError:
        return None


def _make(
    runtime: Runtime,
    signer: Signer,
    row: Credential,
    person: PersonView,
    photo: bytes | None,
    position: int | None,
) -> _Document:
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
    face = _face(runtime, row, person, photo, qr_text)
    draw = permit_pdf if row.category == Category.SPECIAL else certificate_pdf
    pdf = draw(face, attachments=(qr_attachment(qr_text),))
    return _Document(seal_file(pdf, signer), qr_text, photo_digest)


def _face(
    runtime: Runtime,
    row: Credential,
    person: PersonView,
    photo: bytes | None,
    qr_text: str,
) -> CertificateFace:
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


async def _keep(
    session: AsyncSession,
    credential_id: UUID,
    signer: Signer,
    document: _Document,
    key: str,
    *,
    at: datetime,
) -> None:
    row = await lock_credential(session, credential_id)
    if row.pdf_key is not None:
        return
    row.qr_text, row.photo_digest = document.qr_text, document.photo_digest
    row.pdf_key, row.pdf_digest = key, digest(document.pdf)
    row.key_id = signer.key_id.hex()
    await session.flush()
    facts = {"pdf_digest": row.pdf_digest.hex(), "key_id": row.key_id}
    await note(session, SYSTEM, row, "pdf_made", reason="", at=at, facts={**facts})
