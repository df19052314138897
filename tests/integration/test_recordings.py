"""Who may watch a recording, how it is served, and when it is deleted for good."""

import io
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import av
import pytest
from httpx import AsyncClient
from sqlalchemy import text

from exam.core.clock import FrozenClock, local_date, years_after
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.errors import NotFoundError
from exam.core.ids import new_id
from exam.core.principal import Grant, Principal
from exam.core.runtime import Runtime
from exam.delivery.api import get_attempt
from exam.identity.roles import Role as StaffRole
from exam.web.format import when
from proctor.evidence.container import PieceWriter, SegmentHead
from proctor.evidence.keys import RecordingDestroyedError, ensure_key, read_key
from proctor.evidence.models import Segment
from proctor.evidence.recordings import place_legal_hold, release_legal_hold, store_segment
from proctor.evidence.retention import delete_expired
from proctor.media.payload import is_key_frame
from proctor.media.remux import Muxer
from tests.builders import identity as make
from tests.builders.attempts import attempts_in_progress
from tests.builders.grading import examined
from tests.builders.media import FPS, encoded_clip
from tests.builders.sitting import COUNTY, make_bank, make_centre, make_sitting
from tests.builders.web import browsing, send, wear

FAR = "33/3302/330203"
BOSS = Principal(account=new_id(), grants=(Grant("regulator", COUNTY),), second_factor=True)


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[AsyncClient]:
    await runtime.valkey.flushdb()
    async with browsing(runtime) as opened:
        yield opened


def film(seconds: int = 2) -> bytes:
    """Return a WebM as the recorder writes it."""
    frames = encoded_clip(seconds)
    media: list[bytes] = []
    muxer = Muxer("VP8", frames[0], media.append)
    for number, frame in enumerate(frames):
        muxer.add(frame, number * 90_000 // FPS, key=is_key_frame("VP8", frame))
    muxer.close()
    return b"".join(media)


async def stored(
    runtime: Runtime,
    *,
    sitting_id: UUID,
    attempt_id: UUID | None,
    at: datetime | None = None,
    room_id: UUID | None = None,
) -> UUID:
    """Store a two-second recording of a seat, or of a room, and return its id."""
    began = at or runtime.clock.now()
    async with runtime.databases.transaction(Scope(region=COUNTY)) as session:
        key = await ensure_key(session, runtime.sealer, sitting_id, COUNTY, at=began)
        head = SegmentHead(
            id=new_id(),
            sitting_id=sitting_id,
            room_id=room_id or new_id(),
            region=COUNTY,
            attempt_id=attempt_id,
            source=f"seat/{attempt_id}/tile",
            codec="VP8",
            began_at=began,
        )
        pieces = PieceWriter(head, key)
        data = pieces.preamble + pieces.piece(film(), last=True)
        await store_segment(session, runtime, head, data, ended_at=began + timedelta(seconds=2), complete=True)
    return head.id


async def _proctor(client: AsyncClient, runtime: Runtime, region: str, login: str) -> None:
    account = await make.account(runtime, login=login, roles=(StaffRole.PROCTOR,), region=region)
    wear(client, await make.session_cookie(runtime, account))


async def test_a_recording_opens_to_who_says_why_and_to_the_own_region(client: AsyncClient, runtime: Runtime) -> None:
    [attempt] = await attempts_in_progress(runtime, 1, slots=2)
    segment = await stored(runtime, sitting_id=new_id(), attempt_id=attempt)
    page, video = f"/proctor/attempts/{attempt}/record", f"/proctor/recordings/{segment}"
    await _proctor(client, runtime, COUNTY, "near")
    assert "调阅原因" in (await client.get(page)).text
    assert (await client.get(video, headers={"accept": "application/json"})).json()["code"] == "playback_not_opened"
    refused = await send(client, f"{page}/open", {"reason": "curiosity"})
    assert refused.status_code == 400
    assert (await send(client, f"{page}/open", {"reason": "incident"})).status_code == 303
    assert 'id="player"' in (await client.get(page)).text
    whole = await client.get(video)
    assert (whole.status_code, whole.headers["content-type"]) == (200, "video/webm")
    with av.open(io.BytesIO(whole.content), "r") as container:
        assert sum(1 for _ in container.decode(video=0)) == 2 * FPS
    part = await client.get(video, headers={"range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole.content)}"
    tail = await client.get(video, headers={"range": f"bytes={len(whole.content) - 5}-"})
    assert tail.content == whole.content[-5:]

    await _proctor(client, runtime, FAR, "far")
    for path in (page, video):
        assert (await client.get(path)).status_code == 404


async def test_what_a_rooms_camera_recorded_goes_with_the_attempts_of_the_room(
    client: AsyncClient, runtime: Runtime
) -> None:
    [attempt] = await attempts_in_progress(runtime, 1, slots=2)
    async with runtime.databases.transaction(Scope(region=COUNTY)) as session:
        view = await get_attempt(session, attempt, now=runtime.clock.now())
    here = await stored(runtime, sitting_id=view.sitting_id, attempt_id=None, room_id=view.room_id)
    elsewhere = await stored(runtime, sitting_id=view.sitting_id, attempt_id=None)
    early = view.checked_in_at - timedelta(hours=1)
    before = await stored(runtime, sitting_id=view.sitting_id, attempt_id=None, room_id=view.room_id, at=early)
    page = f"/proctor/attempts/{attempt}/record"
    await _proctor(client, runtime, COUNTY, "near")
    assert (await client.get(f"/proctor/recordings/{here}")).status_code == 403
    await send(client, f"{page}/open", {"reason": "incident"})
    shown = (await client.get(page)).text
    assert str(here) in shown
    assert str(elsewhere) not in shown
    assert str(before) not in shown
    assert (await client.get(f"/proctor/recordings/{here}")).status_code == 200
    assert (await client.get(f"/proctor/recordings/{elsewhere}")).status_code == 403
    await _proctor(client, runtime, FAR, "far")
    assert (await client.get(f"/proctor/recordings/{here}")).status_code == 404


async def test_opening_is_an_act_in_the_ledger(client: AsyncClient, runtime: Runtime) -> None:
    [attempt] = await attempts_in_progress(runtime, 1, slots=2)
    await stored(runtime, sitting_id=new_id(), attempt_id=attempt)
    await _proctor(client, runtime, COUNTY, "near")
    await send(client, f"/proctor/attempts/{attempt}/record/open", {"reason": "complaint"})
    query = text(
        "select w.words from core_audit_entry e join core_audit_words w on w.entry_id = e.id and w.name = 'reason'"
        " where e.act = 'attempt.recording_opened' and e.subject = :id"
    )
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        assert list(await session.scalars(query, {"id": str(attempt)})) == ["complaint"]


async def test_recordings_are_deleted_when_the_rules_years_are_over_and_no_hold_stands(
    runtime: Runtime, clock: FrozenClock
) -> None:
    await make_bank(runtime)
    sitting = await make_sitting(runtime, await make_centre(runtime))
    segment = await stored(runtime, sitting_id=sitting, attempt_id=None)
    clock.advance(timedelta(days=3 * 365))
    await delete_expired(runtime)
    assert (await _row(runtime, segment)).deleted_at is None  # three years to the day are not over yet
    async with runtime.databases.transaction(Scope(region=COUNTY)) as session:
        hold = await place_legal_hold(session, BOSS, sitting, COUNTY, reason="案件调查", at=clock.now())
    clock.advance(timedelta(days=5))
    await delete_expired(runtime)
    assert (await _row(runtime, segment)).deleted_at is None
    async with runtime.databases.transaction(Scope(region=COUNTY)) as session:
        await release_legal_hold(session, BOSS, hold, at=clock.now())
    await delete_expired(runtime)
    row = await _row(runtime, segment)
    assert row.deleted_at == clock.now()
    with pytest.raises(NotFoundError):
        await runtime.storage.get(row.storage_key)
    async with runtime.databases.transaction(Scope(region=COUNTY)) as session:
        with pytest.raises(RecordingDestroyedError):
            await read_key(session, runtime.sealer, sitting)
    query = text("select facts ->> 'segments' from core_audit_entry where act = 'recording.deleted'")
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        assert list(await session.scalars(query)) == ["1"]
    await delete_expired(runtime)


async def test_the_record_says_until_when_it_is_kept_and_afterwards_that_it_was_deleted(
    client: AsyncClient, runtime: Runtime, clock: FrozenClock
) -> None:
    exam = await examined(runtime, clock, right=[9])
    sitting, [attempt] = exam.sitting_id, exam.attempts
    page = f"/proctor/attempts/{attempt}/record"
    await _proctor(client, runtime, COUNTY, "near")
    assert "本场录像按规定保存至" not in (await client.get(page)).text
    await stored(runtime, sitting_id=sitting, attempt_id=attempt)
    last_day = years_after(local_date(clock.now()), 3)
    assert f"本场录像按规定保存至 {last_day}" in (await client.get(page)).text
    clock.advance(timedelta(days=3 * 365 + 5))
    await delete_expired(runtime)
    await _proctor(client, runtime, COUNTY, "later")
    shown = (await client.get(page)).text
    assert f"本场录像已于 {when(clock.now())} 按期删除" in shown
    assert "没有录像" not in shown
    assert "本场录像按规定保存至" not in shown


async def test_a_regulator_keeps_a_sittings_recordings_from_the_record_page_and_a_proctor_may_not(
    client: AsyncClient, runtime: Runtime
) -> None:
    [attempt] = await attempts_in_progress(runtime, 1, slots=2)
    page = f"/proctor/attempts/{attempt}/record"
    await _proctor(client, runtime, COUNTY, "near")
    assert "延期保存本场录像" not in (await client.get(page)).text
    assert (await send(client, f"{page}/hold", {"reason": "申诉"})).status_code == 403
    account = await make.account(runtime, login="boss", roles=(StaffRole.REGULATOR,), region=COUNTY)
    wear(client, await make.session_cookie(runtime, account))
    assert (await send(client, f"{page}/hold", {"reason": " "})).status_code == 400
    assert (await send(client, f"{page}/hold", {"reason": "申诉办理中"})).status_code == 303
    shown = (await client.get(page)).text
    assert "申诉办理中" in shown
    [path] = re.findall(rf'action="({page}/holds/[^"]+)"', shown)
    assert (await send(client, path)).status_code == 303
    assert (await send(client, path)).status_code == 404
    assert "申诉办理中" not in (await client.get(page)).text


async def _row(runtime: Runtime, segment: UUID) -> Segment:
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        return await session.get_one(Segment, segment)
