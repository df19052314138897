"""Batches: chosen within a region, made in stretches that survive a death, cancelled and resumed, taken away and logged."""

import asyncio
import dataclasses
import hashlib
import io
import json
import zipfile
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import openpyxl
import pypdf
import pytest
from httpx import AsyncClient
from msgspec.structs import replace
from sqlalchemy import select

from certs.batches.choosing import Choice, Paper
from certs.batches.errors import BatchEmptyError, BatchNotFoundError
from certs.batches.making import forget_batches, make_batch
from certs.batches.service import KEPT, STALLED, BatchState, ask_batch, get_batch
from certs.drafts import LEFT, sweep_drafts
from certs.filling import fill_credentials
from certs.lifecycle import suspend
from certs.models import Credential, Draft
from certs.rendering import render_pdf
from exam.core.audit.ledger import AuditRow
from exam.core.clock import FrozenClock
from exam.core.config import Profile
from exam.core.crypto import digest
from exam.core.db.scope import Scope
from exam.core.errors import ForbiddenError
from exam.core.runtime import Runtime
from exam.identity.sessions import COOKIE
from tests.builders.certs import HERE, NAME, OFFICER, ROOT, Certified, certified, credentials, make_authority, regulator
from tests.builders.desks import session_of
from tests.builders.documents import flat
from tests.builders.grading import work_off
from tests.builders.records import make_person
from tests.builders.sitting import COUNTY, ELECTRICIAN
from tests.builders.web import send, wear
from tests.integration.test_log_signing import as_superuser

PATH = "/centre/credentials/batches"


async def _state(runtime: Runtime, batch_id: UUID) -> tuple[BatchState, int, int]:
    async with runtime.databases.session(ROOT) as session:
        found = await get_batch(session, batch_id)
    return found.state, found.done, found.volumes


async def _without_file(runtime: Runtime, holder: Certified) -> None:
    """Put a credential back to the moment before its file was made, past the trigger that would refuse."""
    async with runtime.databases.session(ROOT) as session:
        row = await session.get_one(Credential, holder.credential_id)
    assert row.pdf_key
    await runtime.storage.delete(row.pdf_key)
    blank = "pdf_key = null, pdf_digest = null, qr_text = null, photo_digest = null, key_id = null"
    as_superuser(
        runtime.settings,
        "delete from certs_credential_event where kind = 'pdf_made'",
        f"update certs_credential set {blank}",
    )


async def _acts(runtime: Runtime) -> list[str]:
    query = select(AuditRow.act).where(AuditRow.act.startswith("credential.batch")).order_by(AuditRow.position)
    async with runtime.databases.session(ROOT) as session:
        return list(await session.scalars(query))


async def test_a_batch_from_the_form_to_the_files(runtime: Runtime, clock: FrozenClock, client: AsyncClient) -> None:
    holder = await certified(runtime, clock)
    await _without_file(runtime, holder)
    _, token = await session_of(runtime, role="centre")
    wear(client, {COOKIE: token})
    assert "场次" in (await client.get(f"{PATH}/new")).text
    form = {"sitting": str(holder.exam.sitting_id), "paper": "card", "qualification": ELECTRICIAN}
    refused = await send(client, PATH, form | {"issued_from": "2026-13-01"})
    assert (refused.status_code, "签发日期填写有误" in refused.text) == (400, True)
    nothing = await send(client, PATH, form | {"issued_until": "2020-01-01"})
    assert "没有符合条件的有效证书" in nothing.text
    asked = await send(client, PATH, form)
    assert asked.status_code == 303, asked.text
    link = asked.headers["location"]
    page = (await client.get(link)).text
    assert "证书文件 0 / 1 本" in page
    assert (await client.get(f"{link}/files.zip")).status_code == 409
    await work_off(runtime)
    ready = (await client.get(link, headers={"hx-request": "true"})).headers
    assert ready["hx-refresh"] == "true"
    page = (await client.get(link)).text
    assert ("第 1 册" in page, holder.number in page) == (True, False)

    archive = zipfile.ZipFile(io.BytesIO((await client.get(f"{link}/files.zip")).content))
    name, sums, manifest = archive.namelist()
    content = archive.read(name)
    assert name.startswith(f"00001-{NAME}-")
    assert archive.read(sums).decode() == f"{hashlib.sha256(content).hexdigest()}  {name}\n"
    (told,) = json.loads(archive.read(manifest))
    assert (told["outcome"], told["sha256"]) == ("included", hashlib.sha256(content).hexdigest())
    async with runtime.databases.session(ROOT) as session:
        assert (await session.get_one(Credential, holder.credential_id)).pdf_digest == digest(content)

    front, back = pypdf.PdfReader(io.BytesIO((await client.get(f"{link}/print/1")).content)).pages
    assert holder.number in flat(front.extract_text())
    assert "持证须知" in flat(back.extract_text())
    assert (await client.get(f"{link}/print/2")).status_code == 404
    rows = list(
        openpyxl.load_workbook(io.BytesIO((await client.get(f"{link}/pickup.xlsx")).content)).worksheets[0].values
    )
    assert rows[1][:2] == (1, NAME)
    assert holder.number not in str(rows)
    card = await client.get(f"/centre/credentials/{holder.credential_id}.card.pdf")
    assert len(pypdf.PdfReader(io.BytesIO(card.content)).pages) == 2
    assert await _acts(runtime) == [
        "credential.batch_asked",
        "credential.batch_made",
        *["credential.batch_downloaded"] * 3,
    ]

    await _later(runtime, clock, client, link, holder)


async def _later(runtime: Runtime, clock: FrozenClock, client: AsyncClient, link: str, holder: Certified) -> None:
    """What was suspended since is not given out, other regions see nothing, and print files do not lie about for good."""
    async with runtime.databases.transaction(ROOT) as session:
        await suspend(session, regulator(), holder.credential_id, reason="有疑点", at=clock.now())
    later = zipfile.ZipFile(io.BytesIO((await client.get(f"{link}/files.zip")).content))
    assert later.namelist() == ["SHA256SUMS", "manifest.json"]
    assert "not_current" in later.read("manifest.json").decode()
    assert "1 本证书被暂停" in (await client.get(link)).text

    _, token = await session_of(runtime, role="centre", region="33/3301/330102")
    wear(client, {COOKIE: token})
    assert (await client.get(link)).status_code == 404
    assert (await client.get(f"{link}/files.zip")).status_code == 404
    clock.advance(KEPT + timedelta(seconds=1))
    await forget_batches(runtime)
    assert (await _state(runtime, UUID(link.rpartition("/")[2])))[0] is BatchState.OVER


async def test_it_is_cancelled_and_goes_on_and_a_death_costs_nothing(
    runtime: Runtime, clock: FrozenClock, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = await certified(runtime, clock)
    await _without_file(runtime, holder)
    by = regulator(region=COUNTY)
    async with runtime.databases.transaction(HERE) as session:
        batch_id = await ask_batch(session, by, Choice(), Paper.A4, at=clock.now())
        with pytest.raises(BatchEmptyError):
            await ask_batch(session, by, Choice(uscc="91330100799655058B"), Paper.A4, at=clock.now())
    async with runtime.databases.session(Scope(region="33/3302")) as session:
        with pytest.raises(BatchNotFoundError):
            await get_batch(session, batch_id)
    _, token = await session_of(runtime, role="regulator")
    wear(client, {COOKIE: token})
    assert (await send(client, f"{PATH}/{batch_id}/resume")).status_code == 409
    assert (await send(client, f"{PATH}/{batch_id}/cancel")).status_code == 303
    await work_off(runtime)
    assert await _state(runtime, batch_id) == (BatchState.CANCELLED, 0, 0)
    assert (await send(client, f"{PATH}/{batch_id}/resume")).status_code == 303

    # the worker dies while a print file is on its way: the queue hands the same job out again
    with monkeypatch.context() as patched:
        patched.setattr("certs.batches.making.print_volume", _die)
        with pytest.raises(RuntimeError):
            await work_off(runtime)
    assert await _state(runtime, batch_id) == (BatchState.MAKING, 1, 0)
    clock.advance(STALLED)
    assert "没有进展" in (await client.get(f"{PATH}/{batch_id}")).text
    await asyncio.gather(make_batch(runtime, batch_id=str(batch_id)), make_batch(runtime, batch_id=str(batch_id)))
    await work_off(runtime)
    assert await _state(runtime, batch_id) == (BatchState.READY, 1, 1)
    assert "已完成" in (await client.get(PATH)).text


async def _die(*_: object, **__: object) -> bytes:
    raise RuntimeError


def _stored(runtime: Runtime, holder: Certified) -> list[Path]:
    return list(runtime.settings.data_dir.rglob(f"{holder.credential_id}-*.pdf"))


async def test_a_run_that_is_overtaken_leaves_no_file_behind(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    await _without_file(runtime, holder)
    await asyncio.gather(*(render_pdf(runtime, credential_id=str(holder.credential_id)) for _ in range(3)))
    stored = _stored(runtime, holder)
    assert len(stored) == 1
    async with runtime.databases.session(ROOT) as session:
        row = await session.get_one(Credential, holder.credential_id)
        assert row.pdf_digest == digest(stored[0].read_bytes())


async def test_what_a_run_that_died_has_stored_is_swept_and_what_is_kept_never(
    runtime: Runtime, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = await certified(runtime, clock)
    await _without_file(runtime, holder)
    with monkeypatch.context() as patched:
        patched.setattr("certs.rendering.note", _die)
        with pytest.raises(RuntimeError):
            await render_pdf(runtime, credential_id=str(holder.credential_id))
    (orphan,) = _stored(runtime, holder)
    await render_pdf(runtime, credential_id=str(holder.credential_id))
    await sweep_drafts(runtime)
    assert len(_stored(runtime, holder)) == 2, "a young one may still be kept"
    (kept,) = set(_stored(runtime, holder)) - {orphan}
    clock.advance(LEFT + timedelta(seconds=1))
    async with runtime.databases.transaction(ROOT) as session:
        row = await session.get_one(Credential, holder.credential_id)
        key = str(row.pdf_key)
        # a note that should not be: what a credential names is not swept all the same
        session.add(Draft(key=key, credential_id=row.id, region=row.region, begun_at=clock.now() - 2 * LEFT))
    await sweep_drafts(runtime)
    assert _stored(runtime, holder) == [kept]
    assert digest(await runtime.storage.get(key)) == digest(kept.read_bytes())
    async with runtime.databases.session(ROOT) as session:
        assert (await session.scalars(select(Draft.key))).all() == []


async def test_what_is_filled_in_for_measuring_is_made_as_any_other(runtime: Runtime) -> None:
    await make_authority(runtime)
    at, person = runtime.clock.now(), await make_person(runtime, number=7)
    async with runtime.databases.transaction(ROOT) as session:
        fill = partial(
            fill_credentials, session, people=[person], qualification=OFFICER, region=COUNTY, first_serial=1, at=at
        )
        await fill(runtime)
        elsewhere = dataclasses.replace(runtime, settings=replace(runtime.settings, profile=Profile.DEMO))
        with pytest.raises(ForbiddenError):
            await fill(elsewhere)
    (row,) = await credentials(runtime, person)
    await render_pdf(runtime, credential_id=str(row.id))
    (row,) = await credentials(runtime, person)
    assert row.pdf_key
