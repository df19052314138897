"""The shell around every page: headers, language, theme, problems, CSRF, and the right answer when something is away."""

import re
from collections.abc import AsyncIterator
from html import unescape

import msgspec
import pytest
from httpx import AsyncClient

from exam.core.events import Subscribers
from exam.core.runtime import Runtime, build_runtime
from exam.identity.roles import Role
from tests.builders import identity as make
from tests.builders.identity import COUNTY
from tests.builders.web import browsing, send

JSON = {"accept": "application/json"}


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[AsyncClient]:
    async with browsing(runtime) as opened:
        yield opened


@pytest.mark.parametrize("path", ["/", "/login", "/nowhere", "/health/live", "/static/web/shell.css", "/admin"])
async def test_every_answer_has_the_security_headers(client: AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    policy = headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "object-src 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"


async def test_pages_are_kept_by_nobody_and_static_files_by_their_content(client: AsyncClient) -> None:
    page = await client.get("/login")
    assert page.headers["cache-control"] == "no-store"
    address = re.search(r'href="(/static/web/tokens\.css\?v=[0-9a-f]{12})"', page.text)
    assert address
    styles = await client.get(address[1])
    assert styles.headers["cache-control"] == "public, max-age=31536000, immutable"
    plain = await client.get("/static/web/tokens.css")
    assert plain.headers["cache-control"] == "public, max-age=3600"
    assert "set-cookie" not in plain.headers


async def test_no_page_has_inline_script_style_or_handler(client: AsyncClient) -> None:
    for path in ("/", "/login", "/nowhere"):
        page = (await client.get(path)).text
        assert not re.search(r"<script(?![^>]*\bsrc=)", page)
        assert "<style" not in page
        assert not re.search(r"\s(?:on[a-z]+|style)=", page)


async def test_an_unknown_address_is_a_page_that_helps(client: AsyncClient) -> None:
    answer = await client.get("/nowhere")
    assert answer.status_code == 404
    for words in ("没有找到这个页面", "这意味着", "现在可以", "404 · not_found"):
        assert words in answer.text


async def test_who_is_logged_in_keeps_the_navigation_on_a_problem_page(client: AsyncClient, runtime: Runtime) -> None:
    account = await make.account(runtime, login="system", roles=(Role.SYSTEM_ADMIN,), region=COUNTY)
    client.cookies.update(await make.session_cookie(runtime, account))
    assert 'href="/admin/system"' in (await client.get("/nowhere")).text


async def test_navigation_waits_for_the_second_step(client: AsyncClient, runtime: Runtime) -> None:
    account = await make.account(runtime, login="system", roles=(Role.SYSTEM_ADMIN,), region=COUNTY)
    client.cookies.update(await make.session_cookie(runtime, account, second_factor=False))
    assert 'href="/admin/system"' not in (await client.get("/login/second-factor")).text
    assert (await client.get("/")).headers["location"] == "/login/second-factor"


async def test_programs_get_problem_json(client: AsyncClient) -> None:
    answer = await client.get("/admin/accounts", headers=JSON)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "login_required"
    assert (await client.get("/nowhere", headers=JSON)).json()["code"] == "not_found"


async def test_the_language_is_the_browsers_until_it_is_chosen(client: AsyncClient) -> None:
    english = await client.get("/login", headers={"accept-language": "en-GB,zh;q=0.5"})
    assert '<html lang="en"' in english.text
    assert "Forgotten password" in english.text
    answer = await send(client, "/language/en")
    assert answer.status_code == 303
    assert '<html lang="en"' in (await client.get("/login")).text
    assert '<html lang="en"' in (await client.get("/nowhere")).text


async def test_the_theme_is_kept_until_the_device_decides_again(client: AsyncClient) -> None:
    assert "data-bs-theme" not in (await client.get("/login")).text
    await send(client, "/theme/contrast")
    assert 'data-bs-theme="contrast"' in (await client.get("/login")).text
    await send(client, "/theme/auto")
    assert "data-bs-theme" not in (await client.get("/login")).text


@pytest.mark.parametrize(
    ("referer", "target"),
    [
        ("http://testserver.local/login?next=/account", "/login?next=/account"),
        ("https://evil.example/path", "/path"),
        ("//evil.example/path", "/path"),
        ("javascript:alert(1)", "/"),
        ("https://evil.example//other.example", "/"),
        ("", "/"),
    ],
)
async def test_a_preference_leads_back_within_this_site(client: AsyncClient, referer: str, target: str) -> None:
    data = {"_csrf_token": client.cookies["csrftoken"]}
    answer = await client.post("/theme/dark", data=data, headers={"referer": referer})
    assert answer.headers["location"] == target


async def test_a_form_without_its_token_is_refused(client: AsyncClient) -> None:
    answer = await client.post("/login", data={"login": "a", "password": "b"})
    assert answer.status_code == 403
    assert "已过期" in answer.text
    forged = await client.post("/login", data={"login": "a", "password": "b", "_csrf_token": "f" * 128})
    assert forged.status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_an_act_from_another_site_is_refused_even_with_a_token(client: AsyncClient, site: str) -> None:
    data = {"_csrf_token": client.cookies["csrftoken"]}
    answer = await client.post("/theme/dark", data=data, headers={"sec-fetch-site": site, **JSON})
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")


async def test_without_a_database_public_pages_stand_and_others_say_so(runtime: Runtime) -> None:
    away = msgspec.structs.replace(runtime.settings, database_url="postgresql://nobody@127.0.0.1:1/none")
    broken = build_runtime(away, Subscribers(), clock=runtime.clock)
    async with browsing(broken) as client:
        assert (await client.get("/")).status_code == 200
        answer = await send(client, "/login", {"login": "somebody", "password": "something"})
        assert answer.status_code == 503
        client.cookies.set("ankao_session", "x")
        page = await client.get("/account")
        assert page.status_code == 503
        assert "系统暂时繁忙" in page.text
        assert page.headers["x-frame-options"] == "DENY"
        assert (await client.get("/health/ready")).status_code == 503
    await broken.close()


async def test_without_valkey_people_still_log_in(runtime: Runtime) -> None:
    away = msgspec.structs.replace(runtime.settings, valkey_url="redis://127.0.0.1:1")
    degraded = build_runtime(away, Subscribers(), clock=runtime.clock)
    await make.account(degraded, login="proctor", roles=(Role.PROCTOR,), region=COUNTY)
    async with browsing(degraded) as client:
        answer = await send(client, "/login", {"login": "proctor", "password": make.PASSWORD})
        assert answer.status_code == 303
        assert (await client.get("/health/ready", headers=JSON)).json() == {"status": "degraded"}
    await degraded.close()


async def test_the_demo_says_that_it_is_one(runtime: Runtime) -> None:
    async with browsing(runtime) as client:
        assert "演示系统" not in (await client.get("/login")).text


NEWCOMER = {
    "login": "proctor.9",
    "name": "<周·敏>",
    "role": "proctor",
    "region": COUNTY,
    "town": "",
    "organisation": "",
    "reason": "换届\r\n第 7 号通知",
}


async def test_a_form_sent_after_the_session_ended_comes_back_whole_and_can_be_sent_again(
    client: AsyncClient, runtime: Runtime
) -> None:
    await make.regions(runtime)
    security = await make.account(runtime, login="security", roles=(Role.SECURITY_ADMIN,), region=COUNTY)
    refused = await send(client, "/admin/accounts", NEWCOMER)
    assert refused.status_code == 401
    assert "您填写的内容还在这一页" in refused.text
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', refused.text)
    kept = {name: unescape(value) for name, value in found}
    assert {name: kept[name] for name in NEWCOMER} == NEWCOMER
    client.cookies.update(await make.session_cookie(runtime, security))
    again = await client.post("/admin/accounts", data=kept)
    assert "账号已建立" in again.text
    assert "&lt;周·敏&gt;" in again.text


async def test_a_secret_never_comes_back_with_a_refused_form(client: AsyncClient) -> None:
    answer = await send(
        client, "/account/password", {"old": "geheim-eins", "new": "geheim-zwei", "repeat": "geheim-zwei"}
    )
    assert answer.status_code == 401
    assert "geheim" not in answer.text
    assert "您填写的内容还在这一页" not in answer.text


async def test_a_file_sent_after_the_session_ended_is_asked_for_again(client: AsyncClient) -> None:
    data = {"_csrf_token": client.cookies["csrftoken"], "name": "张三"}
    where = "/centre/sittings/0193f000-0000-7000-8000-000000000001/registrations"
    answer = await client.post(where, data=data, files={"photo": ("face.jpg", b"\xff\xd8", "image/jpeg")})
    assert answer.status_code == 401
    assert "张三" in answer.text
    assert "请在下一页重新选择" in answer.text
