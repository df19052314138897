"""The centre's routes over HTTP: the JSON that programs use, every refusal code, who may do what."""

import base64
import html
import io
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from pypdf import PdfReader
from sqlalchemy import select

from exam.core.audit.ledger import AuditRow
from exam.core.clock import FrozenClock
from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.core.sheets.writer import write_workbook
from exam.identity.models import Person
from exam.identity.sessions import COOKIE
from exam.sitting.models import Sitting
from exam.sitting.schemas import to_ms
from tests.builders.desks import session_of
from tests.builders.sitting import (
    ELECTRICIAN,
    Centre,
    id_number,
    log_in,
    make_bank,
    make_centre,
    make_registration,
    make_sitting,
    make_staff,
    portrait,
    prepare,
    uscc,
)
from tests.builders.web import application

Client = AsyncTestClient[Litestar]
PHOTO = base64.b64encode(portrait()).decode()
GOOD = id_number(7)
SITTING_FORM = {
    "plan_title": "第 5 期",
    "qualification": ELECTRICIAN,
    "starts_on": "2026-11-25",
    "starts_time": "09:00",
    "entry_minutes": "30",
    "rooms": "一号机房 30",
}


@pytest.fixture
async def centre(runtime: Runtime) -> Centre:
    await make_bank(runtime)
    return await make_centre(runtime)


@pytest.fixture
async def client(runtime: Runtime, centre: Centre) -> AsyncIterator[Client]:
    with application(runtime) as app:
        async with AsyncTestClient(app) as client:
            await log_in(client, (await make_staff(runtime, organisation=centre.id))[1])
            yield client


def sitting_body(runtime: Runtime, **changes: Any) -> dict[str, Any]:
    starts_at = runtime.clock.now() + timedelta(hours=2)
    body = {
        "plan_title": "2026 年第 4 期",
        "qualification": ELECTRICIAN,
        "starts_at": to_ms(starts_at),
        "ends_at": to_ms(starts_at + timedelta(minutes=30)),
        "rooms": [{"name": "一号机房", "seats": 2}],
    }
    return body | changes


async def new_sitting(client: Client, runtime: Runtime) -> str:
    answer = await client.post("/api/centre/sittings", json=sitting_body(runtime))
    assert answer.status_code == 201, answer.text
    sitting_id: str = answer.json()["id"]
    return sitting_id


async def apply(client: Client, sitting_id: str, **changes: Any) -> tuple[int, dict[str, Any]]:
    body = {"name": "张三", "id_number": GOOD, "photo": PHOTO, "uscc": None} | changes
    answer = await client.post(f"/api/centre/sittings/{sitting_id}/registrations", json=body)
    return answer.status_code, answer.json()


async def last_act(runtime: Runtime) -> str:
    async with runtime.databases.session(Scope(region="33")) as session:
        acts = list(await session.scalars(select(AuditRow.act).order_by(AuditRow.position)))
    return acts[-1]


async def test_sitting_runs_over_json_from_making_to_closing(client: Client, runtime: Runtime) -> None:
    sitting_id = await new_sitting(client, runtime)
    status, registered = await apply(client, sitting_id)
    assert status == 201
    assert re.fullmatch(r"A-\d\d", registered["seat"])
    assert registered["ticket"].startswith("AKT1.")
    path = f"/api/centre/sittings/{sitting_id}"
    early = await client.post(f"{path}/open")
    assert (early.status_code, early.json()["code"]) == (409, "forms_missing")
    assert (await client.post(f"{path}/prepare")).status_code == 200
    assert await last_act(runtime) == "sitting.forms_requested"
    await prepare(runtime, UUID(sitting_id))
    shown = (await client.get(path)).json()
    assert shown["readiness"]["forms_ready"] is True
    assert shown["readiness"]["photos_missing"] == 0
    assert (await client.post(f"{path}/open")).json()["state"] == "open"
    assert (await client.post(f"{path}/close")).json()["state"] == "closed"
    listed = (await client.get(f"{path}/registrations")).json()
    assert [row["ticket"] for row in listed] == [registered["ticket"]]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"id_number": GOOD[:-1] + ("0" if GOOD[-1] != "0" else "1")}, "id_number_check_digit"),
        ({"id_number": "３３０１０６１９８００５０１００７１"}, "id_number_full_width"),
        ({"id_number": "3.30106E+17"}, "id_number_digits_lost"),
        ({"id_number": GOOD[:15] + "000"}, "id_number_digits_lost"),
        ({"id_number": GOOD[:17]}, "id_number_length"),
        ({"id_number": "330106800501007"}, "id_number_old_form"),
        ({"id_number": "330106198002300074"}, "id_number_date"),
        ({"id_number": ""}, "id_number_empty"),
        ({"name": ""}, "name_empty"),
        ({"name": "张\u200b三"}, "name_invisible"),
        ({"name": "张\x07三"}, "unreadable_text"),
        ({"name": "张3"}, "name_character"),
        ({"uscc": "91330106MA00000010"}, "credit_code_check"),
        ({"uscc": "91330106"}, "credit_code_length"),
        ({"uscc": uscc(1)}, "enterprise_unknown"),
        ({"photo": base64.b64encode(b"GIF89a").decode()}, "photo_format"),
        ({"photo": base64.b64encode(b"\xff\xd8\xff\xe0broken").decode()}, "photo_damaged"),
        ({"surplus": "1"}, "body_malformed"),
    ],
)
async def test_bad_input_is_refused_with_its_own_code(
    client: Client, runtime: Runtime, changes: dict[str, Any], code: str
) -> None:
    sitting_id = await new_sitting(client, runtime)
    status, problem = await apply(client, sitting_id, **changes)
    assert problem["code"] == code
    assert status == 400
    assert (await client.get(f"/api/centre/sittings/{sitting_id}")).json()["readiness"]["registered"] == 0


async def test_photo_over_two_megabytes_is_too_large(client: Client, runtime: Runtime) -> None:
    heavy = base64.b64encode(b"\xff\xd8\xff" + bytes(2 * 1024 * 1024)).decode()
    status, problem = await apply(client, await new_sitting(client, runtime), photo=heavy)
    assert (status, problem["code"]) == (413, "photo_size")


async def test_not_eligible_answers_reasons_with_basis_and_keeps_the_refusal(client: Client, runtime: Runtime) -> None:
    sitting_id = await new_sitting(client, runtime)
    await apply(client, sitting_id)
    status, problem = await apply(client, sitting_id)
    assert (status, problem["code"]) == (409, "not_eligible")
    assert problem["fields"]["reasons"] == [
        {"code": "already_registered", "message": "已报名本场次。", "basis": "本系统设定", "stated": True}
    ]
    assert await last_act(runtime) == "registration.refused"
    page = await client.get(f"/centre/sittings/{sitting_id}", headers={"accept": "text/html"})
    assert "未通过的申请" in page.text


async def test_reasons_are_not_told_to_whoever_does_not_know_the_name(
    client: Client, runtime: Runtime, centre: Centre
) -> None:
    there = await make_centre(runtime, region="33/3302/330203", name="第二考点")
    await make_registration(runtime, there, await make_sitting(runtime, there), number=7, name="张三")
    sitting_id = await new_sitting(client, runtime)
    status, problem = await apply(client, sitting_id, name="李四")
    assert (status, problem["code"]) == (409, "person_name_mismatch")
    assert "reasons" not in problem.get("fields", {})
    async with runtime.databases.session(centre.scope) as session:
        assert (await session.scalars(select(Person))).all() == []
    status, problem = await apply(client, sitting_id, name="张三")
    assert [reason["code"] for reason in problem["fields"]["reasons"]] == ["duplicate_registration"]


async def test_full_and_late_registrations_are_conflicts(
    client: Client, runtime: Runtime, centre: Centre, clock: FrozenClock
) -> None:
    sitting_id = await new_sitting(client, runtime)
    for number in range(2):
        await apply(client, sitting_id, id_number=id_number(number))
    status, problem = await apply(client, sitting_id, id_number=id_number(2))
    assert (status, problem["code"]) == (409, "sitting_full")
    clock.advance(timedelta(hours=2, minutes=30))
    await log_in(client, (await make_staff(runtime, organisation=centre.id))[1])
    status, problem = await apply(client, sitting_id, id_number=id_number(3))
    assert (status, problem["code"]) == (409, "registration_over")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ends_at": 1}, "sitting_times"),
        ({"rooms": []}, "rooms"),
        ({"qualification": "special.1.1"}, "no_published_blueprint"),
        ({"qualification": "special.99.9"}, "qualification_unknown"),
        ({"plan_title": " "}, "plan_title"),
    ],
)
async def test_impossible_sittings_are_refused(
    client: Client, runtime: Runtime, changes: dict[str, Any], code: str
) -> None:
    answer = await client.post("/api/centre/sittings", json=sitting_body(runtime, **changes))
    assert answer.json()["code"] == code


async def test_enterprise_is_registered_once_and_then_accepted(client: Client, runtime: Runtime) -> None:
    sitting_id = await new_sitting(client, runtime)
    form = {"name": "杭州甲公司", "uscc": uscc(1), "industry": "general", "back": sitting_id}
    made = await client.post("/centre/enterprises", data=form, follow_redirects=False)
    assert (made.status_code, made.headers["location"]) == (303, f"/centre/sittings/{sitting_id}/registrations/new")
    again = await client.post("/centre/enterprises", data=form, headers={"accept": "text/html"})
    assert again.status_code == 409
    assert "enterprise_exists" in again.text
    assert 'value="杭州甲公司"' in again.text
    assert (await apply(client, sitting_id, uscc=uscc(1)))[0] == 201


async def test_failed_form_keeps_what_was_typed_and_names_the_field(client: Client, runtime: Runtime) -> None:
    sitting_id = await new_sitting(client, runtime)
    form = {"name": "买买提·吐尔逊", "id_number": "123", "uscc": ""}
    answer = await client.post(
        f"/centre/sittings/{sitting_id}/registrations",
        data=form,
        files={"photo": ("", b"", "application/octet-stream")},
        headers={"accept": "text/html"},
    )
    assert answer.status_code == 400
    assert 'value="买买提·吐尔逊"' in answer.text
    assert 'value="123"' in answer.text
    assert 'id="e-id_number"' in answer.text
    assert "id_number_length" in answer.text


async def test_form_registers_and_serves_photo_and_ticket(client: Client, runtime: Runtime) -> None:
    sitting_id = await new_sitting(client, runtime)
    made = await client.post(
        f"/centre/sittings/{sitting_id}/registrations",
        data={"name": "张三", "id_number": GOOD, "uscc": ""},
        files={"photo": ("me.png", portrait(kind="PNG"), "image/png")},
        follow_redirects=False,
    )
    assert made.status_code == 303, made.text
    page = made.headers["location"]
    shown = await client.get(page)
    assert re.search(r"A-\d\d", shown.text)
    assert GOOD not in shown.text
    photo = await client.get(f"{page}/photo.jpg")
    assert photo.headers["content-type"] == "image/jpeg"
    assert photo.headers["cache-control"] == "no-store"
    ticket = await client.get(f"{page}/ticket.pdf")
    assert ticket.content.startswith(b"%PDF-")
    assert await last_act(runtime) == "ticket.printed"
    for path in ("", f"/sittings/{sitting_id}", f"/sittings/{sitting_id}/roster", f"/sittings/{sitting_id}/board"):
        assert (await client.get(f"/centre{path}")).status_code == 200


async def test_photo_may_come_later_and_registration_may_be_cancelled(client: Client, runtime: Runtime) -> None:
    sitting_id = await new_sitting(client, runtime)
    _, registered = await apply(client, sitting_id, photo=None)
    page = f"/centre/registrations/{registered['id']}"
    wrong = await client.post(f"{page}/photo", files={"photo": ("x.gif", b"GIF89a", "image/gif")})
    assert (wrong.status_code, "photo_format" in wrong.text) == (400, True)
    right = await client.post(
        f"{page}/photo", files={"photo": ("x.jpg", portrait(), "image/jpeg")}, follow_redirects=False
    )
    assert right.status_code == 303
    assert await last_act(runtime) == "registration.photo_set"
    gone = await client.post(f"{page}/cancel", data={"reason": "本人申请"}, follow_redirects=False)
    assert gone.status_code == 303
    assert await last_act(runtime) == "registration.cancelled"
    assert (await client.get(f"{page}/ticket.pdf")).status_code == 404


async def test_checks_while_typing_answer_in_words(client: Client) -> None:
    right = await client.post("/centre/check/id-number", data={"id_number": GOOD})
    assert "46 周岁" in right.text
    assert GOOD not in right.text
    wrong = await client.post("/centre/check/id-number", data={"id_number": GOOD[:-1]})
    assert "应为18位" in wrong.text
    unknown = await client.post("/centre/check/uscc", data={"uscc": uscc(2)})
    assert "/centre/enterprises/new?uscc=" in unknown.text


async def test_new_sitting_by_form_reads_rooms_by_line(client: Client) -> None:
    assert "低压电工作业" in (await client.get("/centre/sittings/new")).text
    form = SITTING_FORM | {"rooms": "一号 机房 30\n\n二号机房\u30004"}
    made = await client.post("/centre/sittings", data=form, follow_redirects=False)
    assert made.status_code == 303, made.text
    page = await client.get(made.headers["location"])
    assert "一号 机房 · 30 座" in page.text
    assert "2026-11-25 09:00" in page.text
    bad = await client.post("/centre/sittings", data=form | {"rooms": "一号机房"}, headers={"accept": "text/html"})
    assert bad.status_code == 400
    assert ">一号机房</textarea>" in bad.text


BAD_SITTINGS = [
    ("starts_on", "2026-02-30", "sitting_times"),
    ("starts_on", "9999-12-31", "sitting_times"),
    ("starts_on", "0001-01-01", "sitting_times"),
    ("starts_time", "25:00", "sitting_times"),
    ("entry_minutes", "NaN", "sitting_times"),
    ("entry_minutes", "99999999999", "sitting_times"),
    ("entry_minutes", "-5", "sitting_times"),
    ("entry_minutes", "9" * 190, "sitting_times"),
    ("rooms", "一号机房 " + "9" * 4500, "rooms"),
    ("rooms", "一号机房 ²", "rooms"),
    ("rooms", "一号机房 1e3", "rooms"),
    ("rooms", "一号\u200b机房 30", "invisible_character"),
    ("rooms", "甲" * 200 + " 30", "rooms"),
    ("plan_title", "第\u200b5 期", "invisible_character"),
    ("qualification", "special.99.99", "qualification_unknown"),
]


@pytest.mark.parametrize(("field", "typed", "code"), BAD_SITTINGS)
async def test_bad_sitting_is_refused_in_words_and_keeps_what_was_typed(
    client: Client, field: str, typed: str, code: str
) -> None:
    form = SITTING_FORM | {field: typed}
    answer = await client.post("/centre/sittings", data=form, headers={"accept": "text/html"})
    assert answer.status_code == (404 if code == "qualification_unknown" else 400), answer.text
    assert f'<span class="code">{code}</span>' in answer.text
    assert field == "qualification" or html.escape(typed) in answer.text
    assert "还没有场次" in (await client.get("/centre")).text


async def test_full_width_digits_and_spaces_make_a_room(client: Client) -> None:
    made = await client.post(
        "/centre/sittings", data=SITTING_FORM | {"rooms": "一号机房\u3000３０", "entry_minutes": "３０"}
    )
    assert "一号机房 · 30 座" in made.text


async def test_sittings_of_one_title_share_a_plan(client: Client, runtime: Runtime) -> None:
    for rooms in ("一号机房 4", "二号机房 4"):
        made = await client.post("/centre/sittings", data=SITTING_FORM | {"rooms": rooms}, follow_redirects=False)
        assert made.status_code == 303, made.text
    async with runtime.databases.session(Scope(region="33")) as session:
        plans = list(await session.scalars(select(Sitting.plan_id)))
    assert len(plans) == 2
    assert len(set(plans)) == 1
    assert '<option value="第 5 期">' in (await client.get("/centre/sittings/new")).text


async def test_rules_of_a_sitting_stand_one_click_away_with_their_source(client: Client, runtime: Runtime) -> None:
    sitting_id = await new_sitting(client, runtime)
    assert f"/centre/sittings/{sitting_id}/rules" in (await client.get(f"/centre/sittings/{sitting_id}")).text
    page = (await client.get(f"/centre/sittings/{sitting_id}/rules")).text
    assert "《特种作业人员安全技术培训考核管理规定》" in page
    assert "规则中未载明的事项" in page
    english = (await client.get(f"/centre/sittings/{sitting_id}/rules", headers={"accept-language": "en"})).text
    assert "Provisions on the Training and Examination of Special Operators" in english


async def test_tickets_of_a_room_come_in_one_file_by_seat(client: Client, runtime: Runtime) -> None:
    sitting_id = await new_sitting(client, runtime)
    page = await client.get(f"/centre/sittings/{sitting_id}")
    assert "tickets.pdf" not in page.text
    for number in (7, 8):
        assert (await apply(client, sitting_id, id_number=id_number(number), name="李四"))[0] == 201
    found = re.search(
        rf"/centre/sittings/{sitting_id}/rooms/([0-9a-f-]+)/tickets\.pdf",
        (await client.get(f"/centre/sittings/{sitting_id}")).text,
    )
    assert found
    answer = await client.get(found[0])
    assert answer.headers["content-type"] == "application/pdf"
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages]
    seats = [
        seat for page in pages for seat in set(re.findall(r"(?<![\w-])A-\d\d(?![\w-])", page))
    ]  # a ticket's number may hold the like
    assert len(seats) == len(set(seats)) == 2
    assert seats == sorted(seats), "tickets are handed out in the order of seats"
    other = await new_sitting(client, runtime)
    assert (await client.get(f"/centre/sittings/{other}/rooms/{found[1]}/tickets.pdf")).status_code == 404


async def test_work_list_follows_the_day(client: Client, runtime: Runtime, clock: FrozenClock, centre: Centre) -> None:
    sitting_id = await new_sitting(client, runtime)
    await apply(client, sitting_id, photo=None)
    await prepare(runtime, UUID(sitting_id))
    await client.post(f"/api/centre/sittings/{sitting_id}/open")
    page = (await client.get("/centre?page=2")).text  # the list does not depend on the page of the table
    assert "正在签到和考试,1 人报名".replace(",", "，") in page
    assert "1 名考生还没有照片" in page
    clock.advance(timedelta(hours=6))
    await log_in(client, (await make_staff(runtime, organisation=centre.id))[1])
    assert "考试时间已过" in (await client.get("/centre")).text
    await client.post(f"/api/centre/sittings/{sitting_id}/close")
    assert "请核对并公布成绩" in (await client.get("/centre")).text


async def test_work_list_names_what_is_missing(client: Client, runtime: Runtime) -> None:
    sitting_id = await new_sitting(client, runtime)
    assert "还没有考生报名" in (await client.get("/centre")).text
    await apply(client, sitting_id, photo=None)
    page = (await client.get("/centre")).text
    assert "还缺 1 份试卷" in page
    assert "1 名考生还没有照片" in page


async def test_neighbouring_centre_reads_and_does_not_touch(client: Client, runtime: Runtime) -> None:
    sitting_id = await new_sitting(client, runtime)
    neighbour = await make_centre(runtime, name="第二考点")
    await log_in(client, (await make_staff(runtime, organisation=neighbour.id))[1])
    assert (await client.get(f"/centre/sittings/{sitting_id}")).status_code == 200
    assert (await apply(client, sitting_id))[0] == 403
    assert (await client.post(f"/api/centre/sittings/{sitting_id}/prepare")).status_code == 403


async def test_other_region_finds_no_sitting(client: Client, runtime: Runtime) -> None:
    sitting_id = await new_sitting(client, runtime)
    _, registered = await apply(client, sitting_id)
    await log_in(client, (await make_staff(runtime, region="33/3302/330203"))[1])
    assert (await client.get(f"/api/centre/sittings/{sitting_id}")).status_code == 404
    assert (await client.get(f"/centre/registrations/{registered['id']}")).status_code == 404
    assert (await client.get(f"/centre/registrations/{registered['id']}/photo.jpg")).status_code == 404


async def test_regulator_reads_and_does_not_act(client: Client, runtime: Runtime) -> None:
    sitting_id = await new_sitting(client, runtime)
    await apply(client, sitting_id)
    await log_in(client, (await make_staff(runtime, role="regulator", region="33/3301"))[1])
    page = await client.get(f"/centre/sittings/{sitting_id}")
    assert page.status_code == 200
    assert f"/centre/sittings/{sitting_id}/prepare" not in page.text
    assert (await client.post(f"/api/centre/sittings/{sitting_id}/prepare")).status_code == 403
    assert (await client.get("/centre/sittings/new")).status_code == 403


async def test_nobody_gets_in_without_a_session_or_a_csrf_token(client: Client, runtime: Runtime) -> None:
    del client.headers["x-csrftoken"]
    assert (await client.post("/api/centre/sittings", json=sitting_body(runtime))).status_code == 403
    client.cookies.clear()
    assert (await client.get("/api/centre/sittings/00000000-0000-0000-0000-000000000001")).status_code == 401


async def test_hours_recorded_over_http_open_the_way_for_officers(client: Client, runtime: Runtime) -> None:
    await make_bank(runtime, qualification="officer.general")
    made = await client.post("/api/centre/sittings", json=sitting_body(runtime, qualification="officer.general"))
    status, problem = await apply(client, made.json()["id"])
    assert [reason["code"] for reason in problem["fields"]["reasons"]] == ["hours_short"]
    assert status == 409
    hours = {
        "name": "张三",
        "id_number": GOOD,
        "qualification": "officer.general",
        "kind": "initial",
        "hours_hundredths": 3200,
        "source": "甲培训学校 2026-3 班",
    }
    noted = await client.post("/api/centre/hours", json=hours)
    assert noted.status_code == 201
    confirm = f"/api/centre/hours/{noted.json()['id']}/confirm"
    assert (await client.post(confirm)).status_code == 403  # not by the same clerk
    assert (await apply(client, made.json()["id"]))[0] == 409
    first = client.cookies[COOKIE]
    client.cookies.set(COOKIE, (await session_of(runtime, role="centre"))[1])
    counted = await client.post(confirm)
    client.cookies.set(COOKIE, first)
    assert (counted.status_code, counted.json()["total_hundredths"]) == (201, 3200)
    assert (await apply(client, made.json()["id"]))[0] == 201


async def test_english_pages_have_no_chinese_words_of_ours(client: Client, runtime: Runtime) -> None:
    sitting_id = await new_sitting(client, runtime)
    client.cookies.set("lang", "en")
    page = (await client.get(f"/centre/sittings/{sitting_id}/registrations/new")).text
    assert "Submit registration" in page
    assert "提交报名" not in page


def workbook(*rows: tuple[str | int, ...]) -> bytes:
    return write_workbook(("姓名", "身份证号", "统一社会信用代码"), rows)


async def upload(client: Client, sitting_id: str, data: bytes) -> Any:
    return await client.post(f"/centre/sittings/{sitting_id}/batch", files={"file": ("x.xlsx", data, "application/x")})


async def test_batch_is_tried_first_and_then_written(client: Client, runtime: Runtime) -> None:
    sitting_id = await new_sitting(client, runtime)
    data = workbook(
        ("张三", GOOD, ""),
        ("李四", int(id_number(8)[:17] + "1"), ""),
        ("", "", ""),
        ("张三", GOOD, ""),
        ("王五", id_number(9), uscc(5)),
    )
    tried = await upload(client, sitting_id, data)
    assert "1 行可以报名" in tried.text
    for code in ("id_number_", "not_eligible", "enterprise_unknown"):
        assert code in tried.text
    assert "已报名本场次" in tried.text
    assert GOOD not in tried.text
    assert (await client.get(f"/api/centre/sittings/{sitting_id}/registrations")).json() == []
    [name] = re.findall(r'name="file" value="([0-9a-f]{32})"', tried.text)
    [kept] = (runtime.settings.files_folder / "registration-imports").rglob(name)
    assert not kept.read_bytes().startswith(b"PK")
    path = f"/centre/sittings/{sitting_id}/batch/confirm"
    written = await client.post(path, data={"file": name})
    assert "已报名 1 人" in written.text
    assert len((await client.get(f"/api/centre/sittings/{sitting_id}/registrations")).json()) == 1
    again = await client.post(path, data={"file": name})
    assert "已报名 0 人" in again.text
    assert (await client.post(path, data={"file": "../../secrets.json"})).status_code == 404


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "batch_empty"),
        (b"hello", "batch_columns"),
        (b"PK\x03\x04hello", "archive_damaged"),
        (write_workbook(("甲", "乙"), [("1", "2")]), "batch_columns"),
        (workbook(), "batch_empty"),
        (workbook(*[("张三", "1", "")] * 1001), "batch_too_long"),
    ],
)
async def test_unusable_workbooks_are_refused_with_their_codes(
    client: Client, runtime: Runtime, data: bytes, code: str
) -> None:
    answer = await upload(client, await new_sitting(client, runtime), data)
    assert answer.status_code in {400, 413}
    assert code in answer.text


async def test_template_is_a_workbook_that_reads_back_as_empty(client: Client, runtime: Runtime) -> None:
    sitting_id = await new_sitting(client, runtime)
    template = await client.get(f"/centre/sittings/{sitting_id}/batch/template.xlsx")
    assert "batch_empty" in (await upload(client, sitting_id, template.content)).text
