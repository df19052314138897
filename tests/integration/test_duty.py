"""Who answers for a room: taken, handed over with a note, seen when it is left, never outside its region."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.errors import DomainError
from exam.core.principal import Grant, Principal
from exam.core.runtime import Runtime
from exam.delivery.api import get_attempt
from exam.identity.roles import Role as StaffRole
from exam.sitting.api import get_room
from proctor.desk.reasons import reason_words
from proctor.duty.board import duties_of
from proctor.duty.presence import AWAY_AFTER
from proctor.duty.service import hand_over, take_charge
from proctor.evidence.timeline import timeline_of
from tests.builders import identity as make
from tests.builders.attempts import attempts_in_progress
from tests.builders.sitting import COUNTY
from tests.builders.web import browsing, send, wear

FAR = "33/3302/330203"
CITY = "33/3301"
NOTE = "A-01 身体不适,已暂停过一次;A-02 桌下的包已收走"


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[AsyncClient]:
    await runtime.valkey.flushdb()
    async with browsing(runtime) as opened:
        yield opened


class Proctor:
    """Somebody at a desk."""

    def __init__(self, client: AsyncClient, account: UUID, cookie: dict[str, str], region: str) -> None:
        self.client, self.account, self.cookie, self.region = client, account, cookie, region

    @property
    def principal(self) -> Principal:
        return Principal(account=self.account, grants=(Grant("proctor", self.region),), second_factor=True)

    async def act(self, path: str, **data: str) -> int:
        return (await send(wear(self.client, self.cookie), path, data)).status_code

    async def see(self, path: str) -> str:
        return (await wear(self.client, self.cookie).get(path)).text


class Stage:
    """One room with an attempt in it, and proctors of the county, of the city above and of another city."""

    def __init__(self, client: AsyncClient, runtime: Runtime) -> None:
        self.client, self.runtime = client, runtime

    async def set_up(self) -> "Stage":
        [self.attempt] = await attempts_in_progress(self.runtime, 1, slots=2)
        async with self.runtime.databases.transaction(NOTHING, Role.OWNER) as session:
            row = (
                await session.execute(
                    text("select room_id, sitting_id from delivery_attempt where id = :id"), {"id": self.attempt}
                )
            ).one()
            await session.execute(text("update sitting_sitting set state = 'open'"))
        self.room, self.path = row.room_id, f"/proctor/sittings/{row.sitting_id}/rooms/{row.room_id}"
        self.first = await self.proctor("first", COUNTY)
        self.second = await self.proctor("second", CITY)
        self.far = await self.proctor("far", FAR)
        return self

    async def proctor(self, login: str, region: str) -> Proctor:
        account = await make.account(self.runtime, login=login, roles=(StaffRole.PROCTOR,), region=region)
        return Proctor(self.client, account, await make.session_cookie(self.runtime, account), region)

    async def holder(self) -> tuple[UUID | None, bool]:
        """Return who answers for the room, and whether they are there."""
        async with self.runtime.databases.transaction(Scope(region=COUNTY)) as session:
            room = await get_room(session, self.room)
            duty = (await duties_of(session, self.runtime, [room]))[self.room]
            return duty.account, duty.attended

    async def offer(self) -> str:
        """Let the first offer the room to the second; return the offer's path."""
        assert await self.first.act(f"{self.path}/take") == 303
        assert await self.first.act(f"{self.path}/handover", to=str(self.second.account), note=NOTE) == 303
        return await self.batch()

    async def batch(self) -> str:
        async with self.runtime.databases.transaction(NOTHING, Role.OWNER) as session:
            waiting = text("select batch_id from proctor_handover where answer is null")
            return f"/proctor/handovers/{await session.scalar(waiting)}"

    async def acts(self) -> list[str]:
        async with self.runtime.databases.transaction(NOTHING, Role.OWNER) as session:
            written = text("select act from core_audit_entry where subject = :id order by position")
            return list(await session.scalars(written, {"id": str(self.room)}))


@pytest.fixture
async def stage(client: AsyncClient, runtime: Runtime) -> Stage:
    return await Stage(client, runtime).set_up()


async def test_a_room_stays_with_the_first_until_the_colleague_accepts(stage: Stage, runtime: Runtime) -> None:
    assert "无人负责" in await stage.first.see("/proctor")
    offer = await stage.offer()
    assert await stage.holder() == (stage.first.account, True)
    desk = await stage.second.see("/proctor")
    assert NOTE in desk
    assert "接班" in desk
    assert "等待" in await stage.first.see(f"{stage.path}/wall")
    assert await stage.first.act(f"{offer}/accept") == 404  # only the colleague may
    assert await stage.second.act(f"{offer}/accept") == 303
    assert await stage.second.act(f"{offer}/accept") == 404
    assert await stage.holder() == (stage.second.account, True)
    assert await stage.acts() == ["room.taken", "handover.offered", "handover.accepted"]
    async with runtime.databases.transaction(Scope(region=COUNTY)) as session:
        attempt = await get_attempt(session, stage.attempt, now=runtime.clock.now())
        entries = await timeline_of(session, runtime, attempt)
    assert [(each.word, each.note) for each in entries if each.lane == "duty"] == [
        ("{name} 开始负责本考场", ""),
        ("{name} 把本考场移交给 {to}", NOTE),
        ("{name} 接班,负责本考场", ""),
    ]


async def test_an_offer_can_be_declined_with_a_reason_and_withdrawn(stage: Stage) -> None:
    offer = await stage.offer()
    assert await stage.second.act(f"{offer}/decline", reason="") == 400
    assert await stage.second.act(f"{offer}/decline", reason="正在处理别的考场") == 303
    assert "正在处理别的考场" in await stage.first.see(f"{stage.path}/handover")
    words = {"to": str(stage.second.account), "note": NOTE}
    assert await stage.first.act(f"{stage.path}/handover", **words) == 303
    assert await stage.first.act(f"{stage.path}/handover", **words) == 409  # one at a time
    again = await stage.batch()
    assert await stage.first.act(f"{again}/withdraw") == 303
    assert await stage.second.act(f"{again}/accept") == 404
    assert await stage.holder() == (stage.first.account, True)


async def test_a_proctor_who_goes_without_a_word_is_seen_and_only_then_relieved(stage: Stage, runtime: Runtime) -> None:
    await stage.offer()
    assert await stage.second.act(f"{stage.path}/take", reason="来接手") == 409  # the first is there
    long_ago = runtime.clock.now() - AWAY_AFTER - timedelta(seconds=1)
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await session.execute(text("update sitting_room set proctor_since = :at"), {"at": long_ago})
    await runtime.valkey.set(f"proctor:seen:{stage.first.account}", str(long_ago.timestamp()))
    assert await stage.holder() == (stage.first.account, False)
    desk = await stage.second.see("/proctor")
    assert "1 个考场无人负责" in desk
    assert "未移交" in desk
    assert await stage.second.act(f"{stage.path}/take", reason="无人在岗") == 303
    assert (await stage.holder())[0] == stage.second.account
    assert (await stage.acts())[-2:] == ["handover.withdrawn", "room.relieved"]


async def test_a_hand_over_needs_words_a_colleague_of_the_region_and_the_duty_itself(
    stage: Stage, runtime: Runtime
) -> None:
    words = {"to": str(stage.second.account), "note": NOTE}
    assert await stage.first.act(f"{stage.path}/handover", **words) == 409  # not on duty
    assert await stage.first.act(f"{stage.path}/take") == 303
    for wrong in ({"note": " "}, {"to": str(stage.far.account)}, {"to": str(stage.first.account)}, {"to": "nobody"}):
        assert await stage.first.act(f"{stage.path}/handover", **words | wrong) == 400
    assert await stage.far.act(f"{stage.path}/take") == 404
    # the service itself, in a scope that would show the room
    async with runtime.databases.transaction(Scope(region=COUNTY)) as session:
        for act in (
            take_charge(session, runtime, stage.far.principal, stage.room, note="", at=runtime.clock.now()),
            hand_over(session, runtime, stage.far.principal, [stage.room], to=None, note=NOTE, at=runtime.clock.now()),
        ):
            with pytest.raises(DomainError, match="region"):
                await act


async def test_the_database_shows_no_hand_over_of_another_region(stage: Stage, runtime: Runtime) -> None:
    await stage.offer()
    for table in ("proctor_handover", "proctor_duty_turn"):
        for region, seen in ((COUNTY, 1), (FAR, 0)):
            async with runtime.databases.transaction(Scope(region=region)) as session:
                assert await session.scalar(text(f"select count(*) from {table}")) == seen  # ours


async def test_all_rooms_go_together_and_nobody_is_called_away_without_valkey(
    stage: Stage, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await stage.first.act(f"{stage.path}/take") == 303
    words = {"to": str(stage.second.account), "note": NOTE, "rooms": "all"}
    assert await stage.first.act(f"{stage.path}/handover", **words) == 303
    assert await stage.second.act(f"{await stage.batch()}/accept") == 303

    async def away(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(runtime.valkey, "mget", away)
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await session.execute(text("update sitting_room set proctor_since = now() - interval '1 day'"))
    assert await stage.holder() == (stage.second.account, True)


def test_the_timeline_says_reasons_in_words() -> None:
    assert reason_words("admitted", "identity_confirmed") == "本人、照片与证件一致"
    assert reason_words("ended", "discipline") != reason_words("voided", "discipline")
    assert reason_words("ended", "sitting_closed") == "sitting_closed"
