"""Recording of one picture: frames are taken on the loop and written by a thread, so that a slow disk stops nobody.

A file is begun in the spool at a key frame, written piece by piece, and goes to the storage when it is closed. What a
killed process leaves in the spool is whole up to its last second and is stored by the next one (`recover`).
"""

import asyncio
import fcntl
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog

from exam.core.clock import Clock
from exam.core.ids import new_id
from proctor.evidence.container import PieceWriter, SegmentHead, read_head, whole_length
from proctor.media.names import attempt_of
from proctor.media.payload import is_key_frame
from proctor.media.remux import Muxer
from proctor.media.scribe import Scribe
from proctor.media.source import Source
from proctor.media.ticket import MediaTicket

QUEUE = 150
"""Frames that may wait for the disk: 15 s of a tile; then recording goes on with the next key frame, and says so."""
KEY_EVERY_S = 4.0
SUFFIX = ".akv"

Frame = tuple[str, bytes, int, bool, datetime]
Store = Callable[[SegmentHead, bytes, datetime, bool], Awaitable[None]]
"""Head, file, end, whether it has its last piece."""

log = structlog.get_logger(__name__)


class SpoolFile:
    """One segment being written; every method runs in the writing thread."""

    def __init__(self, folder: Path, head: SegmentHead, key: bytes, first: bytes) -> None:
        self.head = head
        self.path = folder / f"{head.id}{SUFFIX}"
        self._pieces = PieceWriter(head, key)
        self._pending: list[bytes] = []
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        # held for as long as this process lives: recovery leaves the files of living writers alone
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(self._file, self._pieces.preamble)
        self._muxer = Muxer(head.codec, first, self._pending.append)
        # with the first frame the muxer gives out its own head alone: it waits for a picture, for it does not play
        self._held: int | None = None
        self.ended_at = head.began_at

    def add(self, frame: bytes, timestamp: int, *, key: bool, at: datetime) -> None:
        self._muxer.add(frame, timestamp, key=key)
        self.ended_at = at
        if self._held is None:
            self._held = len(self._pending)
        elif len(self._pending) > self._held:
            self._flush()

    def _flush(self, *, last: bool = False) -> None:
        media = b"".join(self._pending)
        self._pending.clear()
        self._held = 0
        os.write(self._file, self._pieces.piece(media, last=last))

    def close(self) -> "SpoolFile":
        """End the file on the disk and return it."""
        self._muxer.close()
        self._flush(last=True)
        os.fsync(self._file)
        return self

    def release(self) -> None:
        """Let go of the file: what is still there is recovery's, which until now took it for a living writer's."""
        os.close(self._file)


class Recorder:
    """Takes the frames of one source while its publisher is connected."""

    def __init__(
        self,
        ticket: MediaTicket,
        source: Source,
        *,
        folder: Path,
        scribe: Scribe,
        segment_s: int,
        clock: Clock,
        key: Callable[[MediaTicket], Awaitable[bytes]],
        store: Store,
        turns: asyncio.Semaphore,
    ) -> None:
        self._ticket, self._source, self._folder, self._scribe = ticket, source, folder, scribe
        self._segment_s, self._clock = segment_s, clock
        self._key, self._store, self._turns = key, store, turns
        self._frames: list[Frame] = []
        self._needs_key = True
        self._off = False
        self._file: SpoolFile | None = None
        self.dropped = 0
        self.frames = 0
        self._media_key: asyncio.Task[bytes | None] = asyncio.create_task(self._fetch_key())
        self._handing: set[asyncio.Task[None]] = set()
        self._asking = asyncio.create_task(self._ask())

    def take(self, codec: str, frame: bytes, timestamp: int) -> None:
        """Take one frame; called on the loop and never waits."""
        key = is_key_frame(codec, frame)
        if self._off or (self._needs_key and not key):
            return
        if len(self._frames) >= QUEUE:
            self.dropped += len(self._frames)
            self._frames.clear()
            self._needs_key = True
            log.warning("recording.dropped", source=self._source.name, frames=self.dropped)
            self._source.request_key_frame()
            return
        self._needs_key = False
        self._frames.append((codec, frame, timestamp, key, self._clock.now()))

    async def close(self) -> None:
        """Write what is waiting, store the file and end."""
        self._asking.cancel()
        await self._media_key
        await self._scribe.leave(self)
        await asyncio.gather(*self._handing)

    async def _ask(self) -> None:
        """Ask for a key frame every few seconds: segments turn at one, playback seeks to one, a loss ends at one."""
        while True:
            await asyncio.sleep(KEY_EVERY_S)
            self._source.request_key_frame()

    async def _fetch_key(self) -> bytes | None:
        try:
            key = await self._key(self._ticket)
        except Exception as error:  # noqa: BLE001  # without a key nothing is recorded, and the picture still goes on
            log.error("recording.no_key", source=self._source.name, error=type(error).__name__)  # noqa: TRY400
            self._off = True
            return None
        self._scribe.join(self)
        return key

    def waiting(self) -> list[Frame]:
        """Return the frames that have come since this was last asked."""
        frames, self._frames = self._frames, []
        return frames

    def write(self, batch: list[Frame]) -> list[SpoolFile]:
        """Write frames in the thread; return the files that were finished by them."""
        finished: list[SpoolFile] = []
        for codec, frame, timestamp, is_key, at in batch:
            file = self._file
            if file is not None and is_key and (at - file.head.began_at).total_seconds() >= self._segment_s:
                finished.append(file.close())
                file = self._file = None
            if file is None:
                if not is_key:
                    continue
                file = self._file = SpoolFile(
                    self._folder, self._head(codec, at), self._media_key.result() or b"", frame
                )
            file.add(frame, timestamp, key=is_key, at=at)
            self.frames += 1
        return finished

    def finish(self, batch: list[Frame]) -> list[SpoolFile]:
        """Write the last frames in the thread and end the file."""
        finished = self.write(batch)
        if self._file is not None:
            finished.append(self._file.close())
            self._file = None
        return finished

    def abandon(self) -> None:
        """Leave a file that could not be written to recovery, and go on in a new one from the next key frame."""
        if self._file is not None:
            self._file.release()
            self._file = None
        self._needs_key = True
        self._source.request_key_frame()

    def hand_over(self, files: list[SpoolFile]) -> None:
        """Let finished files go to the storage, while the next is being written."""
        for file in files:
            self._handing.add(task := asyncio.create_task(self._hand_over(file)))
            task.add_done_callback(self._handing.discard)

    def _head(self, codec: str, at: datetime) -> SegmentHead:
        ticket = self._ticket
        return SegmentHead(
            id=new_id(),
            sitting_id=ticket.sitting_id,
            room_id=ticket.room_id,
            region=ticket.region,
            attempt_id=attempt_of(self._source.name),
            source=self._source.name,
            codec=codec,
            began_at=at,
        )

    async def _hand_over(self, file: SpoolFile) -> None:
        """Store a finished file; where that fails it stays in the spool for `recover`."""
        try:
            async with self._turns:
                data = await asyncio.to_thread(file.path.read_bytes)
                await self._store(file.head, data, file.ended_at, True)
        except Exception as error:  # noqa: BLE001  # storage or database away: the file is safe on this disk
            log.warning("recording.kept_in_spool", segment=str(file.head.id), error=type(error).__name__)
        else:
            file.path.unlink(missing_ok=True)
        finally:
            file.release()


async def recover(folder: Path, store: Store) -> int:
    """Store what dead processes have left in the spool and return how many files that were."""
    stored = 0
    for path in await asyncio.to_thread(_spooled, folder):
        found = await asyncio.to_thread(_left_behind, path)
        if found is None:
            continue
        head, data, ended_at = found
        try:
            await store(head, data, ended_at, False)
        except Exception as error:  # noqa: BLE001  # tried again at the next round
            log.warning("recording.kept_in_spool", segment=str(head.id), error=type(error).__name__)
            continue
        path.unlink(missing_ok=True)
        stored += 1
    return stored


def _spooled(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{SUFFIX}"))


def _left_behind(path: Path) -> tuple[SegmentHead, bytes, datetime] | None:
    """Return a file that no living process writes, up to its last whole piece."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            data = file.read()
            ended_at = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
        head, begin = read_head(data)
        end = whole_length(data)
    except BlockingIOError:
        return None
    except Exception as error:  # noqa: BLE001  # a file that was killed before its head: nothing is in it
        log.warning("recording.unreadable", file=path.name, error=type(error).__name__)
        return None
    if end == begin:
        log.info("recording.empty", file=path.name)
        path.unlink(missing_ok=True)
        return None
    return head, data[:end], ended_at
