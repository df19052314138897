"""The candidate at home: in by ticket and ID number, sees what is theirs, and nothing of anybody else."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from httpx import AsyncClient
from sqlalchemy import select, text

from exam.core.clock import FrozenClock
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.runtime import Runtime
from exam.identity.models import Account, RoleGrant
from exam.identity.sessions import COOKIE
from exam.sitting.api import RegistrationView
from grading.api import release_sitting
from tests.builders.desks import candidate_session, session_of, ticket_of
from tests.builders.grading import Examined, close_and_score, examined, work_off
from tests.builders.sitting import id_number, make_bank, make_centre, make_registration, make_sitting
from tests.builders.web import browsing, send

REFUSED = "candidate_entrance"


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[AsyncClient]:
    await runtime.valkey.flushdb()  # allowances outlive a test's database
    async with browsing(runtime) as opened:
        yield opened


async def _registered(runtime: Runtime, *, people: int = 1) -> list[RegistrationView]:
    await make_bank(runtime)
    centre = await make_centre(runtime)
    sitting = await make_sitting(runtime, centre)
    return [await make_registration(runtime, centre, sitting, number=number) for number in range(people)]


async def _released(runtime: Runtime, clock: FrozenClock, *, right: list[int], qualification: str) -> Examined:
    exam = await examined(runtime, clock, right=right, qualification=qualification)
    await close_and_score(runtime, exam)
    async with runtime.databases.transaction(exam.scope) as session:
        await release_sitting(session, exam.centre.clerk, runtime, exam.sitting_id, clock.now())
    await work_off(runtime)
    return exam


async def _log_in(client: AsyncClient, ticket: str, number: str) -> tuple[int, str]:
    answer = await send(client, "/me/login", {"ticket": ticket, "id_number": number})
    return answer.status_code, answer.headers.get("location", answer.text)


async def test_ticket_and_id_number_open_the_page(client: AsyncClient, runtime: Runtime) -> None:
    (registration,) = await _registered(runtime)
    ticket = await ticket_of(runtime, registration)
    assert await _log_in(client, f" AKT1.{ticket} ", id_number(0).lower()) == (303, "/me")
    page = (await client.get("/me")).text
    assert "张三" in page
    assert registration.seat in page
    assert "看准考证" in page
    assert (await client.get("/")).headers["location"] == "/me"


async def test_every_refusal_is_the_same(client: AsyncClient, runtime: Runtime) -> None:
    one, _ = await _registered(runtime, people=2)
    ticket = await ticket_of(runtime, one)
    answers = [
        await _log_in(client, given, number)
        for given, number in ((ticket, id_number(1)), ("AKT1.nothing", id_number(0)), (ticket, "12"), ("", ""))
    ]
    words = {(status, REFUSED in body, body.count("notice-bad")) for status, body in answers}
    assert words == {(401, True, 1)}
    assert COOKIE not in client.cookies


async def test_second_log_in_uses_the_same_account_without_password_or_staff_role(
    client: AsyncClient, runtime: Runtime
) -> None:
    (registration,) = await _registered(runtime)
    ticket = await ticket_of(runtime, registration)
    for _ in range(2):
        client.cookies.delete(COOKIE)
        await _log_in(client, ticket, id_number(0))
    async with runtime.databases.session(NOTHING) as session:
        accounts = list(await session.scalars(select(Account).where(Account.person_id == registration.person_id)))
        grants = list(await session.scalars(select(RoleGrant).where(RoleGrant.account_id == accounts[0].id)))
    assert [account.password_hash for account in accounts] == ["!"]
    assert [grant.role for grant in grants] == ["candidate"]


async def test_disabled_account_is_refused_like_a_stranger(client: AsyncClient, runtime: Runtime) -> None:
    (registration,) = await _registered(runtime)
    await candidate_session(runtime, registration)
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await session.execute(text("update identity_account set enabled = false where person_id is not null"))
    status, body = await _log_in(client, await ticket_of(runtime, registration), id_number(0))
    assert (status, REFUSED in body) == (401, True)


async def test_guesser_of_one_id_number_is_slowed_down(client: AsyncClient, runtime: Runtime) -> None:
    await _registered(runtime)
    statuses = [(await _log_in(client, f"guess{n}", id_number(0)))[0] for n in range(11)]
    assert statuses == [401] * 10 + [429]


async def test_ticket_is_printed_for_its_owner_alone_and_the_print_is_logged(
    client: AsyncClient, runtime: Runtime
) -> None:
    mine, other = await _registered(runtime, people=2)
    client.cookies.set(COOKIE, await candidate_session(runtime, mine))
    answer = await client.get(f"/me/registrations/{mine.id}/ticket.pdf")
    assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")
    assert (await client.get(f"/me/registrations/{other.id}/ticket.pdf")).status_code == 404
    async with runtime.databases.session(Scope(region="33")) as session:
        query = text("select subject from core_audit_entry where act = 'ticket.downloaded'")
        assert list(await session.scalars(query)) == [str(mine.id)]


async def test_result_shows_when_it_is_told_and_not_before(
    client: AsyncClient, runtime: Runtime, clock: FrozenClock
) -> None:
    exam = await examined(runtime, clock, right=[9])
    await close_and_score(runtime, exam)
    client.cookies.set(COOKIE, await candidate_session(runtime, exam.registrations[0]))
    before = (await client.get("/me")).text
    assert "等待公布成绩" in before
    assert "told-number" not in before
    async with runtime.databases.transaction(exam.scope) as session:
        await release_sitting(session, exam.centre.clerk, runtime, exam.sitting_id, clock.now())
    after = (await client.get("/me")).text
    assert '<span class="told-number">100</span>' in after
    assert "还要通过实操考试" in after


async def test_failed_candidate_is_told_what_is_missing(
    client: AsyncClient, runtime: Runtime, clock: FrozenClock
) -> None:
    exam = await _released(runtime, clock, right=[7], qualification="special.1.2")
    client.cookies.set(COOKIE, await candidate_session(runtime, exam.registrations[0]))
    page = (await client.get("/me")).text
    assert "差 10 分" in page
    assert "交卷回执" in page


async def test_candidate_who_did_not_come_is_told_so(client: AsyncClient, runtime: Runtime, clock: FrozenClock) -> None:
    (registration,) = await _registered(runtime)
    clock.advance(timedelta(hours=5))
    client.cookies.set(COOKIE, await candidate_session(runtime, registration))
    assert "没有签到记录" in (await client.get("/me")).text


async def test_appeal_is_filed_once(client: AsyncClient, runtime: Runtime, clock: FrozenClock) -> None:
    exam = await _released(runtime, clock, right=[7], qualification="special.1.2")
    client.cookies.set(COOKIE, await candidate_session(runtime, exam.registrations[0]))
    page = (await client.get("/me")).text
    path = page.split('href="/me/results/')[1].split('"')[0]
    assert (await send(client, f"/me/results/{path}", {"grounds": " "})).status_code == 400
    assert (await send(client, f"/me/results/{path}", {"grounds": "第 3 题题干有误"})).status_code == 303
    assert (await send(client, f"/me/results/{path}", {"grounds": "再来一次"})).status_code == 409
    assert "正在处理" in (await client.get("/me")).text


async def test_staff_account_cannot_open_a_candidates_page(client: AsyncClient, runtime: Runtime) -> None:
    _, token = await session_of(runtime, role="centre")
    client.cookies.set(COOKIE, token)
    assert (await client.get("/me")).status_code == 403
