"""The OFD copy (版式文件, GB/T 33190-2016) of a certificate: drawn as the PDF is, sealed by the credential key.

It is made when somebody asks for it, from the statement that was signed for the PDF: the signer holds it against the log
as it does the PDF. What was issued to a name is never drawn under another.
"""

import asyncio
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from certs.document import page_of
from certs.envelope import qr_attachment, seal_file, seal_place
from certs.errors import CopyOutdatedError, CredentialNotFoundError, DocumentPendingError
from certs.face import CertificateFace, about_of, require_glyphs
from certs.keys import open_signer
from certs.models import Credential
from certs.qr import mask_name
from certs.rendering import face_of, photo_of
from certs.state import CredentialState
from exam.core.errors import NotFoundError
from exam.core.ofd.package import render_ofd
from exam.core.runtime import Runtime
from exam.identity.api import get_person


async def credential_ofd(session: AsyncSession, runtime: Runtime, credential_id: UUID) -> bytes:
    """Return the copy of a certificate of the scope, sealed; the first one is kept.

    Raises CredentialNotFoundError, DocumentPendingError, CopyOutdatedError, and what drawing and signing raise.
    """
    row = await session.get(Credential, credential_id)
    if row is None:
        raise CredentialNotFoundError
    if row.pdf_key is None or row.qr_text is None:
        raise DocumentPendingError
    key = f"{row.pdf_key.removesuffix('.pdf')}.ofd"
    try:
        return await runtime.storage.get(key)
    except NotFoundError:
        content = await _make(session, runtime, row, row.qr_text)
    await runtime.storage.put(key, content)
    return content


async def _make(session: AsyncSession, runtime: Runtime, row: Credential, qr_text: str) -> bytes:
    person, photo = await get_person(session, row.person_id), await photo_of(runtime, row.photo_key)
    if row.status == CredentialState.SUPERSEDED or mask_name(person.name) != row.holder_masked:
        raise CopyOutdatedError
    face = face_of(runtime, row, person, photo, qr_text)
    return await asyncio.to_thread(lambda: seal_file(draw_ofd(face), open_signer(runtime.settings)))


def draw_ofd(face: CertificateFace) -> bytes:
    """Return the copy with the place of its seal; raises as `certs.document.certificate_pdf`."""
    require_glyphs(face)
    size, draw = page_of(face)
    attachments = (qr_attachment(face.qr_text),)
    return render_ofd(size, about_of(face), draw, attachments=attachments, comment=seal_place())
