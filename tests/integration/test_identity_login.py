"""Logging in: two steps for staff, one answer for every failure, a fresh token at every step."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from httpx import AsyncClient

from exam.core.clock import FrozenClock
from exam.core.runtime import Runtime
from exam.identity.roles import Role
from exam.identity.sessions import COOKIE
from tests.builders import identity as make
from tests.builders.identity import COUNTY, PASSWORD
from tests.builders.web import browsing, send


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[AsyncClient]:
    await runtime.valkey.flushdb()  # allowances outlive a test's database
    async with browsing(runtime) as opened:
        yield opened


async def _proctor(runtime: Runtime) -> str:
    """Return the second-factor secret of the account `proctor`."""
    account = await make.account(runtime, login="proctor", roles=(Role.PROCTOR,), region=COUNTY)
    return await make.second_factor(runtime, account)


async def _log_in(client: AsyncClient, password: str = PASSWORD, **more: str) -> tuple[int, str]:
    answer = await send(client, "/login", {"login": "proctor", "password": password, **more})
    return answer.status_code, answer.headers.get("location", "")


async def test_staff_log_in_with_password_and_code(client: AsyncClient, runtime: Runtime) -> None:
    secret = await _proctor(runtime)
    assert await _log_in(client) == (303, "/login/second-factor?next=/")
    answer = await send(client, "/login/second-factor", {"code": make.code(secret, runtime.clock.now())})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert (await client.get("/account")).status_code == 200


async def test_every_step_renews_the_token_and_ends_the_old_one(client: AsyncClient, runtime: Runtime) -> None:
    secret = await _proctor(runtime)
    await _log_in(client)
    first = client.cookies[COOKIE]
    await send(client, "/login/second-factor", {"code": make.code(secret, runtime.clock.now())})
    assert client.cookies[COOKIE] != first
    async with browsing(runtime) as planted:
        planted.cookies.set(COOKIE, first)
        assert (await planted.get("/account")).headers["location"].startswith("/login?")


async def test_the_cookie_is_kept_from_scripts_and_other_sites(client: AsyncClient, runtime: Runtime) -> None:
    await _proctor(runtime)
    answer = await send(client, "/login", {"login": "proctor", "password": PASSWORD})
    cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith(COOKIE))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie  # the test's base_url is plain http


@pytest.mark.parametrize("login", ["proctor", "nobody"])
async def test_wrong_password_and_unknown_login_have_one_answer(
    client: AsyncClient, runtime: Runtime, login: str
) -> None:
    await _proctor(runtime)
    answer = await send(client, "/login", {"login": login, "password": "something else"})
    assert answer.status_code == 401
    assert "账号或密码不正确" in answer.text
    assert f'value="{login}"' in answer.text
    assert "something else" not in answer.text


async def test_five_failures_lock_for_fifteen_minutes(
    client: AsyncClient, runtime: Runtime, clock: FrozenClock
) -> None:
    await _proctor(runtime)
    for _ in range(5):
        assert (await _log_in(client, "wrong password"))[0] == 401
    assert (await _log_in(client))[0] == 401
    clock.advance(timedelta(minutes=15, seconds=1))
    assert (await _log_in(client))[0] == 303


async def test_a_success_forgets_the_failures_before_it(client: AsyncClient, runtime: Runtime) -> None:
    await _proctor(runtime)
    for _ in range(2):
        for _ in range(4):
            await _log_in(client, "wrong password")
        assert (await _log_in(client))[0] == 303
        # the allowance of one login is smaller than this test
        await runtime.valkey.flushdb()


async def test_guessing_one_login_runs_out_of_tries(client: AsyncClient, runtime: Runtime) -> None:
    await _proctor(runtime)
    statuses = [(await _log_in(client, "wrong password"))[0] for _ in range(11)]
    assert statuses == [401] * 10 + [429]


async def test_wrong_codes_lock_the_account_too(client: AsyncClient, runtime: Runtime) -> None:
    secret = await _proctor(runtime)
    await _log_in(client)
    right = make.code(secret, runtime.clock.now())
    wrong = "000000" if right != "000000" else "111111"
    for _ in range(5):
        assert (await send(client, "/login/second-factor", {"code": wrong})).status_code == 401
    answer = await send(client, "/login/second-factor", {"code": right})
    assert answer.status_code == 401
    assert "锁定" in answer.text


async def test_a_code_is_good_once(client: AsyncClient, runtime: Runtime) -> None:
    code = make.code(await _proctor(runtime), runtime.clock.now())
    await _log_in(client)
    await send(client, "/login/second-factor", {"code": code})
    async with browsing(runtime) as other:
        await _log_in(other)
        assert (await send(other, "/login/second-factor", {"code": code})).status_code == 401


async def test_full_width_digits_and_spaces_are_read(client: AsyncClient, runtime: Runtime) -> None:
    code = make.code(await _proctor(runtime), runtime.clock.now())
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    await _log_in(client)
    answer = await send(client, "/login/second-factor", {"code": f"{wide[:3]} {wide[3:]}"})
    assert answer.status_code == 303


async def test_the_first_log_in_binds_an_authenticator(client: AsyncClient, runtime: Runtime) -> None:
    await make.account(runtime, login="proctor", roles=(Role.PROCTOR,), region=COUNTY)
    await _log_in(client)
    page = (await client.get("/login/second-factor")).text
    found = re.search(r'class="code secret">([A-Z2-7 ]+)<', page)
    offer = re.search(r'name="offer" value="([^"]+)"', page)
    assert found
    assert offer
    wrong = await send(client, "/login/second-factor", {"code": "12345", "offer": offer[1]})
    assert wrong.status_code == 401
    assert found[1] in wrong.text, "a wrong code must not change the secret that was scanned"
    code = pyotp.TOTP(found[1].replace(" ", "")).at(runtime.clock.now())
    bound = await send(client, "/login/second-factor", {"code": code, "offer": offer[1]})
    assert bound.status_code == 303
    assert (await client.get("/account")).status_code == 200


async def test_an_offer_is_for_one_account_and_a_quarter_of_an_hour(
    client: AsyncClient, runtime: Runtime, clock: FrozenClock
) -> None:
    await make.account(runtime, login="proctor", roles=(Role.PROCTOR,), region=COUNTY)
    await _log_in(client)
    page = (await client.get("/login/second-factor")).text
    offer = re.search(r'name="offer" value="([^"]+)"', page)
    assert offer
    clock.advance(timedelta(minutes=16))
    answer = await send(client, "/login/second-factor", {"code": "123456", "offer": offer[1]})
    assert answer.status_code == 409
    assert "已过期" in answer.text


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/x",
        "/\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "\\\\evil",
    ],
)
async def test_log_in_never_leads_to_another_site(client: AsyncClient, runtime: Runtime, target: str) -> None:
    await _proctor(runtime)
    _, location = await _log_in(client, next=target)
    assert parse_qs(urlsplit(location).query)["next"] == ["/"]


async def test_log_in_leads_back_to_the_page_that_asked(client: AsyncClient, runtime: Runtime) -> None:
    secret = await _proctor(runtime)
    asked = await client.get("/account?x=1")
    assert asked.headers["location"] == "/login?next=/account%3Fx%3D1"
    await _log_in(client, next="/account?x=1")
    code = make.code(secret, runtime.clock.now())
    answer = await send(client, "/login/second-factor", {"code": code, "next": "/account?x=1"})
    assert answer.headers["location"] == "/account?x=1"


async def test_logging_out_ends_the_session_on_the_server(client: AsyncClient, runtime: Runtime) -> None:
    secret = await _proctor(runtime)
    await _log_in(client)
    await send(client, "/login/second-factor", {"code": make.code(secret, runtime.clock.now())})
    token = client.cookies[COOKIE]
    assert (await send(client, "/logout")).headers["location"] == "/login"
    client.cookies.set(COOKIE, token)
    assert (await client.get("/account")).status_code == 303


async def test_an_idle_session_ends(client: AsyncClient, runtime: Runtime, clock: FrozenClock) -> None:
    account = await make.account(runtime, login="proctor", roles=(Role.PROCTOR,), region=COUNTY)
    client.cookies.update(await make.session_cookie(runtime, account))
    clock.advance(timedelta(minutes=runtime.settings.session_idle_min, seconds=1))
    assert (await client.get("/account")).headers["location"].startswith("/login?")


async def test_a_session_in_use_stays_and_ends_at_its_greatest_age(
    client: AsyncClient, runtime: Runtime, clock: FrozenClock
) -> None:
    account = await make.account(runtime, login="proctor", roles=(Role.PROCTOR,), region=COUNTY)
    client.cookies.update(await make.session_cookie(runtime, account))
    for _ in range(runtime.settings.session_max_h * 3 - 1):
        clock.advance(timedelta(minutes=20))
        assert (await client.get("/account")).status_code == 200
    clock.advance(timedelta(minutes=21))
    assert (await client.get("/account")).status_code == 303


async def test_programs_log_in_with_json(client: AsyncClient, runtime: Runtime) -> None:
    secret = await _proctor(runtime)
    client.cookies.clear()
    first = await client.post("/api/login", json={"login": "proctor", "password": PASSWORD})
    assert first.json() == {"second_factor_needed": True, "must_change_password": False}
    code = make.code(secret, runtime.clock.now())
    second = await client.post("/api/login/second-factor", json={"code": code})
    assert second.json()["second_factor_needed"] is False
    assert (await client.get("/account")).status_code == 200


async def test_a_form_of_another_site_cannot_log_in_by_json(client: AsyncClient, runtime: Runtime) -> None:
    await _proctor(runtime)
    body = f'{{"login":"proctor","password":"{PASSWORD}"}}'
    answer = await client.post("/api/login", content=body, headers={"content-type": "text/plain"})
    assert (answer.status_code, answer.json()["code"]) == (400, "wrong_media_type")
    assert COOKIE not in client.cookies


async def test_an_initial_password_gives_no_rights_until_it_is_changed(client: AsyncClient, runtime: Runtime) -> None:
    account = await make.account(
        runtime, login="security", roles=(Role.SECURITY_ADMIN,), region=COUNTY, must_change_password=True
    )
    secret = await make.second_factor(runtime, account)
    await send(client, "/login", {"login": "security", "password": PASSWORD})
    answer = await send(client, "/login/second-factor", {"code": make.code(secret, runtime.clock.now())})
    assert answer.headers["location"] == "/account"
    assert (await client.get("/admin/accounts")).status_code == 403
    fresh = "neun-helle-laternen-14"
    changed = await send(client, "/account/password", {"old": PASSWORD, "new": fresh, "repeat": fresh})
    assert changed.status_code == 303
    assert (await client.get("/admin/accounts")).status_code == 200
