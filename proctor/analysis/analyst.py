"""One process of analysis: reads key frames, looks at them, writes observations, and says how it stands."""

import asyncio
from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Any
from uuid import UUID

import cv2
import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from exam.core.db.scope import Scope
from exam.core.errors import DomainError
from exam.core.runtime import Runtime
from exam.delivery.api import FINISHED_STATES, AttemptState, list_epochs, portrait_of
from proctor.analysis.comparison import Comparer, Comparison
from proctor.analysis.detector import BlazeFace, Detector
from proctor.analysis.frames import FRESH_MS, Frame, connect_binary, receive, shard_of
from proctor.analysis.health import Health, say_health
from proctor.analysis.identity import Recogniser, ResidualNet
from proctor.analysis.keeping import Standing, Subject
from proctor.analysis.pictures import Pictures
from proctor.analysis.rooms import RoomThresholds
from proctor.analysis.shards import Shards
from proctor.analysis.stills import keep_still, still_of
from proctor.analysis.thresholds import Thresholds, thresholds
from proctor.analysis.watch import Change, SeatWatch
from proctor.cameras.places import cameras_at_work
from proctor.media.consent import consent_texts
from proctor.media.names import Track, camera_source, seat_source
from proctor.media.registry import living_nodes, new_node_name
from proctor.media.seats import cameras_of

TEND_S = 2.0
WAIT_MS = 500
AT_ONCE = 64
PHOTOS_AT_ONCE = 32
CAMERAS_EVERY = 5
"""Beats between two looks at which rooms are open."""
RETRY_S = 1.0
MINUTE = int(60 / TEND_S)
_OVER = frozenset(state.value for state in FINISHED_STATES) | {AttemptState.VOIDED.value}

log = structlog.get_logger(__name__)


class Seat:
    """One seat or room camera under analysis; `observed` while its candidate works, a camera while its room is open."""

    def __init__(self, subject: Subject, standing: Iterable[str] = ()) -> None:
        self.subject = subject
        self.room_id = subject.camera_room
        self.watch = SeatWatch(self.narrowed(thresholds()), standing)
        self.number = 0
        self.observed = True
        self.comparison: Comparison | None = None
        self.asked_photo = False

    @property
    def is_camera(self) -> bool:
        return self.subject.camera_room is not None

    @property
    def source(self) -> str:
        return camera_source(self.subject.id) if self.is_camera else seat_source(self.subject.id, Track.TILE)

    def narrowed(self, rules: Thresholds) -> Thresholds:
        """Return what counts here of a room's rules."""
        return rules.for_camera() if self.is_camera else rules


class Analyst:
    """Looks at the seats of the shards it holds; without detector or recogniser nobody counts or compares faces."""

    def __init__(self, runtime: Runtime, detector: Detector | None, recogniser: Recogniser | None = None) -> None:
        self.seats: dict[UUID, Seat] = {}
        self.looked = self.dropped = 0
        self._runtime = runtime
        self._detector = detector
        limit = thresholds().measures.face_distance
        self._comparer = Comparer(detector, recogniser, limit) if detector and recogniser else None
        self._name = new_node_name()
        self._binary = connect_binary(runtime.settings.valkey_url)
        self._shards = Shards(runtime.valkey, self._name)
        self._standing = Standing(runtime)
        self._rooms = RoomThresholds(runtime)
        self._pictures = Pictures()
        self._last: dict[int, str] = {}
        self._minute: deque[tuple[int, int]] = deque(maxlen=MINUTE)
        self._behind_ms = 0
        self._tended_at = 0.0
        self._beats = 0

    async def run(self) -> None:
        """Work until cancelled; while Valkey or the database is away, wait and go on."""
        try:
            while True:
                try:
                    await self.step()
                except (RedisError, SQLAlchemyError, OSError) as error:
                    log.warning("analysis.waits", error=type(error).__name__)
                    await asyncio.sleep(RETRY_S)
        finally:
            await self._shards.leave()
            await self._binary.aclose()

    async def step(self, *, wait_ms: int = WAIT_MS) -> None:
        """Look at what has come; every two seconds see to shards, states and silence."""
        now = asyncio.get_running_loop().time()
        if now - self._tended_at >= TEND_S:
            self._tended_at = now
            await self.tend()
        if self._last:
            frames = await receive(self._binary, self._last, block_ms=wait_ms, count=AT_ONCE)
            # of a seat the newest picture counts; the others of the batch came too late
            for frame in {frame.subject: frame for frame in frames}.values():
                await self._look(frame)
        else:
            await asyncio.sleep(wait_ms / 1000)
        await self._standing.write()

    async def tend(self) -> None:
        """Hold the shards, end what is over, see who is silent, say how things stand."""
        await self._claim()
        if self._beats % CAMERAS_EVERY == 0:
            await self._follow_cameras()
        await self._ask_states()
        await self._follow_rules()
        await self._fetch_photos()
        await self._hear_silence()
        await self._standing.write()
        self._beats += 1
        if 0 in self._shards.held and self._beats % MINUTE == 1:
            await self._standing.close_finished()
        self._minute.append((self.looked, self.dropped))
        self.looked = self.dropped = 0
        looked, dropped = map(sum, zip(*self._minute, strict=True))
        health = Health(
            shards=sorted(self._shards.held),
            seats=len(self.seats),
            looked=looked,
            dropped=dropped,
            behind_ms=self._behind_ms,
        )
        await say_health(self._runtime.valkey, self._name, health)

    async def _claim(self) -> None:
        before = set(self._last)
        await self._shards.claim()
        held = self._shards.held
        for lost in before - held:
            del self._last[lost]
        self.seats = {each: seat for each, seat in self.seats.items() if shard_of(each) in held}
        gained = held - before
        if not gained:
            return
        for subject, kinds in (await self._standing.load(gained)).items():
            self.seats.setdefault(subject.id, Seat(subject, kinds))
        since = f"{self._now_ms() - FRESH_MS}-0"
        self._last.update(dict.fromkeys(gained, since))

    async def _look(self, frame: Frame) -> None:
        """Look at one picture, if it is fresh and its candidate works."""
        self._behind_ms = max(0, self._now_ms() - frame.at_ms)
        if self._behind_ms > FRESH_MS:
            return  # counted with the gap before the next one that is looked at
        seat = self.seats.get(frame.subject)
        if seat is None and frame.camera:
            return  # of a room that is not known to be open
        if seat is None:
            seat = self.seats[frame.subject] = Seat(Subject(frame.subject, frame.region))
            seat.watch.follow(self._rooms.of(frame.room_id), frame.at_ms / 1000)
        seat.room_id = frame.room_id
        if 0 < seat.number < frame.number:
            self.dropped += frame.number - seat.number - 1
        seat.number = frame.number
        self.looked += 1
        changes, still = await asyncio.to_thread(self._seen, seat, frame)
        self._standing.note(seat.subject, changes)
        if still:
            await keep_still(self._runtime.valkey, frame.subject, still)

    def _seen(self, seat: Seat, frame: Frame) -> tuple[list[Change], str]:
        """Decode and measure, in a thread, so that shards are held meanwhile; return changes and a still."""
        decoded = self._pictures.decode(frame.codec, frame.data)
        if decoded is None:
            return [], ""
        still = still_of(decoded.picture)
        if not seat.observed:
            return [], still
        if self._detector is None or seat.is_camera:
            return seat.watch.picture(frame.at_ms / 1000, decoded.grey, None), still
        at, faces = frame.at_ms / 1000, self._detector.faces(decoded.picture)
        apart = seat.comparison.look(at, decoded.picture, faces) if seat.comparison else None
        return seat.watch.picture(at, decoded.grey, len(faces), apart), still

    async def _ask_states(self) -> None:
        """Observe those who work, rest with those who pause, forget those who have finished."""
        seats = {attempt_id: seat for attempt_id, seat in self.seats.items() if not seat.is_camera}
        if not seats:
            return
        scope = Scope(region=self._runtime.settings.root_region)
        async with self._runtime.databases.transaction(scope) as session:
            states = await list_epochs(session, seats)
        for attempt_id, seat in seats.items():
            _, state = states.get(attempt_id, (0, AttemptState.VOIDED.value))
            seat.observed = state == AttemptState.IN_PROGRESS.value
            if not seat.observed:
                self._standing.note(seat.subject, seat.watch.rest(self._now_ms() / 1000))
            if state in _OVER:
                del self.seats[attempt_id]

    async def _follow_cameras(self) -> None:
        """Observe the cameras of open rooms, whether a picture of theirs ever came or not, and forget the others."""
        async with self._runtime.databases.transaction(Scope(region=self._runtime.settings.root_region)) as session:
            places = await cameras_at_work(session)
        wanted = {
            camera_id: Subject(camera_id, sitting.region, room.id)
            for camera_id, (_, sitting, room) in places.items()
            if shard_of(camera_id) in self._shards.held
        }
        for camera_id, seat in list(self.seats.items()):
            if seat.is_camera and wanted.get(camera_id) != seat.subject:
                self._standing.note(seat.subject, seat.watch.rest(self._now_ms() / 1000))
                del self.seats[camera_id]
        for camera_id, subject in wanted.items():
            self.seats.setdefault(camera_id, Seat(subject))

    async def _follow_rules(self) -> None:
        """Take what the rooms' centres ask for now; a seat's room is known from its first picture on."""
        await self._rooms.read(seat.room_id for seat in self.seats.values() if seat.room_id)
        for seat in self.seats.values():
            changes = seat.watch.follow(seat.narrowed(self._rooms.of(seat.room_id)), self._now_ms() / 1000)
            self._standing.note(seat.subject, changes)

    async def _fetch_photos(self) -> None:
        """Fetch the check-in photos of some seats that have come, each once."""
        if self._comparer is None:
            return
        waiting = (
            seat for seat in self.seats.values() if seat.observed and not seat.asked_photo and not seat.is_camera
        )
        for seat in list(islice(waiting, PHOTOS_AT_ONCE)):
            photo = await self._photo(seat.subject.id)
            seat.asked_photo, seat.comparison = True, Comparison(self._comparer, photo) if photo else None

    async def _photo(self, attempt_id: UUID) -> bytes | None:
        """Return a candidate's check-in photo, None without one or where the candidate was not told of comparing."""
        runtime = self._runtime
        try:
            async with runtime.databases.transaction(Scope(region=runtime.settings.root_region)) as session:
                camera = (await cameras_of(session, [attempt_id]))[attempt_id]
                told = consent_texts().get(camera.text_version)
                if not camera.agreed or told is None or not told.compares:
                    return None
                return await portrait_of(session, runtime, attempt_id)
        except DomainError as error:
            log.warning("analysis.no_photo", attempt=str(attempt_id), error=error.code)
            return None

    async def _hear_silence(self) -> None:
        """See whose packets have stopped; while no node lives at all that says nothing of any seat."""
        watched = [seat for seat in self.seats.values() if seat.observed]
        valkey = self._runtime.valkey
        if not watched or not await living_nodes(valkey):
            return
        seen: list[Any] = await valkey.mget([f"media:seen:{seat.source}" for seat in watched])
        at = self._now_ms() / 1000
        for seat, word in zip(watched, seen, strict=True):
            self._standing.note(seat.subject, seat.watch.silence(at, live=word is not None))

    def _now_ms(self) -> int:
        return int(self._runtime.clock.now().timestamp() * 1000)


async def analyse(runtime: Runtime) -> None:
    """Run one process of analysis until cancelled."""
    cv2.setNumThreads(1)
    await Analyst(runtime, BlazeFace(thresholds().measures.face_score), ResidualNet()).run()
