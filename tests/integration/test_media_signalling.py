"""Who may send and see video is decided in the web process, before any node is asked."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text

from exam.core.clock import FrozenClock
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.ids import new_id
from exam.core.principal import Grant, Principal
from exam.core.runtime import Runtime
from exam.delivery.api import void_attempt
from exam.delivery.jobs import finalise_overdue
from exam.delivery.lease import check, mint_pass
from exam.delivery.models import Attempt
from exam.identity.roles import Role as StaffRole
from proctor.media.commands import BEAT_S, CommandBus
from proctor.media.errors import MediaUnavailableError
from proctor.media.listening import note_ends
from proctor.media.names import Track, seat_source
from proctor.media.node import Gauge
from proctor.media.peer import Peer
from proctor.media.registry import beat, living_nodes, node_of_room
from proctor.media.revocation import overtaken
from proctor.media.ticket import MediaTicket
from tests.builders import identity as make
from tests.builders.attempts import attempts_in_progress, lease_of
from tests.builders.grading import opened
from tests.builders.terminals import admitted
from tests.builders.web import browsing, wear
from tests.unit.test_media_sdp import HEAD, SOUND, sdp

CITY, OTHER_CITY = "33/3301", "33/3302"


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[AsyncClient]:
    await runtime.valkey.flushdb()
    async with browsing(runtime) as opened:
        yield opened


async def _publish(client: AsyncClient, attempt: UUID, lease: str, **changed: Any) -> Response:
    headers = {"ankao-lease": lease, "accept": "application/json", **changed.pop("headers", {})}
    body = {"sdp": sdp(), "tracks": ["tile"], **changed}
    return await client.post(f"/api/media/attempts/{attempt}/publish", json=body, headers=headers)


async def _state(runtime: Runtime, attempt_id: UUID, **values: Any) -> Attempt:
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        attempt = await session.get_one(Attempt, attempt_id)
        for name, value in values.items():
            setattr(attempt, name, value)
        return attempt


async def _void(runtime: Runtime, attempt: Attempt) -> None:
    """Void an attempt as the disposition of an incident does."""
    who = Principal(account=new_id(), grants=(Grant("regulator", attempt.region, new_id()),), second_factor=True)
    async with runtime.databases.transaction(Scope(region=attempt.region)) as session:
        await void_attempt(session, who, attempt.id, reason="impersonation", at=runtime.clock.now())


async def test_without_a_node_a_good_request_is_told_to_come_again(client: AsyncClient, runtime: Runtime) -> None:
    [attempt] = await attempts_in_progress(runtime, 1, slots=2)
    answer = await _publish(client, attempt, lease_of(runtime, attempt))
    assert (answer.status_code, answer.json()["code"]) == (503, "media_unavailable")
    assert answer.headers["retry-after"] == "1"


async def test_a_terminal_publishes_under_its_own_lease_alone(client: AsyncClient, runtime: Runtime) -> None:
    own, other = await attempts_in_progress(runtime, 2, slots=2)
    assert (await _publish(client, own, lease_of(runtime, other))).json()["code"] == "lease_invalid"
    assert (await _publish(client, own, "")).json()["code"] == "lease_invalid"
    assert (await _publish(client, own, lease_of(runtime, own, epoch=0))).json()["code"] == "not_in_exam"


async def test_an_attempt_that_has_ended_sends_nothing(client: AsyncClient, runtime: Runtime) -> None:
    [attempt] = await attempts_in_progress(runtime, 1, slots=2)
    await _state(runtime, attempt, state="voided")
    assert (await _publish(client, attempt, lease_of(runtime, attempt))).json()["code"] == "not_in_exam"


@pytest.mark.parametrize(("changed", "code"), [
    ({"sdp": ""}, "sdp_invalid"),
    ({"sdp": "v=0\r\n"}, "sdp_invalid"),
    ({"tracks": ["tile", "full"]}, "sdp_invalid"),
    ({"tracks": ["full"]}, "sdp_invalid"),
    ({"tracks": ["x"]}, "source_unknown"),
    ({"tracks": ["tile", "tile"]}, "source_unknown"),
    ({"sdp": sdp().replace("sendonly", "recvonly")}, "sdp_invalid"),
    ({"headers": {"origin": "https://elsewhere.example"}}, "cross_origin"),
])  # fmt: skip
async def test_a_wrong_offer_is_refused_with_its_code(
    client: AsyncClient, runtime: Runtime, changed: dict[str, Any], code: str
) -> None:
    [attempt] = await attempts_in_progress(runtime, 1, slots=2)
    answer = await _publish(client, attempt, lease_of(runtime, attempt), **changed)
    found = answer.json()["code"]
    # a list of tracks that is none of ours is refused before the offer is read
    assert found == code or (changed == {"tracks": ["full"]} and found == "source_unknown")


async def test_an_oversize_offer_is_refused_before_it_is_read(client: AsyncClient, runtime: Runtime) -> None:
    [attempt] = await attempts_in_progress(runtime, 1, slots=2)
    answer = await _publish(client, attempt, lease_of(runtime, attempt), sdp="v=0\r\n" + "a=x\r\n" * 60_000)
    assert answer.status_code in {400, 413}


async def _watch(client: AsyncClient, room: UUID, *sources: str) -> Response:
    one = sdp().replace("sendonly", "recvonly")
    headers = {"accept": "application/json", "x-csrftoken": client.cookies["csrftoken"]}
    body = {"sdp": one, "sources": list(sources)}
    return await client.post(f"/api/proctor/rooms/{room}/watch", json=body, headers=headers)


async def test_a_proctor_watches_the_rooms_of_the_own_region_alone(client: AsyncClient, runtime: Runtime) -> None:
    [own] = await attempts_in_progress(runtime, 1, slots=2)
    room = (await _state(runtime, own)).room_id
    near = await make.account(runtime, login="near", roles=(StaffRole.PROCTOR,), region=CITY)
    far = await make.account(runtime, login="far", roles=(StaffRole.PROCTOR,), region=OTHER_CITY)
    wear(client, await make.session_cookie(runtime, near))
    tile = seat_source(own, Track.TILE)
    assert (await _watch(client, room, tile)).json()["code"] == "media_unavailable"  # allowed, and no node lives
    for room_id, name in (
        (new_id(), tile),
        (room, seat_source(new_id(), Track.TILE)),
        (room, "seat/x/tile"),
        (room, tile.replace("tile", "secret")),
        (room, tile.upper()),
    ):
        assert (await _watch(client, room_id, name)).json()["code"] == "source_unknown"
    wear(client, await make.session_cookie(runtime, far))
    assert (await _watch(client, room, tile)).json()["code"] == "source_unknown"


CONSENT = {
    "agreed": True,
    "camera": "ok",
    "microphone": "none",
    "screen": False,
    "uplink_kbps": 900,
    "skew_ms": -2400,
}


async def test_a_candidate_agrees_to_the_text_that_was_shown_and_the_proctor_reads_it(
    client: AsyncClient, runtime: Runtime, clock: FrozenClock
) -> None:
    seat = await admitted(runtime, await opened(runtime, clock, people=1), client, 0)
    [other] = await attempts_in_progress(runtime, 1, slots=2)
    own, headers = seat.attempt, {"ankao-lease": seat.lease, "accept": "application/json"}
    path = f"/api/media/attempts/{own}"
    stranger = {**headers, "ankao-lease": lease_of(runtime, other)}
    assert (await client.get(f"{path}/check", headers=stranger)).json()["code"] == "lease_invalid"
    told = (await client.get(f"{path}/check", headers={**headers, "accept-language": "en"})).json()
    assert (told["waived"], told["points"][0]["title"]) == (False, "What is recorded")
    waiting = {**headers, "ankao-lease": mint_pass(check(seat.lease, [runtime.secrets.lease]), runtime.secrets.lease)}
    assert (await client.get(f"{path}/check", headers=waiting)).status_code == 200
    assert (await client.post(f"{path}/publish", json={"sdp": "v=0", "tracks": ["tile"]}, headers=waiting)).json()[
        "code"
    ] == "lease_invalid"
    assert (await client.get(f"/api/attempts/{own}/state", headers=waiting)).json()["code"] == "lease_invalid"
    invented = {"text_version": "2020-01-01", **CONSENT}
    assert (await client.post(f"{path}/consent", json=invented, headers=headers)).json()["code"] == "consent_version"
    agreed = {"text_version": told["text_version"], **CONSENT}
    assert (await client.post(f"{path}/consent", json=agreed, headers=headers)).status_code == 204
    stream = {**headers, "content-type": "application/octet-stream"}
    probed = await client.post(f"{path}/probe", content=b"x" * 96_000, headers=stream)
    assert (probed.status_code, probed.json()["bytes"]) == (200, 96_000)
    near = await make.account(runtime, login="near", roles=(StaffRole.PROCTOR,), region=CITY)
    wear(client, await make.session_cookie(runtime, near))
    drawer = (await client.get(f"/proctor/attempts/{own}/drawer")).text
    for words in (told["text_version"], "网络上行 900 kbit/s", "本机时钟相差 2 秒"):
        assert words in drawer
    form = {"reason": "camera_broken", "note": "", "_csrf_token": client.cookies["csrftoken"]}
    assert (await client.post(f"/proctor/attempts/{own}/waive-camera", data=form)).status_code == 303
    assert (await client.get(f"{path}/check", headers=headers)).json()["waived"] is True


async def _hear(client: AsyncClient, room: UUID, attempt: UUID) -> str:
    """Ask for a seat's sound as a wall does and return what is answered: with no node alive nobody gets further."""
    offer = sdp(*HEAD[:4], "a=group:BUNDLE 1", *SOUND).replace("sendonly", "recvonly")
    headers = {"accept": "application/json", "x-csrftoken": client.cookies["csrftoken"]}
    body = {"sdp": offer, "sources": [seat_source(attempt, Track.SOUND)]}
    code: str = (await client.post(f"/api/proctor/rooms/{room}/watch", json=body, headers=headers)).json()["code"]
    return code


class _Seat:
    """A candidate's terminal, and the proctor at whose desk the client is logged in."""

    def __init__(self, client: AsyncClient, own: UUID, lease: str) -> None:
        self.client, self.own, self.path = client, own, f"/api/media/attempts/{own}"
        self.headers = {"ankao-lease": lease, "accept": "application/json"}

    async def agree(self, version: str, *, agreed: bool = True) -> None:
        body = {**CONSENT, "text_version": version, "agreed": agreed}
        assert (await self.client.post(f"{self.path}/consent", json=body, headers=self.headers)).status_code == 204

    async def told(self) -> dict[str, Any]:
        heard: dict[str, Any] = (await self.client.get(f"{self.path}/listening", headers=self.headers)).json()
        return heard

    async def microphone(self, state: str, ids: list[str]) -> None:
        body = {"ids": ids, "state": state}
        assert (await self.client.post(f"{self.path}/microphone", json=body, headers=self.headers)).status_code == 204

    async def act(self, name: str, **body: str) -> str:
        """Return the code of the refusal, empty where it is done."""
        told = {"accept": "application/json", "x-csrftoken": self.client.cookies["csrftoken"]}
        answer = await self.client.post(f"/api/proctor/attempts/{self.own}/{name}", json=body, headers=told)
        return "" if answer.status_code == 200 else str(answer.json()["code"])

    async def word(self) -> str:
        return str((await self.client.get(f"/api/proctor/attempts/{self.own}/listening")).json()["word"])


async def test_a_seat_is_heard_by_who_said_why_under_a_consent_that_speaks_of_it(
    client: AsyncClient, runtime: Runtime, clock: FrozenClock
) -> None:
    one = await admitted(runtime, await opened(runtime, clock, people=1), client, 0)
    seat = _Seat(client, UUID(str(one.attempt)), one.lease)
    room = (await _state(runtime, seat.own)).room_id
    near, other, far = [
        await make.session_cookie(
            runtime, await make.account(runtime, login=login, roles=(StaffRole.PROCTOR,), region=where)
        )
        for login, where in (("near", CITY), ("other", CITY), ("far", OTHER_CITY))
    ]
    wear(client, near)
    await seat.agree("2026-11-27.2")
    assert await seat.act("listen", reason="voices") == "not_heard"
    await seat.agree("2026-11-28")
    assert await seat.act("listen", reason="") == "listening_reason"
    assert (await seat.told())["ids"] == []
    assert await _hear(client, room, seat.own) == "listening_over"

    assert await seat.act("listen", reason="voices") == ""
    heard = await seat.told()
    assert (heard["reason"], heard["left_s"], len(heard["ids"])) == ("核实是否有人交谈或提示", 300.0, 1)
    assert await _hear(client, room, seat.own) == "media_unavailable"  # allowed, and no node lives
    assert (await _watch(client, room, seat_source(seat.own, Track.TILE), seat_source(seat.own, Track.SOUND))).json()[
        "code"
    ] == ("sdp_invalid")
    wear(client, other)
    assert await _hear(client, room, seat.own) == "listening_over"
    assert await seat.word() == ""
    wear(client, far)
    assert await _hear(client, room, seat.own) == "source_unknown"
    assert (await client.get(f"/api/proctor/attempts/{seat.own}/listening")).status_code == 404
    wear(client, near)
    assert await seat.word() == "正在请考生端打开麦克风"
    await seat.microphone("on", [str(new_id())])
    assert await seat.word() == "正在请考生端打开麦克风"
    await seat.microphone("on", heard["ids"])
    assert await seat.word() == "考生端的麦克风开着，正在听"
    clock.advance(timedelta(seconds=30))
    assert await seat.act("hush") == ""
    assert await _hear(client, room, seat.own) == "listening_over"

    assert await seat.act("listen", reason="unusual_sound") == ""
    await seat.microphone("off", heard["ids"])  # a late word about the act before
    await seat.microphone("denied", (await seat.told())["ids"])
    assert await seat.word() == "考生端没有允许使用麦克风，听不到声音"
    assert await seat.act("listen", reason="unusual_sound") == ""
    clock.advance(timedelta(minutes=5))
    assert ((await seat.told())["ids"], await seat.word()) == ([], "时间到，麦克风已关闭")
    assert await seat.act("listen", reason="candidate_asked") == ""
    await seat.agree("2026-11-28", agreed=False)
    assert await seat.word() == "考生撤回了同意，麦克风已关闭"
    page = (await client.get(f"/proctor/attempts/{seat.own}/record")).text
    assert page.count("听现场声音（不录音）") == 2  # on the axis and in the list
    assert "核实是否有人交谈或提示" in page
    assert "要听现场声音，麦克风没有打开" in page


@pytest.mark.parametrize("end", ["handed in", "ended", "voided", "expired"])
async def test_nobody_is_heard_past_the_end_of_the_attempt(
    client: AsyncClient, runtime: Runtime, clock: FrozenClock, end: str
) -> None:
    """Whatever the terminal says of its microphone, or does not."""
    [attempt] = await attempts_in_progress(runtime, 1, slots=2, duration_s=60)
    seat = _Seat(client, attempt, lease_of(runtime, attempt))
    row = await _state(runtime, attempt)
    proctor = await make.account(runtime, login="near", roles=(StaffRole.PROCTOR,), region=row.region)
    wear(client, await make.session_cookie(runtime, proctor))
    await seat.agree("2026-11-28")
    assert await seat.act("listen", reason="voices") == ""
    [act] = (await seat.told())["ids"]
    ticket = MediaTicket(
        id=new_id(),
        node="n",
        direction="watch",
        sitting_id=row.sitting_id,
        room_id=row.room_id,
        region=row.region,
        account_id=proctor,
        listening_id=UUID(act),
        sources=(seat_source(attempt, Track.SOUND),),
        fingerprint="",
        expires_at=0,
    )
    peer = Peer(ticket, [], lambda _: None)
    assert await overtaken(runtime, [peer]) == []

    if end == "handed in":
        await client.post(f"/api/attempts/{attempt}/submit", json={"answered": 0}, headers=seat.headers)
    elif end == "expired":
        clock.advance(timedelta(minutes=3))
        await finalise_overdue(runtime)
    elif end == "ended":
        assert await seat.act("end", reason="discipline") == ""
    else:
        await _void(runtime, row)
    assert (await _state(runtime, attempt)).state == {"handed in": "submitted", "ended": "expired"}.get(end, end)
    assert await seat.word() == "考试已结束，麦克风已关闭"
    assert (await seat.told())["ids"] == []
    assert await _hear(client, row.room_id, attempt) == "listening_over"
    assert await overtaken(runtime, [peer]) == [peer]
    # no terminal said a word: the end is written down all the same, once, and as of when it was
    over = runtime.clock.now()
    clock.advance(timedelta(minutes=1))
    for _ in range(2):
        await note_ends(runtime)
    assert await seat.word() == "考试已结束，麦克风已关闭"
    assert await _ends(runtime, attempt) == [("over", over.isoformat())]


async def test_the_end_of_an_act_s_time_is_written_down(
    client: AsyncClient, runtime: Runtime, clock: FrozenClock
) -> None:
    [attempt] = await attempts_in_progress(runtime, 1, slots=2)
    seat = _Seat(client, attempt, lease_of(runtime, attempt))
    row = await _state(runtime, attempt)
    proctor = await make.account(runtime, login="near", roles=(StaffRole.PROCTOR,), region=row.region)
    wear(client, await make.session_cookie(runtime, proctor))
    await seat.agree("2026-11-28")
    assert await seat.act("listen", reason="voices") == ""
    due = runtime.clock.now() + timedelta(minutes=5)
    clock.advance(timedelta(minutes=4))
    await note_ends(runtime)
    assert await _ends(runtime, attempt) == []
    clock.advance(timedelta(minutes=3))
    await note_ends(runtime)
    assert await _ends(runtime, attempt) == [("time_up", due.isoformat())]


async def _ends(runtime: Runtime, attempt: UUID) -> list[tuple[str, str]]:
    acts = text(
        "select facts->>'outcome', facts->>'ended_at' from core_audit_entry"
        " where subject = :id and act = 'attempt.listening_ended' order by position"
    )
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        return [(row[0], row[1]) for row in await session.execute(acts, {"id": str(attempt)})]


async def test_the_way_from_the_nodes_closes_at_once_however_early(runtime: Runtime) -> None:
    for steps in range(12):
        bus = CommandBus(runtime)
        listening = asyncio.create_task(bus.listen())
        for _ in range(steps):
            await asyncio.sleep(0)
        bus.closing.set()
        listening.cancel()
        done, _ = await asyncio.wait([listening], timeout=BEAT_S / 2)
        assert done, f"still listening when closed after {steps} steps"


async def test_a_room_stays_on_its_node_and_goes_to_another_when_that_dies(runtime: Runtime) -> None:
    await runtime.valkey.flushdb()
    [attempt] = await attempts_in_progress(runtime, 1, slots=2)
    room = (await _state(runtime, attempt)).room_id
    with pytest.raises(MediaUnavailableError):
        await node_of_room(runtime.valkey, room)
    await beat(runtime.valkey, "one", "http://one", Gauge(0, 0, 0, 0))
    assert (await node_of_room(runtime.valkey, room)).name == "one"
    await beat(runtime.valkey, "one", "http://one", Gauge(90, 0, 0, 0))
    await beat(runtime.valkey, "two", "http://two", Gauge(1, 0, 0, 0))
    assert [node.name for node in await living_nodes(runtime.valkey)] == ["two", "one"]
    assert (await node_of_room(runtime.valkey, room)).name == "one"
    await runtime.valkey.delete("media:node:one")  # its beat has run out
    assert (await node_of_room(runtime.valkey, room)).url == "http://two"
    assert (await node_of_room(runtime.valkey, room)).name == "two"
