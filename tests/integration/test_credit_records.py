"""What stands on record: who reads it is written down, objections have their clock, repair its term, and all ends by itself."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from exam.core.clock import FrozenClock, local_date
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.runtime import Runtime
from exam.core.sheets.writer import write_workbook
from exam.identity.sessions import COOKIE
from exam.records.credit.register import Publicity, RecordView, count_records, list_records
from exam.records.credit.requests import list_requests
from exam.records.exchange.xml import read_body
from tests.builders.desks import session_of
from tests.builders.exchange import fetching
from tests.builders.grading import work_off
from tests.builders.records import make_enterprise, make_person
from tests.builders.sitting import COUNTY
from tests.builders.web import send
from tests.integration.test_credit import DECISION, HOME, OTHER_COUNTY, OWN, Town, town

__all__ = ["town"]
RECORDS = f"{HOME}/records"


async def records_of(runtime: Runtime) -> list[RecordView]:
    async with runtime.databases.session(Scope(region=COUNTY)) as session:
        return await list_records(session, limit=9)


async def record_of(town: Town) -> UUID:
    (record,) = await records_of(town.runtime)
    return record.id


async def listed(town: Town, on: date) -> Publicity:
    """Return the one list of a day on which the record stands, which is the one that it is counted in."""
    async with town.runtime.databases.session(Scope(region=COUNTY)) as session:
        found = [each for each in Publicity if await list_records(session, limit=9, stands=(each, on))]
        assert await count_records(session, on) == dict.fromkeys(found, 1)
    (stands,) = found
    return stands


async def publicity(town: Town, on: date) -> Publicity:
    (record,) = await records_of(town.runtime)
    assert await listed(town, on) is record.publicity(on)
    return record.publicity(on)


async def asked(town: Town, record: UUID) -> UUID:
    """Return the last thing that was asked of a record."""
    async with town.runtime.databases.session(Scope(region=COUNTY)) as session:
        return (await list_requests(session, record))[-1].id


async def test_an_objection_runs_five_working_days_and_ends_by_a_fresh_pair_of_eyes(town: Town) -> None:
    await fetching(town.runtime, "credit.changed")
    await town.decided()
    record = await record_of(town)
    assert await publicity(town, date(2026, 11, 23)) is Publicity.PUBLISHED
    await town.be("enterprise")
    town.clue = record
    assert await town.act("objection", {"text": ""}, home=f"{OWN}/records") == 400
    assert await town.act("objection", {"text": "处罚对象有误"}, home=f"{OWN}/records") == 303
    assert await town.act("objection", {"text": "再提一次"}, home=f"{OWN}/records") == 409
    assert "2026-11-30" in (await town.client.get(f"{OWN}/records/{record}")).text
    request = await asked(town, record)
    for who in ("clerk", "head"):
        await town.be(who)
        assert (await town.post(f"{RECORDS}/requests/{request}", granted="true", reason="经核查")) == 403
    assert "异议须由没有参与决定的人答复" in (await town.client.get(f"{RECORDS}/{record}")).text
    with pytest.raises(DBAPIError):
        async with town.runtime.databases.transaction(Scope(organisation=town.enterprise)) as session:
            await session.execute(
                text(
                    "update records_credit_request set state = 'granted', answer = 'x',"
                    " answered_at = now(), answered_by = gen_random_uuid()"
                )
            )
    await town.be("third")
    assert (await town.post(f"{RECORDS}/requests/{request}", granted="true", reason="经核查")) == 303
    assert (await town.post(f"{RECORDS}/requests/{request}", granted="true", reason="经核查")) == 409
    assert await publicity(town, date(2026, 11, 23)) is Publicity.WITHDRAWN
    await work_off(town.runtime)
    async with town.runtime.databases.session(Scope(region="33")) as session:
        told = await session.scalars(text("select body from records_exchange_message order by position"))
        said = [(each.sequence, each.data["state"], each.data.get("ended_on")) for each in map(read_body, told)]
    # both were told after the second, and each says what it was
    assert said == [(1, "standing", None), (2, "withdrawn", "2026-11-23")]


async def test_repair_waits_for_the_least_term_and_a_promise(town: Town, clock: FrozenClock) -> None:
    await town.decided(months="12")
    record = await record_of(town)
    await town.be("enterprise")
    town.clue = record
    assert await publicity(town, date(2027, 11, 23)) is Publicity.PUBLISHED
    assert await publicity(town, date(2027, 11, 24)) is Publicity.EXPIRED
    done = {"text": "罚款已缴,人员已取证。", "promised": "true"}
    assert await town.act("repair", done, home=f"{OWN}/records") == 409
    town.later(clock, days=92)
    await town.be("enterprise")
    assert await town.act("repair", {**done, "promised": ""}, home=f"{OWN}/records") == 400
    assert await town.act("repair", done, home=f"{OWN}/records") == 303
    await town.be("clerk")
    assert "有申请待答复" in (await town.client.get(RECORDS)).text
    request = await asked(town, record)
    assert (await town.post(f"{RECORDS}/requests/{request}", granted="false", reason="")) == 400
    assert (await town.post(f"{RECORDS}/requests/{request}", granted="true", reason="经核查")) == 303
    assert await publicity(town, date(2027, 2, 23)) is Publicity.REPAIRED
    await town.be("enterprise")
    assert await town.act("repair", done, home=f"{OWN}/records") == 409


async def test_every_reading_is_written_down_for_ten_years(town: Town, runtime: Runtime) -> None:
    await town.decided()
    record = await record_of(town)
    await town.be("clerk")
    await town.client.get(f"{RECORDS}/{record}")
    await town.be("enterprise")
    page = (await town.client.get(f"{OWN}/records/{record}")).text
    assert "主管部门" in page
    assert "李明" not in page.partition("查询记录")[2].partition("</section>")[0]
    async with runtime.databases.session(Scope(region=COUNTY)) as session:
        rows = (await session.execute(text("select role, kept_until_on from records_credit_reading order by id"))).all()
    assert [tuple(row) for row in rows] == [("regulator", date(2036, 11, 23)), ("enterprise", date(2036, 11, 23))]
    for statement in (
        "delete from records_credit_reading",
        "update records_credit_reading set at = now()",
        "delete from records_credit_record",
        "update records_credit_record set publish_until_on = null",
    ):
        with pytest.raises(DBAPIError):
            async with runtime.databases.transaction(Scope(region=COUNTY)) as session:
                await session.execute(text(statement))


async def test_no_other_region_and_no_other_enterprise_reads_a_record(town: Town, runtime: Runtime) -> None:
    await town.decided()
    record = await record_of(town)
    other = await make_enterprise(runtime, name="别家企业")
    for role, region, organisation, path in (
        ("regulator", OTHER_COUNTY, None, RECORDS),
        ("enterprise", COUNTY, other, f"{OWN}/records"),
    ):
        _, token = await session_of(
            runtime, role=role, region=region, organisation=organisation, second_factor=not organisation
        )
        town.client.cookies.set(COOKIE, token)
        assert (await town.client.get(f"{path}/{record}")).status_code == 404
    # a training body's clerk sees the county's rows by scope, and is none of the parties
    _, token = await session_of(runtime, role="centre", organisation=other)
    town.client.cookies.set(COOKIE, token)
    assert (await town.client.get(f"/centre/credit/records/{record}")).status_code == 403
    assert (await town.client.get(f"/centre/credit/{town.clue}")).status_code == 403


async def test_only_what_is_published_today_is_exported_and_every_file_is_a_reading(
    town: Town, clock: FrozenClock, runtime: Runtime
) -> None:
    await town.decided()
    await town.be("clerk")
    page = (await town.client.get(f"{HOME}/exchange?since=2026-11-01")).text
    assert "单位缺少统一社会信用代码" in page  # this enterprise was registered without one
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await session.execute(
            text("update identity_organisation set uscc = '91350100M000100Y43' where kind = 'enterprise'")
        )
    answer = await town.client.get(f"{HOME}/exchange/file?since=2026-11-01&form=json")
    (row,) = answer.json()["records"]
    assert (row["party_code_1"], row["fine"], row["facts"][:4]) == ("91350100M000100Y43", "1.050000", "=1+1")
    assert row["publish_until_on"] == "2027-02-23"
    for form in ("xml", "xlsx"):
        assert (await town.client.get(f"{HOME}/exchange/file?form={form}")).status_code == 200
    assert (await town.client.get(f"{HOME}/exchange?since=2026-11-02&until=2026-11-01")).status_code == 400
    async with runtime.databases.session(Scope(region=COUNTY)) as session:
        readings = text("select count(*) from records_credit_reading where role = 'export'")
        acts = text("select count(*) from core_audit_entry where act = 'publicity.exported'")
        assert [await session.scalar(readings), await session.scalar(acts)] == [3, 3]
    town.later(clock, days=93)
    await town.be("clerk")
    assert (await town.client.get(f"{HOME}/exchange/file?since=2026-11-01")).json()["records"] == []


async def test_a_permit_names_its_holder_with_the_number_masked(runtime: Runtime, town: Town) -> None:
    person = await make_person(runtime, number=0)
    issued = local_date(runtime.clock.now()) - timedelta(days=300)
    await town.be("clerk")
    found = await town.client.get(f"{HOME}/exchange/file?what=permit&since={issued}&until={issued}")
    (row,) = found.json()["records"]
    assert (row["party_name"], row["party_kind"], row["content"]) == ("张三", "自然人", "低压电工作业")
    assert "*" * 8 in row["paper_number"]
    assert person


async def test_platform_notices_are_judged_line_by_line_and_written_after_a_dry_run(
    town: Town, runtime: Runtime
) -> None:
    code, elsewhere = "91350100M000100Y43", "91330100799655058B"
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await session.execute(
            text("update identity_organisation set uscc = :code where kind = 'enterprise'"), {"code": code}
        )
    await make_enterprise(runtime, name="别县企业", region=OTHER_COUNTY, uscc=elsewhere)
    await town.decided()
    lines = [
        ("列入", code, "失信〔2026〕1号", "西湖区应急管理局", "2026-11-20", "=隐瞒事故"),
        ("列入", code, "失信〔2026〕1号", "西湖区应急管理局", "2026-11-20", "再来一次"),
        ("列入", elsewhere, "失信〔2026〕2号", "别处", "2026-11-20", "别县"),
        ("列入", code, "失信〔2026〕3号", "西湖区应急管理局", "2027-01-01", "将来"),
        ("列入", code, "失信〔2026〕4号", "", "2026-11-20", "无机关"),
        ("移出", code, "失信〔2026〕1号", "", "2026-11-20", ""),
        ("修复", code, "没有的文书", "", "2026-11-22", ""),
        ("repair", code, DECISION["document_no"], "", "2026-11-23", ""),
    ]
    book = write_workbook(("类型", "统一社会信用代码", "文书号", "认定机关", "日期", "事由"), lines)
    await town.be("clerk")
    fields = {"_csrf_token": town.client.cookies["csrftoken"]}
    answer = await town.client.post(f"{HOME}/import", data=fields, files={"file": ("n.xlsx", book)})
    assert "2 行可以登记，6 行不能" in answer.text
    for why in ("已经登记过", "辖区内没有", "不晚于今天", "请填写“认定机关”", "类型须为", "没有这份文书号的记录"):
        assert why in answer.text, why
    assert len(await records_of(runtime)) == 1
    file = answer.text.partition('name="file" value="')[2].partition('"')[0]
    await town.be("head")
    assert (await send(town.client, f"{HOME}/import/confirm", {"file": file})).status_code == 404  # not the uploader
    await town.be("clerk")
    assert "已登记 2 条" in (await send(town.client, f"{HOME}/import/confirm", {"file": file})).text
    assert (await send(town.client, f"{HOME}/import/confirm", {"file": file})).status_code == 404
    penalty, listing = sorted(await records_of(runtime), key=lambda each: each.kind, reverse=True)
    assert (penalty.publicity(date(2026, 11, 23)), listing.content) == (Publicity.REPAIRED, "=隐瞒事故")
    assert (listing.repair_from_on, listing.publish_until_on) == (date(2027, 11, 20), date(2029, 11, 20))
    await town.be("enterprise")
    assert "列入安全生产严重失信主体名单" in (await town.client.get(OWN)).text
