"""Single sign-on: a real provider over loopback, an existing account, and nothing that came from elsewhere."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest
from httpx import AsyncClient
from sqlalchemy import func, select, text

from exam.app import compose_runtime
from exam.core.clock import FrozenClock
from exam.core.config import Settings
from exam.core.db.scope import NOTHING, Scope
from exam.core.runtime import Runtime
from exam.identity.models import Account
from exam.identity.roles import Role
from exam.identity.sso.asking import COOKIE as ASKING
from exam.identity.sso.tokens import passed_two
from tests.builders import identity as make
from tests.builders.identity import COUNTY
from tests.builders.openid import CLIENT, SECRET, OpenIdProvider, Person, openid_provider
from tests.builders.web import BASE, send, wear

CALLBACK = f"{BASE}/login/sso/callback"
TWO = {"amr": ["pwd", "otp", "mfa"]}


@pytest.fixture
async def provider(clock: FrozenClock) -> AsyncIterator[OpenIdProvider]:
    with openid_provider(clock, CALLBACK) as running:
        yield running


@pytest.fixture
async def runtime(
    settings: Settings, clock: FrozenClock, provider: OpenIdProvider, tmp_path: Path
) -> AsyncIterator[Runtime]:
    """Compose the product with a provider set up."""
    secret = tmp_path / "client-secret"
    secret.write_text(SECRET + "\n", encoding="utf-8")
    own = {
        "base_url": BASE,
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret_file": secret,
        "oidc_two_factor_acr": "urn:example:two-factor",
    }
    built = compose_runtime(msgspec.structs.replace(settings, **own), clock=clock)
    yield built
    await built.close()


async def _proctor(runtime: Runtime, client: AsyncClient, provider: OpenIdProvider) -> None:
    """Open an account, bind it to the subject `7`, and log out again."""
    account = await make.account(runtime, login="proctor", roles=(Role.PROCTOR,), region=COUNTY)
    provider.person = Person(subject="7", claims=TWO)
    wear(client, await make.session_cookie(runtime, account))
    assert "未绑定" in (await client.get("/account")).text
    answer = await _through(client, "/account/sso/bind")
    assert answer.headers["location"].startswith("/account")
    assert "解除绑定" in (await client.get("/account")).text
    assert (await send(client, "/logout")).headers["location"] == "/login"


async def _at_the_provider(client: AsyncClient, path: str) -> str:
    """Follow a browser to the provider, and return where that sends it back to."""
    away = await client.get(path)
    assert away.status_code == 303, away.text
    async with httpx.AsyncClient() as browser:
        back = await browser.get(away.headers["location"])
    return str(back.headers["location"])


async def _through(client: AsyncClient, path: str = "/login/sso?next=/proctor") -> httpx.Response:
    return await client.get(await _at_the_provider(client, path))


async def _acts(runtime: Runtime) -> list[str]:
    async with runtime.databases.session(Scope(region="33")) as session:
        query = text("select act from core_audit_entry where act like 'account.sso%' order by at, id")
        return list(await session.scalars(query))


@pytest.mark.parametrize(
    ("claims", "two"),
    [
        ({"acr": "urn:example:two-factor"}, True),
        ({"amr": ["mfa"]}, True),
        ({"acr": "urn:example:password", "amr": ["pwd", "otp"]}, False),
        ({"amr": "mfa"}, False),
        ({}, False),
    ],
)
def test_two_factors_are_believed_by_class_or_method(claims: dict[str, object], two: bool) -> None:  # noqa: FBT001
    assert passed_two(claims, ["urn:example:two-factor"]) is two


async def test_staff_are_let_into_the_account_that_they_have_bound(
    client: AsyncClient, runtime: Runtime, provider: OpenIdProvider
) -> None:
    await _proctor(runtime, client, provider)
    assert "用统一身份认证登录" in (await client.get("/login")).text
    answer = await _through(client)
    assert (answer.status_code, answer.headers["location"]) == (303, "/proctor")
    assert (await client.get("/proctor")).status_code == 200
    assert await _acts(runtime) == ["account.sso_bound", "account.sso_logged_in"]
    left = await send(client, "/logout")
    assert "/login/sso/leave" in (await client.get(left.headers["location"])).text
    onward = urlsplit((await client.get("/login/sso/leave")).headers["location"])
    assert f"{onward.scheme}://{onward.netloc}{onward.path}" == f"{provider.issuer}/end_session"
    assert parse_qs(onward.query)["post_logout_redirect_uri"] == [f"{BASE}/login"]
    # one factor there leaves the second step here
    provider.person = Person(subject="7", claims={"amr": ["pwd"]})
    assert (await _through(client)).headers["location"] == "/login/second-factor?next=/proctor"
    assert (await client.get("/proctor")).status_code == 303


async def test_an_identity_belongs_to_one_account_and_makes_none(
    client: AsyncClient, runtime: Runtime, provider: OpenIdProvider
) -> None:
    await _proctor(runtime, client, provider)
    other = await make.account(runtime, login="other", roles=(Role.PROCTOR,), region=COUNTY)
    wear(client, await make.session_cookie(runtime, other))
    assert "sso_taken" in (await _through(client, "/account/sso/bind")).text
    wear(client, await make.session_cookie(runtime, other, second_factor=False))
    assert (await client.get("/account/sso/bind")).status_code == 403
    await _through(client)
    assert (await send(client, "/account/sso/unbind")).status_code == 303
    assert "sso_not_bound" in (await send(client, "/account/sso/unbind", {})).text
    answer = await _through(client)
    assert (answer.status_code, "sso_unknown" in answer.text) == (401, True)
    async with runtime.databases.session(NOTHING) as session:
        assert await session.scalar(select(func.count()).select_from(Account)) == 2


UNTRUE: tuple[dict[str, object], ...] = (
    {"iss": "https://elsewhere.example"},
    {"aud": "another-client"},
    {"nonce": "another"},
    {"exp": 1},
    {"azp": "another-client"},
    {"at_hash": "AAAA"},
    {"sub": ""},
)


async def test_a_token_that_says_something_else_is_refused(
    client: AsyncClient, runtime: Runtime, provider: OpenIdProvider
) -> None:
    await _proctor(runtime, client, provider)
    for provider.wrong in UNTRUE:
        answer = await _through(client)
        assert (answer.status_code, "sso_refused" in answer.text) == (401, True), provider.wrong


async def test_an_answer_belongs_to_the_browser_and_the_moment_that_asked(
    client: AsyncClient, runtime: Runtime, provider: OpenIdProvider, clock: FrozenClock
) -> None:
    await _proctor(runtime, client, provider)
    back = await _at_the_provider(client, "/login/sso")
    kept = client.cookies[ASKING]
    assert "sso_refused" in (await client.get(back.replace("state=", "state=x"))).text
    assert "sso_refused" in (await client.get(back)).text, "another browser has no question of its own"
    wear(client, {ASKING: kept})
    assert (await client.get(back)).status_code == 303
    wear(client, {ASKING: kept})
    assert "sso_refused" in (await client.get(back)).text, "a code is good once"
    late = await _at_the_provider(client, "/login/sso")
    clock.advance(timedelta(minutes=10, seconds=1))
    assert "sso_refused" in (await client.get(late)).text


async def test_a_refusal_a_new_key_and_a_provider_that_is_away(
    client: AsyncClient, runtime: Runtime, provider: OpenIdProvider, clock: FrozenClock
) -> None:
    await _proctor(runtime, client, provider)
    person, provider.person = provider.person, None
    assert "sso_refused" in (await _through(client)).text
    provider.person = person
    provider.change_key()
    clock.advance(timedelta(minutes=1, seconds=1))
    assert (await _through(client)).status_code == 303
    provider.issuer += "/moved"
    clock.advance(timedelta(hours=1, seconds=1))
    assert (await client.get("/login/sso")).status_code == 503


async def test_a_logout_at_the_provider_ends_the_sessions_that_came_from_there(
    client: AsyncClient, runtime: Runtime, provider: OpenIdProvider
) -> None:
    await _proctor(runtime, client, provider)
    await _through(client)

    async def told(token: str) -> int:
        answer = await client.post("/login/sso/logout", data={"logout_token": token})
        assert answer.headers["cache-control"] == "no-store"
        return answer.status_code

    stale = int(runtime.clock.now().timestamp()) - 600
    wrongs: tuple[dict[str, object], ...] = (
        {"nonce": "n"},
        {"events": None},
        {"events": {}},
        {"sub": None},
        {"sub": None, "sid": ""},
        {"sub": None, "sid": 5},
        {"sub": 7, "sid": "s"},
        {"aud": "another"},
        {"iss": "https://elsewhere.example"},
        {"jti": None},
        {"exp": stale},
    )
    for wrong in wrongs:
        assert await told(provider.logout_token("7", **wrong)) == 400, wrong
    assert await told("x") == 400
    assert await told(provider.logout_token("8")) == 200
    assert (await client.get("/proctor")).status_code == 200
    assert await told(provider.logout_token("7")) == 200
    assert (await client.get("/proctor")).status_code in {303, 401}
    assert await told(provider.logout_token("7")) == 200
    assert await _acts(runtime) == ["account.sso_bound", "account.sso_logged_in", "account.sso_logged_out"]


async def test_a_logout_of_one_session_there_ends_what_came_from_it(
    client: AsyncClient, runtime: Runtime, provider: OpenIdProvider
) -> None:
    await _proctor(runtime, client, provider)
    provider.person = Person(subject="7", claims={**TWO, "sid": "one"})
    await _through(client)
    for number, status in (("another", {200}), ("one", {303, 401})):
        token = provider.logout_token("7", sub=None, sid=number)
        assert (await client.post("/login/sso/logout", data={"logout_token": token})).status_code == 200
        assert (await client.get("/proctor")).status_code in status, number
    assert await _acts(runtime) == ["account.sso_bound", "account.sso_logged_in", "account.sso_logged_out"]
