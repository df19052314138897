"""Reminders: each stage once, to nobody outside the scope, on the page, by real mail and by a signed webhook."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from http import HTTPStatus
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from httpx import AsyncClient
from sqlalchemy import text

from exam.core.clock import FrozenClock
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.sessions import COOKIE
from exam.records.credit.models import Clue, CreditRecord, CreditRequest
from exam.records.exchange.signing import new_secret, verify
from exam.records.reminders.confirming import Link, ask_owners, confirm_mail, open_link
from exam.records.reminders.errors import MailLinkError
from exam.records.reminders.finding import find_reminders
from exam.records.reminders.sending import remind
from exam.records.reminders.service import choose_mail
from exam.reports.submission.reminding import remind_regions
from tests.builders.desks import session_of
from tests.builders.identity import begin, regions
from tests.builders.mail import MailServer, mail_server
from tests.builders.records import engage, hold, make_enterprise, make_person
from tests.builders.sitting import COUNTY
from tests.builders.web import browsing, send

OTHER = "33/3302/330203"
SINCE = date(2026, 1, 1)


@pytest.fixture
async def mails() -> AsyncIterator[MailServer]:
    async with mail_server() as opened:
        yield opened


@pytest.fixture
async def mailing(runtime: Runtime, mails: MailServer) -> Runtime:
    """The runtime of a worker that has a mail server."""
    await regions(runtime)
    settings = msgspec.structs.replace(
        runtime.settings,
        smtp_host="127.0.0.1",
        smtp_port=mails.port,
        smtp_tls="none",
        smtp_from="ankao@example.org",
    )
    return replace(runtime, settings=settings)


async def _enterprise(runtime: Runtime, *ends: int, region: str = COUNTY, first: int = 1) -> UUID:
    """An enterprise with one officer for each number of days that a certificate lasts."""
    enterprise = await make_enterprise(runtime, region=region)
    for number, days in enumerate(ends, first):
        person = await make_person(runtime, number=number, region=region)
        await engage(runtime, person, enterprise, role="officer", since=SINCE, region=region)
        await hold(runtime, person, "officer.general", ends_in=days, region=region)
    return enterprise


async def _stages(runtime: Runtime, region: str = "33") -> list[tuple[str, str]]:
    async with runtime.databases.session(Scope(region=region)) as session:
        rows = await session.execute(text("select kind, stage from records_reminder order by made_at, due_on, stage"))
        return [(row.kind, row.stage) for row in rows]


async def _find(runtime: Runtime) -> None:
    async with runtime.databases.transaction(Scope(region="33")) as session:
        await find_reminders(session, at=runtime.clock.now())


async def _wants_mail(runtime: Runtime, account: UUID, address: str, *, wants: bool = True) -> None:
    principal = Principal(account=account)
    async with runtime.databases.transaction(Scope(region="33")) as session:
        at = runtime.clock.now()
        await choose_mail(session, principal, COUNTY, address=address, wants=wants, at=at)
        await confirm_mail(session, principal, COUNTY, Link(account, address, at), at=at)


async def test_each_stage_is_told_once_however_often_it_is_looked_for(runtime: Runtime, clock: FrozenClock) -> None:
    await regions(runtime)
    await _enterprise(runtime, 91, 45)
    await _find(runtime)
    await _find(runtime)
    assert await _stages(runtime) == [("expiry", "60")]
    clock.advance(timedelta(days=1))
    await _find(runtime)
    assert await _stages(runtime) == [("expiry", "60"), ("expiry", "90")]
    clock.advance(timedelta(days=60))
    await _find(runtime)
    assert sorted(await _stages(runtime))[:1] == [("expiry", "30")]
    assert len(await _stages(runtime)) == 3


async def test_mail_goes_once_to_the_enterprise_s_own_accounts_and_names_nobody(
    mailing: Runtime, mails: MailServer
) -> None:
    enterprise, other = await _enterprise(mailing, 20, 50), await _enterprise(mailing, 20, region=OTHER, first=5)
    mine, _ = await session_of(mailing, role="enterprise", organisation=enterprise, second_factor=False)
    theirs, _ = await session_of(mailing, role="enterprise", organisation=other, second_factor=False)
    regulator, _ = await session_of(mailing, role="regulator", region=COUNTY)
    await _wants_mail(mailing, mine, "mine@example.org")
    await _wants_mail(mailing, theirs, "theirs@example.org", wants=False)
    await _wants_mail(mailing, regulator, "regulator@example.org")
    await remind(mailing)
    await remind(mailing)
    assert mails.recipients == ["mine@example.org"]
    (mail,) = mails.mails
    said = mail.get_content()
    assert "证书即将到期:2 项" in said
    assert "2026-12-13" in said
    assert "张" not in said
    assert mail["List-Unsubscribe"] == f"<{mailing.settings.base_url}/reminders>"


async def test_what_a_mail_server_refused_goes_at_the_next_hour(mailing: Runtime, mails: MailServer) -> None:
    enterprise = await _enterprise(mailing, 20)
    principal, _ = await session_of(mailing, role="enterprise", organisation=enterprise, second_factor=False)
    await _wants_mail(mailing, principal, "mine@example.org")
    mails.down = True
    await remind(mailing)
    assert mails.mails == []
    mails.down = False
    await remind(mailing)
    await remind(mailing)
    assert len(mails.mails) == 1


async def test_the_clock_of_an_objection_reaches_the_region_s_own_regulators_even_without_mail_wanted(
    mailing: Runtime, mails: MailServer, clock: FrozenClock
) -> None:
    county, _ = await session_of(mailing, role="regulator", region=COUNTY)
    city, _ = await session_of(mailing, role="regulator", region="33/3301")
    await _wants_mail(mailing, county, "county@example.org", wants=False)
    await _wants_mail(mailing, city, "city@example.org")
    await _object(mailing)
    await remind(mailing)
    assert await _stages(mailing) == []
    clock.advance(timedelta(days=2))
    await remind(mailing)
    clock.advance(timedelta(days=4))
    await remind(mailing)
    assert await _stages(mailing) == [("objection", "soon"), ("objection", "late")]
    assert mails.recipients == ["county@example.org"] * 2


async def test_an_enterprise_hears_of_a_case_at_once_and_of_the_last_days_to_answer(
    mailing: Runtime, mails: MailServer, clock: FrozenClock
) -> None:
    enterprise = await make_enterprise(mailing)
    mine, _ = await session_of(mailing, role="enterprise", organisation=enterprise, second_factor=False)
    regulator, _ = await session_of(mailing, role="regulator", region=COUNTY)
    await _wants_mail(mailing, mine, "mine@example.org", wants=False)
    await _wants_mail(mailing, regulator, "regulator@example.org")
    case = Clue(
        rule="unlicensed_operation",
        organisation_id=enterprise,
        subject_name="临安机电",
        region=COUNTY,
        state="found",
        found_at=clock.now(),
        due_on=date(2026, 11, 30),
    )
    async with mailing.databases.transaction(Scope(region=COUNTY)) as session:
        session.add(case)
        await session.flush()
        case.state = "noticed"
    for days in (0, 4, 1, 4, 1):
        clock.advance(timedelta(days=days))
        await remind(mailing)
    assert await _stages(mailing) == [("notice", "told"), ("notice", "soon"), ("notice", "late")]
    assert mails.recipients == ["mine@example.org"] * 3
    assert "信用事项待陈述申辩:1 项" in mails.mails[0].get_content()
    _, token = await session_of(mailing, role="enterprise", organisation=enterprise, second_factor=False)
    async with browsing(mailing) as client:
        client.cookies.set(COOKIE, token)
        assert f'href="/enterprise/credit/{case.id}"' in (await client.get("/reminders")).text


async def _object(runtime: Runtime) -> None:
    """Let an enterprise have objected to a record that stands."""
    at, today = runtime.clock.now(), date(2026, 11, 23)
    enterprise = await make_enterprise(runtime)
    about = CreditRecord(
        organisation_id=enterprise,
        subject_name="临安机电",
        region=COUNTY,
        kind="listing",
        document_no="甲1",
        title="列入",
        content="",
        authority="应急管理局",
        severity="serious",
        decided_on=today,
        report_by_on=today,
        repair_from_on=today,
        publish_until_on=date(2027, 2, 23),
        kept_until_on=date(2031, 11, 23),
        state="standing",
        entered_at=at,
    )
    asked = CreditRequest(
        kind="objection",
        text="不服",
        region=COUNTY,
        filed_at=at,
        due_on=date(2026, 11, 28),
        most_on=date(2026, 12, 20),
        state="filed",
    )
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        session.add(about)
        await session.flush()
        asked.record_id = about.id
        session.add(asked)


async def test_a_region_is_reminded_of_the_report_that_it_owes(runtime: Runtime) -> None:
    await regions(runtime)
    await begin(runtime, date(2026, 10, 31))
    async with runtime.databases.transaction(Scope(region="33")) as session:
        await remind_regions(session, runtime.settings, "33", at=runtime.clock.now())
        rows = await session.execute(text("select region, stage from records_reminder where kind = 'report'"))
        found = {(row.region, row.stage) for row in rows}
    assert (COUNTY, "late") in found


async def test_an_address_counts_once_its_owner_has_opened_the_link(
    mailing: Runtime, mails: MailServer, clock: FrozenClock
) -> None:
    enterprise = await _enterprise(mailing, 20)
    async with browsing(mailing) as client:
        await _as(client, mailing, organisation=enterprise)
        mine = client.cookies[COOKIE]
        await send(client, "/reminders/mail", {"address": "mine@example.org", "wants": "true"})
        assert "待确认" in (await client.get("/reminders")).text
        mails.down = True
        await ask_owners(mailing)
        mails.down = False
        for _ in range(2):
            await ask_owners(mailing)
            await remind(mailing)
        (asked,) = mails.mails
        link = next(word for word in asked.get_content().split() if "token=" in word)
        path = link.removeprefix(mailing.settings.base_url)
        await _as(client, mailing, organisation=enterprise)
        assert "mail_link" in (await client.get(path)).text, "it is another account's"
        client.cookies.clear()
        client.cookies.set(COOKIE, mine)
        assert (await client.get(path.replace("token=", "token=x"))).status_code == HTTPStatus.BAD_REQUEST
        assert (await client.get(path)).status_code == HTTPStatus.SEE_OTHER
        assert "已确认" in (await client.get("/reminders")).text
    await remind(mailing)
    assert mails.recipients == ["mine@example.org"] * 2
    with pytest.raises(MailLinkError):
        open_link(mailing.sealer, link.partition("token=")[2], at=clock.now() + timedelta(days=3, seconds=1))


async def test_webhook_is_signed_and_gets_each_reminder_once(runtime: Runtime, tmp_path: Path) -> None:
    await regions(runtime)
    await _enterprise(runtime, 20)
    secret, got = new_secret(), list[tuple[dict[str, str], bytes]]()
    (tmp_path / "hook").write_text(secret)
    server = await asyncio.start_server(lambda reader, writer: _hear(reader, writer, got), "127.0.0.1", 0)
    settings = msgspec.structs.replace(
        runtime.settings,
        remind_webhook_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/remind",
        remind_webhook_secret_file=tmp_path / "hook",
        exchange_inside="127.0.0.1",
    )
    async with server:
        await remind(replace(runtime, settings=settings))
        await remind(replace(runtime, settings=settings))
    ((headers, body),) = got
    verify(secret, headers, body, now_s=int(runtime.clock.now().timestamp()))
    assert [each["stage"] for each in msgspec.json.decode(body)["reminders"]] == ["30"]


async def _hear(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, got: list[tuple[dict[str, str], bytes]]
) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:]
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head)}
    got.append((headers, await reader.readexactly(int(headers["content-length"]))))
    writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
    await writer.drain()
    writer.close()


async def test_the_page_shows_one_s_own_reminders_and_lets_mail_be_stopped(runtime: Runtime) -> None:
    await regions(runtime)
    enterprise = await _enterprise(runtime, 20)
    await _find(runtime)
    async with browsing(runtime) as client:
        await _as(client, runtime, organisation=enterprise)
        assert "最近七天有 1 项提醒" in (await client.get("/enterprise")).text
        page = (await client.get("/reminders")).text
        assert "张三" in page
        assert "30 日内到期" in page
        assert (await send(client, "/reminders/mail", {"address": "nowhere"})).status_code == HTTPStatus.BAD_REQUEST
        await send(client, "/reminders/mail", {"address": "a@example.org", "wants": "true"})
        assert 'value="a@example.org"' in (await client.get("/reminders")).text
        await send(client, "/reminders/mail", {"address": "a@example.org"})
        await _as(client, runtime, organisation=await _enterprise(runtime, region=OTHER))
        assert "张三" not in (await client.get("/reminders")).text


async def _as(client: AsyncClient, runtime: Runtime, *, organisation: UUID) -> None:
    _, token = await session_of(runtime, role="enterprise", organisation=organisation, second_factor=False)
    client.cookies.set(COOKIE, token)
