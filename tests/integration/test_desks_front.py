"""The front page: entrances for strangers, the day's work for staff, the first page for everybody else."""

from datetime import timedelta

from httpx import AsyncClient

from exam.core.clock import FrozenClock
from exam.core.runtime import Runtime
from exam.identity.sessions import COOKIE
from tests.builders.desks import session_of
from tests.builders.grading import close_and_score, examined
from tests.builders.records import hold, make_enterprise, make_person
from tests.builders.sitting import make_bank, make_centre, make_sitting
from tests.builders.web import browsing


async def _front(client: AsyncClient, token: str) -> str:
    client.cookies.set(COOKIE, token)
    return (await client.get("/")).text


async def test_stranger_finds_the_entrances(runtime: Runtime) -> None:
    async with browsing(runtime) as client:
        page = (await client.get("/")).text
    assert all(f'href="{path}"' in page for path in ("/verify", "/query", "/login", "/me/login", "/terminal"))


async def test_centre_is_told_of_the_sitting_that_is_not_ready(runtime: Runtime) -> None:
    await make_bank(runtime)
    centre = await make_centre(runtime)
    sitting = await make_sitting(runtime, centre)
    _, token = await session_of(runtime, role="centre", organisation=centre.id)
    async with browsing(runtime) as client:
        page = await _front(client, token)
    assert "还没有考生报名" in page
    assert f"/centre/sittings/{sitting}" in page


async def test_centre_is_told_to_close_and_then_to_release(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9, 0])
    clock.advance(timedelta(hours=4))
    _, token = await session_of(runtime, role="centre", organisation=exam.centre.id)
    async with browsing(runtime) as client:
        assert "考试时间已过" in await _front(client, token)
        await close_and_score(runtime, exam)
        assert "2 份成绩可以公布" in await _front(client, token)


async def test_neighbouring_centre_is_told_nothing(runtime: Runtime) -> None:
    await make_bank(runtime)
    await make_sitting(runtime, await make_centre(runtime))
    other = await make_centre(runtime, name="第二考点")
    _, token = await session_of(runtime, role="centre", organisation=other.id)
    async with browsing(runtime) as client:
        assert "今天没有待办" in await _front(client, token)


async def test_proctor_is_led_to_the_open_sitting(runtime: Runtime, clock: FrozenClock) -> None:
    await examined(runtime, clock, right=[9])
    _, token = await session_of(runtime, role="proctor")
    async with browsing(runtime) as client:
        assert "场次正在进行" in await _front(client, token)


async def test_regulator_is_told_of_certificates_that_end_soon(runtime: Runtime) -> None:
    await hold(runtime, await make_person(runtime, number=1), "officer.general", ends_in=12)
    _, token = await session_of(runtime, role="regulator")
    async with browsing(runtime) as client:
        assert "1 本证书 30 日内到期" in await _front(client, token)


async def test_regulator_is_told_of_the_sittings_of_the_day(runtime: Runtime, clock: FrozenClock) -> None:
    await examined(runtime, clock, right=[9])
    _, token = await session_of(runtime, role="regulator")
    async with browsing(runtime) as client:
        assert "今天有 1 场考试" in await _front(client, token)


async def test_roles_without_a_list_begin_at_their_first_page(runtime: Runtime) -> None:
    enterprise = await make_enterprise(runtime)
    cases = (("enterprise", enterprise, False, "/enterprise"), ("auditor", None, True, "/audit"))
    for role, organisation, second_factor, target in cases:
        _, token = await session_of(runtime, role=role, organisation=organisation, second_factor=second_factor)
        async with browsing(runtime) as client:
            client.cookies.set(COOKIE, token)
            assert (await client.get("/")).headers["location"] == target


async def test_staff_before_the_second_step_are_led_to_it(runtime: Runtime) -> None:
    _, token = await session_of(runtime, role="regulator", second_factor=False)
    async with browsing(runtime) as client:
        client.cookies.set(COOKIE, token)
        assert (await client.get("/")).headers["location"] == "/login/second-factor"
