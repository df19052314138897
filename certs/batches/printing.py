"""Print files of a batch: many certificates on A4 pages or card sheets in one PDF, to be printed and not to be kept.

They carry no signature of their own: what is signed is each certificate's file. The QR is the very one of that file.
"""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from certs.batches.choosing import Paper
from certs.cards import card_pdf, card_sheets
from certs.document import page_of
from certs.errors import CredentialNotFoundError, DocumentPendingError
from certs.face import CertificateFace, about_of
from certs.models import Credential
from certs.rendering import face_of, photo_of
from exam.core.db.scope import Scope
from exam.core.pdf.sheet import A4, render_pages
from exam.core.runtime import Runtime
from exam.identity.api import PersonView, get_person, list_people


async def print_volume(runtime: Runtime, scope: Scope, wanted: Sequence[UUID], *, paper: str) -> bytes:
    """Return one PDF of certificates in the order that is asked for; raises what drawing raises."""
    async with runtime.databases.transaction(scope) as session:
        rows = {row.id: row for row in await session.scalars(select(Credential).where(Credential.id.in_(wanted)))}
        people = await list_people(session, [row.person_id for row in rows.values()])
    faces = [await _face(runtime, rows[each], people[rows[each].person_id]) for each in wanted]
    return await asyncio.to_thread(_drawn, faces, paper)


async def single_card(session: AsyncSession, runtime: Runtime, credential_id: UUID) -> bytes:
    """Return one card of the scope for a card printer; raises DocumentPendingError and CredentialNotFoundError."""
    row = await session.get(Credential, credential_id)
    if row is None:
        raise CredentialNotFoundError
    face = await _face(runtime, row, await get_person(session, row.person_id))
    return await asyncio.to_thread(card_pdf, face)


async def _face(runtime: Runtime, row: Credential, person: PersonView) -> CertificateFace:
    if row.qr_text is None:
        raise DocumentPendingError
    return face_of(runtime, row, person, await photo_of(runtime, row.photo_key), row.qr_text)


def _drawn(faces: Sequence[CertificateFace], paper: str) -> bytes:
    if paper == Paper.CARD:
        return render_pages([(A4, draw) for draw in card_sheets(faces)], about_of(faces[0]))
    return render_pages([page_of(face) for face in faces], about_of(faces[0]))
