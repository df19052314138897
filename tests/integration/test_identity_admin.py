"""The security administrator's acts: within the region, with a reason, felt at once, and never two roles that exclude."""

from collections.abc import AsyncIterator
from html import unescape
from uuid import UUID

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from exam.core.audit.ledger import AuditRow, AuditWords
from exam.core.db.scope import Scope
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.identity.accounts import grant_role
from exam.identity.candidates import open_candidate_session
from exam.identity.errors import RoleConflictError
from exam.identity.models import Account, RoleGrant
from exam.identity.roles import ADMINISTRATORS, Role
from tests.builders import identity as make
from tests.builders.identity import CITY, COUNTY, PROVINCE
from tests.builders.records import make_person
from tests.builders.web import browsing, send

SISTER_CITY = "33/3302"


@pytest.fixture
async def admin(runtime: Runtime) -> AsyncIterator[AsyncClient]:
    """Sit at the desk of the security administrator of Hangzhou."""
    await make.regions(runtime)
    account = await make.account(runtime, login="security", roles=(Role.SECURITY_ADMIN,), region=CITY)
    async with browsing(runtime) as client:
        client.cookies.update(await make.session_cookie(runtime, account))
        yield client


async def _acts(runtime: Runtime, subject: UUID) -> list[tuple[str, object]]:
    async with runtime.databases.session(Scope(region=PROVINCE)) as session:
        rows = await session.execute(
            select(AuditRow.act, AuditWords.words)
            .join(AuditWords, (AuditWords.entry_id == AuditRow.id) & (AuditWords.name == "reason"), isouter=True)
            .where(AuditRow.subject == str(subject))
            .order_by(AuditRow.position)
        )
        return [(act, words) for act, words in rows]


async def _grant(client: AsyncClient, account: UUID, role: Role, region: str = COUNTY, **more: str) -> Response:
    data = {"role": role.value, "region": region, "reason": "任命文件〔2026〕7号", **more}
    return await send(client, f"/admin/accounts/{account}/grants", data)


async def test_a_new_account_gets_a_password_that_is_shown_once(admin: AsyncClient, runtime: Runtime) -> None:
    data = {"login": "proctor.7", "name": "王建国", "role": "proctor", "region": COUNTY, "reason": "新聘"}
    answer = await send(admin, "/admin/accounts", data)
    assert answer.status_code == 200
    async with runtime.databases.session(Scope(region=PROVINCE)) as session:
        account = await session.scalar(select(Account).where(Account.login == "proctor.7"))
    assert account is not None
    assert account.must_change_password
    assert "只显示这一次" in answer.text
    assert await _acts(runtime, account.id) == [("account.created", None), ("role.granted", "新聘")]
    assert "proctor.7" in (await admin.get("/admin/accounts")).text


async def test_a_taken_login_keeps_what_was_typed(admin: AsyncClient, runtime: Runtime) -> None:
    await make.account(runtime, login="proctor.7", roles=(Role.PROCTOR,), region=COUNTY)
    data = {"login": "proctor.7", "name": "李小红", "role": "proctor", "region": COUNTY, "reason": "新聘"}
    answer = await send(admin, "/admin/accounts", data)
    assert answer.status_code == 409
    assert "已被使用" in answer.text
    assert 'value="李小红"' in answer.text


async def test_the_list_is_searched_and_filtered(admin: AsyncClient, runtime: Runtime) -> None:
    await make.account(runtime, login="proctor.west", roles=(Role.PROCTOR,), region=COUNTY)
    await make.account(runtime, login="author.city", roles=(Role.AUTHOR,), region=CITY)
    assert "author.city" not in (await admin.get("/admin/accounts?role=proctor")).text
    assert "author.city" not in (await admin.get(f"/admin/accounts?region={COUNTY}")).text
    found = (await admin.get("/admin/accounts?q=AUTHOR")).text
    assert "author.city" in found
    assert "proctor.west" not in found
    assert "没有符合条件的账号" in (await admin.get("/admin/accounts?q=%25")).text


async def test_candidates_are_listed_when_asked_for_with_their_names_masked(
    admin: AsyncClient, runtime: Runtime
) -> None:
    person = await make_person(runtime, number=3, name="欧阳小红")
    async with runtime.databases.transaction(Scope(region=COUNTY)) as session:
        await open_candidate_session(session, runtime.settings, person_id=person, region=COUNTY, at=runtime.clock.now())
    everybody = (await admin.get("/admin/accounts")).text
    assert "candidate-" not in everybody
    asked = (await admin.get("/admin/accounts?role=candidate")).text
    assert "凭准考证登录" in asked
    assert "candidate-" not in asked
    assert "欧阳小红" not in asked
    async with runtime.databases.session(Scope(region=PROVINCE)) as session:
        account = await session.scalar(select(Account.id).where(Account.person_id == person))
    page = (await admin.get(f"/admin/accounts/{account}")).text
    assert "欧阳小红" not in page
    assert "重置密码" not in page
    answer = await send(admin, f"/admin/accounts/{account}/reset-password", {"reason": "忘记密码"})
    assert answer.status_code == 409
    assert "ticket_account" in answer.text


async def test_accounts_of_another_city_are_neither_listed_nor_found(admin: AsyncClient, runtime: Runtime) -> None:
    other = await make.account(runtime, login="proctor.ningbo", roles=(Role.PROCTOR,), region=SISTER_CITY)
    assert "proctor.ningbo" not in (await admin.get("/admin/accounts")).text
    assert (await admin.get(f"/admin/accounts/{other}")).status_code == 404
    answer = await send(admin, f"/admin/accounts/{other}/disable", {"reason": "越界"})
    assert answer.status_code == 403
    assert (await admin.get(f"/admin/accounts?region={SISTER_CITY}")).status_code == 403


async def test_nobody_above_is_managed_from_below(admin: AsyncClient, runtime: Runtime) -> None:
    above = await make.account(runtime, login="regulator.province", roles=(Role.REGULATOR,), region=PROVINCE)
    async with runtime.databases.transaction(Scope(region=PROVINCE)) as session:
        at = runtime.clock.now()
        await grant_role(session, SYSTEM, above, Role.REGULATOR, region=COUNTY, at=at)
    assert (await admin.get(f"/admin/accounts/{above}")).status_code == 200
    for act in ("disable", "reset-password", "reset-second-factor"):
        assert (await send(admin, f"/admin/accounts/{above}/{act}", {"reason": "夺权"})).status_code == 403


async def test_roles_are_granted_within_the_region_only(admin: AsyncClient, runtime: Runtime) -> None:
    account = await make.account(runtime, login="proctor.west", roles=(Role.PROCTOR,), region=COUNTY)
    assert (await _grant(admin, account, Role.REGULATOR, PROVINCE)).status_code == 403
    assert (await _grant(admin, account, Role.REGULATOR, SISTER_CITY)).status_code == 403
    assert (await _grant(admin, account, Role.REGULATOR, "33/3301/330199")).status_code == 404
    assert (await _grant(admin, account, Role.REGULATOR, COUNTY)).status_code == 303


async def test_a_disabled_person_is_out_at_the_next_request(admin: AsyncClient, runtime: Runtime) -> None:
    account = await make.account(runtime, login="proctor.west", roles=(Role.PROCTOR,), region=COUNTY)
    async with browsing(runtime) as leaver:
        leaver.cookies.update(await make.session_cookie(runtime, account))
        assert (await leaver.get("/account")).status_code == 200
        answer = await send(admin, f"/admin/accounts/{account}/disable", {"reason": "离职"})
        assert answer.status_code == 303
        assert (await leaver.get("/account", headers={"accept": "application/json"})).status_code == 401
    assert (await _acts(runtime, account))[-1] == ("account.disabled", "离职")


async def test_a_revoked_role_is_gone_at_the_next_request(admin: AsyncClient, runtime: Runtime) -> None:
    account = await make.account(runtime, login="system", roles=(Role.SYSTEM_ADMIN,), region=CITY)
    async with runtime.databases.session(Scope(region=PROVINCE)) as session:
        grant = await session.scalar(select(RoleGrant.id).where(RoleGrant.account_id == account))
    async with browsing(runtime) as holder:
        holder.cookies.update(await make.session_cookie(runtime, account))
        assert (await holder.get("/admin/system")).status_code == 200
        await send(admin, f"/admin/accounts/{account}/grants/{grant}/revoke", {"reason": "调岗"})
        assert (await holder.get("/admin/system")).status_code == 403
    assert (await _acts(runtime, account))[-1] == ("role.revoked", "调岗")


async def test_an_enabled_account_logs_in_again(admin: AsyncClient, runtime: Runtime) -> None:
    await runtime.valkey.flushdb()
    account = await make.account(runtime, login="proctor.west", roles=(Role.PROCTOR,), region=COUNTY)
    form = {"login": "proctor.west", "password": make.PASSWORD}
    async with browsing(runtime) as person:
        await send(admin, f"/admin/accounts/{account}/disable", {"reason": "停职"})
        assert (await send(person, "/login", form)).status_code == 401
        await send(admin, f"/admin/accounts/{account}/enable", {"reason": "复职"})
        assert (await send(person, "/login", form)).status_code == 303


async def test_resets_end_every_session(admin: AsyncClient, runtime: Runtime) -> None:
    account = await make.account(runtime, login="proctor.west", roles=(Role.PROCTOR,), region=COUNTY)
    for act in ("reset-password", "reset-second-factor"):
        async with browsing(runtime) as person:
            person.cookies.update(await make.session_cookie(runtime, account))
            await send(admin, f"/admin/accounts/{account}/{act}", {"reason": "换手机"})
            assert (await person.get("/account")).status_code == 303
    acts = [act for act, _ in await _acts(runtime, account)]
    assert acts[-2:] == ["account.password_reset", "account.second_factor_reset"]


@pytest.mark.parametrize("act", ["disable", "reset-password", "reset-second-factor"])
async def test_nobody_acts_on_their_own_account(admin: AsyncClient, runtime: Runtime, act: str) -> None:
    async with runtime.databases.session(Scope(region=PROVINCE)) as session:
        own = await session.scalar(select(Account.id).where(Account.login == "security"))
    answer = await send(admin, f"/admin/accounts/{own}/{act}", {"reason": "自办"})
    assert answer.status_code == 403
    assert "另一位安全管理员" in answer.text


async def test_an_act_without_a_reason_is_refused(admin: AsyncClient, runtime: Runtime) -> None:
    account = await make.account(runtime, login="proctor.west", roles=(Role.PROCTOR,), region=COUNTY)
    assert (await send(admin, f"/admin/accounts/{account}/disable", {"reason": ""})).status_code == 400
    assert (await send(admin, f"/admin/accounts/{account}/disable")).status_code == 400


async def test_a_form_with_a_field_of_the_table_is_refused(admin: AsyncClient, runtime: Runtime) -> None:
    account = await make.account(runtime, login="proctor.west", roles=(Role.PROCTOR,), region=COUNTY)
    for extra in ("password_hash", "enabled", "failures", "person_id", "granted_by", "account_id"):
        assert (await _grant(admin, account, Role.AUTHOR, **{extra: "1"})).status_code == 400


async def test_roles_for_an_organisation_need_one(admin: AsyncClient, runtime: Runtime) -> None:
    account = await make.account(runtime, login="proctor.west", roles=(Role.PROCTOR,), region=COUNTY)
    answer = await _grant(admin, account, Role.CENTRE)
    assert answer.status_code == 400
    assert "必须指定所属机构" in answer.text


async def test_a_conflict_is_refused_in_a_clear_sentence(admin: AsyncClient, runtime: Runtime) -> None:
    account = await make.account(runtime, login="author.west", roles=(Role.AUTHOR,), region=COUNTY)
    answer = await _grant(admin, account, Role.REVIEWER)
    assert answer.status_code == 403
    assert "角色「命题员」与「审题员」必须由不同的人担任。" in answer.text
    english = await admin.post(
        f"/admin/accounts/{account}/grants",
        data={"role": "reviewer", "region": COUNTY, "reason": "x", "_csrf_token": admin.cookies["csrftoken"]},
        headers={"accept-language": "en", "accept": "application/json"},
    )
    assert '"Author" and "Reviewer"' in unescape(english.text)


def _pairs() -> list[tuple[Role, Role]]:
    """Return pairs of one person's roles that the rules forbid (DESIGN.md §6.8)."""
    makers = (Role.AUTHOR, Role.REVIEWER, Role.PUBLISHER)
    pairs = [(one, other) for one in makers for other in makers if one != other]
    pairs += [(Role.AUTHOR, Role.CUSTODIAN), (Role.CUSTODIAN, Role.AUTHOR)]
    pairs += [(one, other) for one in sorted(ADMINISTRATORS) for other in sorted(ADMINISTRATORS) if one != other]
    pairs += [(one, Role.PROCTOR) for one in sorted(ADMINISTRATORS)]
    return pairs + [(Role.PUBLISHER, one) for one in sorted(ADMINISTRATORS)]


@pytest.mark.parametrize(("held", "wanted"), _pairs())
async def test_conflicts_are_refused_by_the_service(runtime: Runtime, held: Role, wanted: Role) -> None:
    account = await make.account(runtime, login="someone", roles=(held,), region=CITY)
    with pytest.raises(RoleConflictError):
        async with runtime.databases.transaction(Scope(region=PROVINCE)) as session:
            await grant_role(session, SYSTEM, account, wanted, region=CITY, at=runtime.clock.now())


@pytest.mark.parametrize(("held", "wanted"), _pairs())
async def test_conflicts_are_refused_by_the_database(runtime: Runtime, held: Role, wanted: Role) -> None:
    account = await make.account(runtime, login="someone", roles=(held,), region=CITY)
    grant = RoleGrant(account_id=account, role=wanted.value, region=COUNTY, granted_at=runtime.clock.now())
    with pytest.raises(IntegrityError, match="must be held by different people"):
        async with runtime.databases.transaction(Scope(region=PROVINCE)) as session:
            session.add(grant)


async def test_the_system_page_says_what_runs(runtime: Runtime) -> None:
    account = await make.account(runtime, login="system", roles=(Role.SYSTEM_ADMIN,), region=CITY)
    async with browsing(runtime) as client:
        client.cookies.update(await make.session_cookie(runtime, account))
        page = (await client.get("/admin/system")).text
    for words in ("PostgreSQL", "Valkey", "任务队列", "磁盘", "没有运行"):
        assert words in page


@pytest.mark.parametrize(
    ("role", "target"), [(Role.SECURITY_ADMIN, "/admin/accounts"), (Role.SYSTEM_ADMIN, "/admin/system")]
)
async def test_each_administrator_is_led_to_their_own_desk(runtime: Runtime, role: Role, target: str) -> None:
    account = await make.account(runtime, login="someone", roles=(role,), region=CITY)
    async with browsing(runtime) as client:
        client.cookies.update(await make.session_cookie(runtime, account))
        for path in ("/admin", "/"):
            assert (await client.get(path)).headers["location"] == target
