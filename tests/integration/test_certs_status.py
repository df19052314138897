"""The published status list: signed by the worker, complete, told by position alone, never from an old backup."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from certs.grounds import Ground
from certs.keys import KEY_FILE, publish_key
from certs.lifecycle import confirm, propose, suspend
from certs.models import Credential
from certs.publishing import LIST_ADDRESS, LIST_KEY, PAGE_KEY, find_file, publish_status
from certs.qr import decode_payload
from certs.signing import KeyRing, LocalSigner
from certs.statuses import BLOCK, FILLED, gather_codes, give_position
from certs.statuslist import MEDIA_TYPE, StatusCode, StatusList, read_list
from certs.suites import Ed25519Private
from exam.core.clock import FrozenClock, local_date
from exam.core.config import Settings
from exam.core.ids import new_id, new_token
from exam.core.runtime import Runtime
from tests.builders.certs import HERE, Certified, certified, regulator
from tests.builders.grading import work_off
from tests.builders.log import signing
from tests.builders.web import browsing
from tests.integration.test_log_signing import as_superuser

_COPY = text(
    "insert into certs_credential select (jsonb_populate_record(c, jsonb_build_object('id', cast(:id as uuid),"
    " 'public_id', cast(:token as text), 'version', 2, 'qualification', 'officer.general'))).*"
    " from certs_credential c where c.id = :of"
)


@pytest.fixture
async def holder(runtime: Runtime, clock: FrozenClock) -> Certified:
    return await certified(runtime, clock)


async def published(runtime: Runtime) -> tuple[StatusList, KeyRing]:
    async with browsing(runtime) as client:
        ring = KeyRing.from_json((await client.get("/verify/keys.json")).content)
        answer = await client.get(LIST_ADDRESS)
    assert answer.headers["content-type"].startswith(MEDIA_TYPE)
    return read_list(answer.content, ring), ring


async def test_the_list_follows_the_acts_and_names_nobody(
    holder: Certified, runtime: Runtime, clock: FrozenClock
) -> None:
    await publish_status(runtime)
    statuses, ring = await published(runtime)
    position = decode_payload(holder.qr_text, ring).payload.position
    assert position is not None
    assert statuses.code(position) is StatusCode.ISSUED
    assert sum(statuses.code(n) is not StatusCode.UNASSIGNED for n in range(BLOCK)) == 1
    for act, code in ((None, StatusCode.SUSPENDED), (Ground.WRONG_ISSUE, StatusCode.REVOKED)):
        clock.advance(timedelta(seconds=1))
        async with runtime.databases.transaction(HERE) as session:
            at = clock.now()
            if act is None:
                await suspend(session, regulator(), holder.credential_id, reason="核查", at=at)
            else:
                asked = await propose(session, regulator(), holder.credential_id, act, reason="查实", at=at)
                await confirm(session, regulator(), asked, at=at)
        assert "certs.publish_status" in await work_off(runtime)
        assert (await published(runtime))[0].code(position) is code


async def test_nothing_is_signed_anew_without_a_change_until_the_hour(
    holder: Certified, runtime: Runtime, clock: FrozenClock
) -> None:
    assert holder.qr_text
    await publish_status(runtime)
    first = await find_file(runtime.storage, LIST_KEY)
    clock.advance(timedelta(minutes=59))
    await publish_status(runtime)
    assert await find_file(runtime.storage, LIST_KEY) == first
    clock.advance(timedelta(minutes=1))
    await publish_status(runtime)
    assert (await published(runtime))[0].signed_at == clock.now()


async def test_a_new_key_signs_the_list_at_once(holder: Certified, runtime: Runtime, clock: FrozenClock) -> None:
    assert holder.qr_text
    await publish_status(runtime)
    (runtime.settings.data_dir / KEY_FILE).unlink()
    clock.advance(timedelta(minutes=5))
    await publish_status(runtime)
    statuses, ring = await published(runtime)
    assert (statuses.signed_at, len(ring.keys)) == (clock.now(), 3)
    page = (await find_file(runtime.storage, PAGE_KEY) or b"").decode()
    assert sum(key.key_id.hex() in page for key in ring.keys) == 3  # those of certificates and that of documents


async def test_a_new_key_of_documents_is_on_the_page_at_once(
    holder: Certified, runtime: Runtime, clock: FrozenClock
) -> None:
    assert holder.qr_text
    await publish_status(runtime)
    clock.advance(timedelta(minutes=5))
    new = LocalSigner(Ed25519Private.generate()).pinned_as("新启用的密钥")
    async with runtime.databases.transaction(HERE) as session:
        await publish_key(session, new, at=clock.now())
    await publish_status(runtime)
    assert new.key_id.hex() in (await find_file(runtime.storage, PAGE_KEY) or b"").decode()


async def test_an_old_backup_signs_no_list(
    holder: Certified, runtime: Runtime, settings: Settings, clock: FrozenClock
) -> None:
    assert holder.qr_text
    async with signing(runtime) as log:
        await log.turn()
    as_superuser(settings, "delete from core_log_leaf where index > 3")
    clock.advance(timedelta(hours=2))
    await publish_status(runtime)
    assert await find_file(runtime.storage, LIST_KEY) is None


async def test_before_the_first_credential_there_is_no_list(runtime: Runtime) -> None:
    await publish_status(runtime)
    async with browsing(runtime) as client:
        answer = await client.get(LIST_ADDRESS, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (404, "status_list_pending")


async def test_a_full_block_is_followed_by_the_next(holder: Certified, runtime: Runtime, settings: Settings) -> None:
    as_superuser(settings, f"select setval('certs_status_serial', {FILLED})")
    async with runtime.databases.transaction(HERE) as session:
        await session.execute(_COPY, {"id": new_id(), "of": holder.credential_id, "token": new_token()})
        copy = await session.scalar(select(Credential).where(Credential.version == 2))
        assert copy is not None
        assert BLOCK <= await give_position(session, copy) < 2 * BLOCK
        packed = await gather_codes(session, on=local_date(runtime.clock.now()))
    assert packed is not None
    assert len(packed) == BLOCK


async def test_the_page_to_keep_holds_list_and_keys_and_no_address_that_it_asks(
    holder: Certified, runtime: Runtime
) -> None:
    assert holder.qr_text
    await publish_status(runtime)
    page = (await find_file(runtime.storage, PAGE_KEY) or b"").decode()
    token = (await find_file(runtime.storage, LIST_KEY) or b"").decode()
    assert token in page
    assert "default-src 'none'" in page
    for way_out in ("fetch(", "XMLHttpRequest", "<link", "src=", "import(", "WebSocket"):
        assert way_out not in page
    async with browsing(runtime) as client:
        answer = await client.get("/verify/offline")
        shown = (await client.get("/verify/keys")).text
    assert answer.content.decode() == page
    assert "attachment" in answer.headers["content-disposition"]
    assert "/verify/offline" in shown
