"""A room that is always at work: simulated candidates who sit an exam slowly, each before a camera."""

import asyncio
import time
from collections import Counter
from contextlib import suppress
from random import Random

import structlog

from exam.cli.demonstration.province import enterprise_codes
from exam.cli.simulation.camera import draw_empty, draw_person, encode, only_loopback, send_clip
from exam.cli.simulation.candidate import Candidate, GivenUp, Tally
from exam.cli.simulation.history import History
from exam.cli.simulation.knowledge import Knowledge
from exam.cli.simulation.people import Invented
from exam.cli.simulation.rtsp import RoomCamera, film_room
from exam.cli.simulation.staff import Centre, Proctor, StaffRoom, read_demo
from exam.cli.simulation.wire import Refused, Unreachable, Wire
from exam.core.config import Settings

QUALIFICATION = "special.1.2"
TITLE = "低压电工作业考试(实时监考演示)"
ROOM = "实时考场"
CLIP_FRAMES = 60
RESTLESS, SITS, LEAVES = 1, 25, 10
"""Number of the seat whose candidate leaves it, and how many clips of six seconds are there and away."""
CONSENT = {
    "agreed": True,
    "camera": "ok",
    "microphone": "none",
    "screen": False,
    "uplink_kbps": 2000,
    "skew_ms": 0,
}
PAUSE_S = 45.0
POLL_S = 10.0
RETRY_S = (0.3, 0.7, 1.5, 3.0)
"""Pauses before a camera connects again, as at a terminal."""

log = structlog.get_logger(__name__)


async def play_room(settings: Settings, seats: int) -> None:
    """Hold one sitting from registration to the last hand-in."""
    only_loopback()
    staff = StaffRoom(settings.base_url, read_demo(settings.data_dir))
    camera = RoomCamera(await asyncio.to_thread(film_room))
    try:
        await _hang(settings, camera, await staff.wire("centre"))
        await _play(settings, staff, seats)
    finally:
        await camera.close()
        await staff.close()


async def _hang(settings: Settings, camera: RoomCamera, wire: Wire) -> None:
    """Start the room's camera, and register it as the centre does at the first time; without it the exam goes on."""
    noted = settings.data_dir / "demo-room-camera"
    try:
        if noted.exists():
            await camera.start(int(noted.read_text(encoding="ascii")))
            return
        port = await camera.start()
        url = f"rtsp://127.0.0.1:{port}/room"
        await wire.send_form("/proctor/cameras", {"room": ROOM, "name": "前方全景", "url": url})
        noted.write_text(str(port), encoding="ascii")
    except (OSError, ValueError, Refused, Unreachable) as error:
        log.warning("demo.no_room_camera", error=str(error))


async def _play(settings: Settings, staff: StaffRoom, seats: int) -> None:
    centre = Centre(await staff.wire("centre"), await staff.wire("centre", 1))
    await centre.plan(QUALIFICATION, [(ROOM, seats)], TITLE)
    invented, knowledge = Invented(int(time.monotonic() * 1000)), Knowledge(QUALIFICATION)
    tally, history = Tally([], [], Counter()), History(None)
    candidates = []
    for number in range(seats):
        seat = await centre.register(*invented.next(), enterprise_codes()[0])
        wire = Wire(settings.base_url)
        candidates.append(
            Candidate(wire, seat, history=history, tally=tally, knowledge=knowledge, random=Random(number))
        )
    await centre.prepare()
    await centre.open()
    proctor = Proctor(await staff.wire("proctor"), centre.id)
    await proctor.take_charge(candidates[0].seat)
    for candidate in candidates:
        await candidate.enrol()
        await proctor.bind(candidate.seat, candidate.code)
        await candidate.check_in()
        await proctor.admit(candidate.attempt)
        await candidate.wait_for_lease()
    await asyncio.gather(*(_sit(settings, candidate, number) for number, candidate in enumerate(candidates)))
    await centre.close()


async def _sit(settings: Settings, candidate: Candidate, number: int) -> None:
    """Answer slowly while the camera runs; whatever becomes of the camera, the exam goes on."""
    over = asyncio.Event()
    beside = [
        asyncio.create_task(_film(settings, candidate, number, over)),
        asyncio.create_task(_stay(settings, candidate, over)),
    ]
    try:
        form = await candidate.start()
        await candidate.answer_all(form, pause_s=PAUSE_S)
        await candidate.hand_in(len(form.slots))
    except (GivenUp, Refused) as error:
        log.info("demo.candidate_gave_up", seat=candidate.seat.seat, error=str(error))
    finally:
        over.set()
        await asyncio.gather(*beside)
        await candidate.wire.close()


async def _stay(settings: Settings, candidate: Candidate, over: asyncio.Event) -> None:
    """Ask for the state now and then, as the terminal's page does: silence means that the terminal is gone."""
    wire, headers = Wire(settings.base_url), {"Ankao-Lease": candidate.lease}
    while not over.is_set():
        with suppress(Refused, Unreachable):
            await wire.get(f"/api/attempts/{candidate.attempt}/state", headers)
            await _tell_silence(wire, f"/api/media/attempts/{candidate.attempt}", headers)
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), POLL_S)
    await wire.close()


async def _tell_silence(wire: Wire, path: str, headers: dict[str, str]) -> None:
    """Tell a proctor who listens that there is no microphone, as the terminal's page does where it finds none."""
    asked = await wire.get(f"{path}/listening", headers)
    if asked["ids"]:
        await wire.post(f"{path}/microphone", {"ids": asked["ids"], "state": "missing"}, headers)


def _clip(number: int) -> tuple[bytes, ...]:
    """Return what a seat's camera shows; one candidate leaves the seat now and then, so that the wall has its trouble."""
    sitting = encode(lambda n: draw_person(n, number), CLIP_FRAMES)
    if number != RESTLESS:
        return sitting
    return sitting * SITS + encode(lambda _: draw_empty(number), CLIP_FRAMES) * LEAVES


async def _film(settings: Settings, candidate: Candidate, number: int, over: asyncio.Event) -> None:
    frames = await asyncio.to_thread(_clip, number)
    wire = Wire(settings.base_url)
    path, headers = f"/api/media/attempts/{candidate.attempt}", {"Ankao-Lease": candidate.lease}

    async def exchange(sdp: str) -> str:
        answer = await wire.post(f"{path}/publish", {"sdp": sdp, "tracks": ["tile"]}, headers)
        return str(answer["sdp"])

    agreed, tries = False, 0
    while not over.is_set():
        try:
            if not agreed:
                told = await wire.get(f"{path}/check", headers)
                await wire.post(f"{path}/consent", {"text_version": told["text_version"], **CONSENT}, headers)
                agreed = True
            await send_clip(frames, exchange, over)
            tries = 0
        except (Refused, Unreachable) as error:
            log.info("demo.camera_waits", seat=candidate.seat.seat, error=str(error))
        pause = RETRY_S[min(tries, len(RETRY_S) - 1)]
        tries += 1
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), pause)
    await wire.close()
