"""The signing desk signs what the signed log says was decided, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from certs.desk.client import RemoteSigner
from certs.desk.errors import NotLoggedYetError, SignerAwayError, SigningRefusedError
from certs.desk.serving import serve_desk
from certs.desk.wire import LENGTH_BYTES, MAX_FRAME
from certs.envelope import FILE_DOMAIN, is_sealed, seal_file
from certs.issuing import RENDER
from certs.keys import open_documents, open_signer
from certs.pades.checking import DocumentState, check_document
from certs.pades.making import sign_document
from certs.pades.message import DOCUMENT_DOMAIN, compose
from certs.publishing import LIST_KEY, publish_status
from certs.qr import QrPayload, decode_payload, digest_photo, encode_payload
from certs.rendering import render_pdf
from certs.signing import KeyRing
from certs.statuses import gather_codes
from certs.statuslist import StatusCode, pack_codes, read_list, sign_list
from exam.core.audit.custody import Custody
from exam.core.clock import FrozenClock, local_date
from exam.core.config import Profile, Settings, SettingsError
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.ids import new_token
from exam.core.runtime import Runtime
from tests.builders.certs import ROOT, Certified, certified, credential_of, credentials
from tests.builders.log import ORIGIN, signing
from tests.integration.test_log_signing import as_superuser


@pytest.fixture
async def holder(runtime: Runtime, clock: FrozenClock) -> Certified:
    return await certified(runtime, clock)


@pytest.fixture
async def asking(runtime: Runtime, tmp_path: Path) -> AsyncIterator[Runtime]:
    """A runtime that signs by a desk, while the desk is open."""
    custody = Custody.open(runtime.settings.signer_folder, name=ORIGIN, may_create=True)
    settings = msgspec.structs.replace(runtime.settings, signing_socket=tmp_path / "desk.sock")
    other = replace(runtime, settings=settings)
    desk = asyncio.create_task(serve_desk(other, custody.head))
    await asyncio.sleep(0.05)  # it listens after a few steps of this loop
    yield other
    desk.cancel()
    with suppress(asyncio.CancelledError):
        await desk


async def logged(runtime: Runtime) -> None:
    async with signing(runtime) as log:
        await log.turn()


async def asked(runtime: Runtime, payload: QrPayload) -> str:
    """Let the desk sign a statement, as the process that makes documents does."""
    signer = await asyncio.to_thread(open_signer, runtime.settings)
    return await asyncio.to_thread(encode_payload, payload, signer)


async def ring_of(runtime: Runtime) -> KeyRing:
    return KeyRing([(await asyncio.to_thread(open_signer, runtime.settings)).pinned_as("x")])


async def test_nothing_is_printed_before_the_decision_is_in_the_signed_log(
    holder: Certified, asking: Runtime, settings: Settings
) -> None:
    as_superuser(
        settings,
        "update certs_credential set pdf_key = null, pdf_digest = null, key_id = null",
        "delete from certs_credential_event where kind = 'pdf_made'",
    )
    await render_pdf(asking, credential_id=str(holder.credential_id))
    (row,) = await credentials(asking, holder.registration.person_id)
    assert row.pdf_key is None
    async with asking.databases.session(NOTHING, Role.OWNER) as session:
        query = text("select scheduled_at from jobs.procrastinate_jobs where task_name = :name and status = 'todo'")
        (again,) = await session.scalars(query, {"name": RENDER})
    assert again > asking.clock.now()
    await logged(asking)
    await render_pdf(asking, credential_id=str(holder.credential_id))
    made = await credential_of(asking, holder.exam)
    ring = await ring_of(asking)
    assert is_sealed(made.pdf, ring)
    assert decode_payload(made.qr_text, ring).payload.public_id == holder.public_id


async def test_a_statement_that_the_log_does_not_bear_out_is_refused(
    holder: Certified, asking: Runtime, settings: Settings
) -> None:
    payload = decode_payload(holder.qr_text, await ring_of(asking)).payload
    with pytest.raises(NotLoggedYetError):
        await asked(asking, payload)
    await logged(asking)
    assert await asked(asking, payload)
    for changes in (
        {"public_id": new_token()},
        {"item": "special.2.1"},
        {"name_masked": "李*"},
        {"id_tail": "000X"},
        {"valid_until": date(2099, 1, 1)},
        {"position": 7},
        {"photo_digest": digest_photo(b"another face")},
    ):
        with pytest.raises(SigningRefusedError):
            await asked(asking, msgspec.structs.replace(payload, **changes))
    as_superuser(settings, "update certs_credential set valid_until_on = '2099-01-01'")
    with pytest.raises(SigningRefusedError):
        await asked(asking, msgspec.structs.replace(payload, valid_until=date(2099, 1, 1)))


async def test_an_entry_that_was_written_beside_the_log_signs_nothing(
    holder: Certified, asking: Runtime, settings: Settings
) -> None:
    await logged(asking)
    payload = decode_payload(holder.qr_text, await ring_of(asking)).payload
    changed = "convert_to(replace(convert_from(leaf, 'UTF8'), 'credential.issued', 'credential.issued '), 'UTF8')"
    as_superuser(settings, f"update core_audit_entry set leaf = {changed} where act = 'credential.issued'")
    with pytest.raises(SigningRefusedError):
        await asked(asking, payload)


async def test_a_file_is_signed_for_the_statement_that_it_carries(holder: Certified, asking: Runtime) -> None:
    await logged(asking)
    signer = await asyncio.to_thread(open_signer, asking.settings)
    assert is_sealed(await asyncio.to_thread(seal_file, holder.pdf, signer), await ring_of(asking))
    nothing = b"%PDF-1.7 nothing of ours"
    for message in (FILE_DOMAIN + nothing, compose(b"1\0", nothing), DOCUMENT_DOMAIN, b"anything", b"a.b"):
        with pytest.raises(SigningRefusedError):
            await asyncio.to_thread(signer.sign, message)


async def test_a_pdf_is_signed_for_the_statement_that_it_carries(
    holder: Certified, asking: Runtime, settings: Settings
) -> None:
    documents = await asyncio.to_thread(open_documents, asking.settings)
    unsigned = holder.pdf[: holder.pdf.index(b"%%EOF") + 6]
    make = partial(sign_document, documents=documents, issuer="x", at=asking.clock.now())
    with pytest.raises(NotLoggedYetError):
        await asyncio.to_thread(make, unsigned)
    await logged(asking)
    ring = KeyRing([documents.name.pinned_as("x")])
    assert check_document(await asyncio.to_thread(make, unsigned), ring) is DocumentState.GOOD
    as_superuser(settings, "update certs_credential set valid_until_on = '2099-01-01'")
    with pytest.raises(SigningRefusedError):
        await asyncio.to_thread(make, unsigned)


async def test_a_status_list_is_signed_as_the_database_has_it_and_for_now(holder: Certified, asking: Runtime) -> None:
    await logged(asking)
    await publish_status(asking)
    signer, ring = await asyncio.to_thread(open_signer, asking.settings), await ring_of(asking)
    async with asking.databases.session(ROOT) as session:
        packed = await gather_codes(session, on=local_date(asking.clock.now()))
    assert packed is not None
    assert read_list(await asking.storage.get(LIST_KEY), ring).packed == packed
    at = asking.clock.now()
    forged = pack_codes([(holder_position(holder, ring), StatusCode.REVOKED)], 2 * len(packed))
    for entries, moment in ((forged, at), (packed, at - timedelta(hours=3)), (packed, at + timedelta(days=1))):
        with pytest.raises(SigningRefusedError):
            await asyncio.to_thread(sign_list, entries, signer, issuer="x", address="y", at=moment)


def holder_position(holder: Certified, ring: KeyRing) -> int:
    position = decode_payload(holder.qr_text, ring).payload.position
    assert position is not None
    return position


async def test_questions_out_of_bounds_close_the_connection_and_others_go_on(asking: Runtime) -> None:
    for bad in (b"", b"\0\0", (MAX_FRAME + 1).to_bytes(LENGTH_BYTES), (3).to_bytes(LENGTH_BYTES) + b"abc"):
        reader, writer = await asyncio.open_unix_connection(asking.settings.signing_socket)
        writer.write(bad)
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
    assert await asyncio.to_thread(RemoteSigner.open, asking.settings.signing_socket)


async def test_without_a_desk_nothing_is_signed(runtime: Runtime, tmp_path: Path) -> None:
    away = msgspec.structs.replace(runtime.settings, signing_socket=tmp_path / "nobody.sock")
    with pytest.raises(SignerAwayError):
        await asyncio.to_thread(open_signer, away)
    with pytest.raises(SettingsError):
        open_signer(msgspec.structs.replace(runtime.settings, profile=Profile.PRODUCTION))
