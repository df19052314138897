"""What was sent is on the disk, encrypted, and plays; a killed node loses two seconds at most."""

import asyncio
import io
from pathlib import Path
from uuid import UUID

import av
import pytest
from sqlalchemy import select

from exam.core.config import Settings
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.principal import Grant, Principal
from exam.core.runtime import Runtime
from exam.delivery.api import get_attempt
from exam.identity.roles import Role as StaffRole
from proctor.evidence.models import Segment
from proctor.evidence.recordings import (
    PlaybackNotOpenedError,
    list_segments,
    open_playback,
    read_segment,
)
from proctor.media.names import Track, seat_source
from proctor.media.remux import seekable
from tests.builders import identity as make
from tests.builders.attempts import attempts_in_progress
from tests.builders.media import FPS, Publisher, until
from tests.media.stage import SITTING, media_process, tile

REGION = "33/3301/330106"


@pytest.fixture(autouse=True)
def short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANKAO_MEDIA_SEGMENT_S", "3")


def frames_in(media: bytes) -> int:
    """Decode a whole file and count its pictures."""
    with av.open(io.BytesIO(media), "r") as container:
        return sum(1 for _ in container.decode(video=0))


async def _segments(runtime: Runtime) -> list[Segment]:
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        return list(await session.scalars(select(Segment).order_by(Segment.began_at)))


async def _watcher(runtime: Runtime) -> Principal:
    account = await make.account(runtime, login="watcher", roles=(StaffRole.PROCTOR,), region=REGION)
    return Principal(account=account, grants=(Grant("proctor", REGION),), second_factor=True)


async def _opened(runtime: Runtime, principal: Principal, attempt_id: UUID, segment: UUID) -> bytes:
    async with runtime.databases.transaction(Scope(region=REGION)) as session:
        attempt = await get_attempt(session, attempt_id, now=runtime.clock.now())
        await open_playback(session, principal, attempt, reason="incident", at=runtime.clock.now())
        return (await read_segment(session, runtime, principal, segment)).media


async def test_a_seat_is_recorded_in_files_that_follow_each_other(
    runtime: Runtime, settings: Settings, tmp_path: Path
) -> None:
    await runtime.valkey.flushdb()
    [attempt] = await attempts_in_progress(runtime, 1, slots=2)
    publisher = Publisher(2)
    sources = (tile(attempt), seat_source(attempt, Track.FULL))
    with media_process(settings, tmp_path / "media.log", first_port=43600) as node:
        exchange = node.exchange(*sources, direction="publish", attempt_id=attempt, epoch=1, region=REGION)
        await publisher.connect(exchange)
        await asyncio.sleep(8)
        await publisher.close()
        spool = settings.data_dir / "media" / "spool"

        async def spool_is_empty() -> bool:
            return not list(spool.iterdir())

        await until(spool_is_empty)
    segments = await _segments(runtime)
    assert len(segments) >= 2
    assert {each.source for each in segments} == {sources[0]}  # the full track is for looking
    assert all(each.complete and each.sitting_id == SITTING for each in segments)
    principal = await _watcher(runtime)
    async with runtime.databases.transaction(Scope(region=REGION)) as session:
        assert len(await list_segments(session, attempt)) == len(segments)
        with pytest.raises(PlaybackNotOpenedError):
            await read_segment(session, runtime, principal, segments[0].id)
    media = [await _opened(runtime, principal, attempt, each.id) for each in segments]
    shown = sum(frames_in(each) for each in media)
    assert shown >= 6 * FPS
    for each in media:
        plays = seekable(each, "VP8")
        with av.open(io.BytesIO(plays), "r") as container:
            assert container.duration is not None
        assert frames_in(plays) == frames_in(each)
    stored = await runtime.storage.get(segments[0].storage_key)
    assert media[0][:64] not in stored
    assert b"webm" not in stored


async def test_a_killed_node_leaves_a_recording_that_plays(
    runtime: Runtime, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANKAO_MEDIA_SEGMENT_S", "60")  # all of it is in the one file that was being written
    await runtime.valkey.flushdb()
    [attempt] = await attempts_in_progress(runtime, 1, slots=2)
    publisher = Publisher()
    with media_process(settings, tmp_path / "media.log", first_port=43600) as node:
        await publisher.connect(
            node.exchange(tile(attempt), direction="publish", attempt_id=attempt, epoch=1, region=REGION)
        )
        await asyncio.sleep(5)
        node.kill()
        await publisher.close()
        node.start()

        async def recovered() -> bool:
            return bool(await _segments(runtime))

        await until(recovered)
    [segment] = await _segments(runtime)
    assert segment.complete is False
    media = seekable(await _opened(runtime, await _watcher(runtime), attempt, segment.id), "VP8")
    assert frames_in(media) >= (5 - 2.5) * FPS  # half a second to connect, two that may be lost
