"""Who may call what: the declared table against a checked-in one, and every route × every role against the server."""

import os
import re
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from uuid import UUID

import pytest
from litestar import Litestar, get

from exam.core.runtime import Runtime
from exam.identity.roles import Role
from exam.web.plugin import Plugin
from exam.web.policy import ONE_FACTOR_ROLES, RoutePolicy, UndeclaredRouteError, policy_table
from exam.web.shell import build_shell
from tests.builders import identity as make
from tests.builders.bare import Answer, BareCaller
from tests.builders.identity import CITY
from tests.builders.web import serving_within

GOLDEN = Path(__file__).parent / "policy_table.txt"
UPDATE = "ANKAO_UPDATE_GOLDEN"
JSON = {"accept": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")
NOBODY = UUID("0197a2b4-0000-7000-8000-000000000000")
VALUES = {"uuid": str(NOBODY), "int": "1", "str": "x", "path": "x", "": str(NOBODY)}
SAFE = {"GET", "HEAD"}
REFUSED = {401, 403}
WITHOUT_FORM_TOKEN = {
    "/api/login": "a program has no token yet; the JSON media type cannot be sent by another site's form",
    "/api/login/second-factor": "the same",
    "/api/verify": "reads only, needs no session and leaves nothing behind",
    "/api/verify/batch": "the same as the single question",
}
"""Acts outside the key routes that no CSRF token guards, each with its reason."""


def _address(path: str) -> str:
    return PARAMETER.sub(lambda found: VALUES[found[2] or ""], path)


def _line(row: RoutePolicy) -> str:
    policy = row.policy
    who = ", ".join(sorted(policy.roles)) if policy.kind == "roles" else policy.kind
    factor = " (one factor)" if policy.kind == "roles" and not policy.second_factor else ""
    return f"{row.method:<5} {row.path:<78} {who}{factor}"


@pytest.fixture
async def app(runtime: Runtime) -> AsyncIterator[Litestar]:
    await runtime.valkey.flushdb()
    async with serving_within(runtime) as running:
        yield running


def _caller(app: Litestar, cookies: dict[str, str] | None = None) -> BareCaller:
    return BareCaller(app, JSON, cookies)


async def _ask(caller: BareCaller, row: RoutePolicy) -> Answer:
    if row.method in SAFE:
        return await caller.request(row.method, _address(row.path))
    return await caller.request(row.method, _address(row.path), headers=await _form_token(caller), content=b"{}")


async def _form_token(caller: BareCaller) -> dict[str, str]:
    if "csrftoken" not in caller.cookies:
        await caller.request("GET", "/login")
    return {"x-csrftoken": caller.cookies["csrftoken"], "content-type": "application/json"}


def _routes(app: Litestar, *kinds: str) -> Iterable[RoutePolicy]:
    """Return the rows of the table that HTTP can call; sockets have no method and their own tests."""
    return [row for row in policy_table(app) if row.policy.kind in kinds and row.method != "ANY"]


async def test_the_table_is_the_one_that_was_agreed(app: Litestar) -> None:
    table = "\n".join(_line(row) for row in policy_table(app)) + "\n"
    if os.environ.get(UPDATE):
        GOLDEN.write_text(table, encoding="utf-8")
    assert table == GOLDEN.read_text(encoding="utf-8"), f"run with {UPDATE}=1 after reading the difference"


async def test_a_route_without_a_policy_stops_the_start(runtime: Runtime) -> None:
    @get("/forgotten")
    async def forgotten() -> None:
        """Return nothing."""

    with pytest.raises(UndeclaredRouteError, match="/forgotten"):
        build_shell(runtime, [Plugin(package="exam.desks", handlers=(forgotten,))])


async def test_nobody_passes_without_a_session(app: Litestar) -> None:
    caller = _caller(app)
    passed = {
        _line(row): answer.status_code
        for row in _routes(app, "roles", "session")
        if (answer := await _ask(caller, row)).status_code != 401
    }
    assert passed == {}


async def test_a_browser_without_a_session_is_led_to_the_log_in(app: Litestar) -> None:
    caller = _caller(app)
    for row in _routes(app, "roles", "session"):
        if row.method == "GET" and not row.path.startswith("/api/"):
            answer = await caller.request("GET", _address(row.path), headers={"accept": "text/html"})
            entrance = "/me/login" if row.policy.roles == ("candidate",) else "/login"
            assert answer.headers["location"].startswith(f"{entrance}?next="), row.path


@pytest.mark.parametrize("role", sorted(Role))
async def test_a_role_passes_its_own_routes_and_no_other(app: Litestar, runtime: Runtime, role: Role) -> None:
    account = await make.account(runtime, login="someone", roles=(role,), region=CITY)
    wrong: dict[str, str] = {}
    caller = _caller(app, await make.session_cookie(runtime, account))
    for row in _routes(app, "roles"):
        mine = role in row.policy.roles
        if mine and row.method not in SAFE:
            continue  # an act of the right role is its own package's business
        answer = await _ask(caller, row)
        guarded = answer.status_code == 403 and answer.json()["code"] == "forbidden"
        if guarded is mine or (mine and answer.status_code >= 500):
            wrong[_line(row)] = f"{answer.status_code} {answer.text[:120]}"
    assert wrong == {}


@pytest.mark.parametrize("role", sorted(set(Role) - {Role(name) for name in ONE_FACTOR_ROLES}))
async def test_staff_pass_nothing_before_the_second_step(app: Litestar, runtime: Runtime, role: Role) -> None:
    account = await make.account(runtime, login="someone", roles=(role,), region=CITY)
    passed: dict[str, int] = {}
    caller = _caller(app, await make.session_cookie(runtime, account, second_factor=False))
    for row in _routes(app, "roles"):
        answer = await _ask(caller, row)
        expected = 401 if role in row.policy.roles else 403
        if answer.status_code != expected:
            passed[_line(row)] = answer.status_code
    assert passed == {}


@pytest.mark.parametrize("role", sorted(ONE_FACTOR_ROLES))
async def test_one_factor_is_enough_outside_the_staff(app: Litestar, runtime: Runtime, role: str) -> None:
    account = await make.account(runtime, login="someone", roles=(Role(role),), region=CITY)
    caller = _caller(app, await make.session_cookie(runtime, account, second_factor=False))
    for row in _routes(app, "roles"):
        if role in row.policy.roles and row.method == "GET":
            assert (await _ask(caller, row)).status_code not in REFUSED, row.path


async def test_a_key_route_refuses_who_has_no_key(app: Litestar) -> None:
    caller = _caller(app)
    for row in _routes(app, "key"):
        answer = await _ask(caller, row)
        assert 400 <= answer.status_code < 500, f"{_line(row)}: {answer.status_code}"


async def test_no_act_passes_without_its_form_token(app: Litestar, runtime: Runtime) -> None:
    account = await make.account(runtime, login="someone", roles=(Role.SECURITY_ADMIN,), region=CITY)
    passed: dict[str, int] = {}
    caller = _caller(app, await make.session_cookie(runtime, account))
    for row in _routes(app, "roles", "session", "public"):
        if row.method in SAFE or row.path in WITHOUT_FORM_TOKEN:
            continue
        answer = await caller.request(row.method, _address(row.path), headers=FORM, content=b"x=1")
        if answer.status_code != 403:
            passed[_line(row)] = answer.status_code
    assert passed == {}
