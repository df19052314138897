"""Whatever a killed process leaves in the spool plays, or is nothing."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from exam.core.ids import new_id
from proctor.evidence.container import SegmentHead, open_segment
from proctor.media.payload import is_key_frame
from proctor.media.recorder import SpoolFile, recover
from proctor.media.remux import seekable
from tests.builders.media import FPS, encoded_clip

BEGAN = datetime(2026, 11, 27, 1, 0, tzinfo=UTC)
KEY = bytes(32)
LOST = 2 * FPS
"""What a kill may cost, in frames (VIDEO.md §5)."""


def head() -> SegmentHead:
    return SegmentHead(
        id=new_id(),
        sitting_id=UUID(int=1),
        room_id=UUID(int=2),
        region="33",
        attempt_id=None,
        source="room/1",
        codec="VP8",
        began_at=BEGAN,
    )


def killed_after(folder: Path, frames: int) -> None:
    """Leave a segment as a process leaves it that dies after so many frames."""
    clip = encoded_clip(3)
    file = SpoolFile(folder, head(), KEY, clip[0])
    for number in range(frames):
        frame = clip[number]
        at = BEGAN + timedelta(seconds=number / FPS)
        file.add(frame, number * 9000, key=is_key_frame("VP8", frame), at=at)
    os.close(file._file)


def left_in(folder: Path) -> list[bytes]:
    """Return the media that recovery finds."""
    found: list[bytes] = []

    async def store(_head: SegmentHead, data: bytes, _ended_at: datetime, complete: bool) -> None:  # noqa: FBT001
        assert not complete
        found.append(open_segment(data, KEY).media)

    asyncio.run(recover(folder, store))
    return found


@pytest.mark.parametrize("frames", range(26))
def test_a_file_of_any_length_plays_or_is_nothing(tmp_path: Path, frames: int) -> None:
    killed_after(tmp_path, frames)
    found = left_in(tmp_path)
    assert list(tmp_path.iterdir()) == []
    for media in found:
        assert seekable(media, "VP8")
    assert frames <= LOST or found


def test_a_file_without_its_head_is_left_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "cut.akv").write_bytes(b"AKV1\x00")
    assert left_in(tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == ["cut.akv"]


def test_a_finished_file_is_its_writers_until_it_is_stored(tmp_path: Path) -> None:
    clip = encoded_clip(3)
    file = SpoolFile(tmp_path, head(), KEY, clip[0])
    for number in range(10):
        file.add(clip[number], number * 9000, key=is_key_frame("VP8", clip[number]), at=BEGAN)
    file.close()
    assert left_in(tmp_path) == []
    file.release()
    assert len(left_in(tmp_path)) == 1
