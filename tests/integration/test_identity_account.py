"""One's own account: the password is changed by who knows it, and other devices can be logged out."""

from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient

from exam.core.runtime import Runtime
from exam.identity.roles import Role
from tests.builders import identity as make
from tests.builders.identity import COUNTY, PASSWORD
from tests.builders.web import browsing, send

FRESH = "neun-helle-laternen-14"


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[AsyncClient]:
    """Be a proctor who has logged in."""
    await runtime.valkey.flushdb()
    account = await make.account(runtime, login="proctor", roles=(Role.PROCTOR,), region=COUNTY)
    async with browsing(runtime) as opened:
        opened.cookies.update(await make.session_cookie(runtime, account))
        yield opened


async def _change(client: AsyncClient, old: str = PASSWORD, new: str = FRESH, repeat: str = "") -> tuple[int, str]:
    data = {"old": old, "new": new, "repeat": repeat or new}
    answer = await send(client, "/account/password", data)
    return answer.status_code, answer.text


async def test_a_changed_password_is_the_only_one(client: AsyncClient, runtime: Runtime) -> None:
    assert (await _change(client))[0] == 303
    assert "密码已修改" in (await client.get("/account")).text
    assert "密码已修改" not in (await client.get("/account")).text, "said once"
    async with browsing(runtime) as other:
        assert (await send(other, "/login", {"login": "proctor", "password": PASSWORD})).status_code == 401
        assert (await send(other, "/login", {"login": "proctor", "password": FRESH})).status_code == 303


@pytest.mark.parametrize(
    ("old", "new", "repeat", "words"),
    [
        ("wrong password", FRESH, FRESH, "原密码不正确"),
        (PASSWORD, FRESH, "another one here", "两次输入的新密码不一致"),
        (PASSWORD, "short", "short", "10 至 128 个字符"),
        (PASSWORD, "my-proctor-word", "my-proctor-word", "不能包含账号"),
        (PASSWORD, PASSWORD, PASSWORD, "不能与原密码相同"),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_changes(
    client: AsyncClient, runtime: Runtime, old: str, new: str, repeat: str, words: str
) -> None:
    status, page = await _change(client, old, new, repeat)
    assert status == 400
    assert words in page
    async with browsing(runtime) as other:
        assert (await send(other, "/login", {"login": "proctor", "password": PASSWORD})).status_code == 303


async def test_a_change_logs_out_the_other_devices(client: AsyncClient, runtime: Runtime) -> None:
    async with browsing(runtime) as other:
        await send(other, "/login", {"login": "proctor", "password": PASSWORD})
        assert (await other.get("/login/second-factor")).status_code == 200
        await _change(client)
        assert (await other.get("/login/second-factor")).headers["location"].startswith("/login?")
    assert (await client.get("/account")).status_code == 200


async def test_other_devices_are_listed_and_ended(client: AsyncClient, runtime: Runtime) -> None:
    async with browsing(runtime) as other:
        await send(other, "/login", {"login": "proctor", "password": PASSWORD})
        page = (await client.get("/account")).text
        assert page.count("本机") == 1
        assert page.count("其他设备</span>") == 1
        await send(client, "/account/end-others")
        assert (await other.get("/login/second-factor")).status_code == 303
    assert "其他设备</span>" not in (await client.get("/account")).text


async def test_staff_without_the_second_step_cannot_touch_the_account(runtime: Runtime) -> None:
    account = await make.account(runtime, login="proctor", roles=(Role.PROCTOR,), region=COUNTY)
    async with browsing(runtime) as client:
        client.cookies.update(await make.session_cookie(runtime, account, second_factor=False))
        assert (await client.get("/account")).headers["location"].startswith("/login/second-factor")
        assert (await _change(client))[0] == 401


async def test_an_enterprise_clerk_needs_one_factor(runtime: Runtime) -> None:
    await runtime.valkey.flushdb()
    await make.account(runtime, login="enterprise", roles=(Role.ENTERPRISE,), region=COUNTY)
    async with browsing(runtime) as client:
        answer = await send(client, "/login", {"login": "enterprise", "password": PASSWORD})
        assert answer.headers["location"] == "/"
        assert (await client.get("/account")).status_code == 200
