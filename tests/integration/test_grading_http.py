"""Grading over HTTP: the programs' routes, the pages, the terminal's result, and who may do what."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from exam.core.clock import FrozenClock
from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.delivery.api import place_hold
from exam.web.i18n import set_in_chinese
from grading.api import file_appeal, list_person_results
from tests.builders.attempts import lease_of
from tests.builders.grading import Examined, candidate, close_and_score, examined, scoring_form, work_off
from tests.builders.sitting import log_in, make_staff
from tests.builders.web import application

Client = AsyncTestClient[Litestar]
PAGE = {"accept": "text/html"}
GOOD = {"K1": 9000, "K2": 9000, "K3": 9000, "K4": 9000}
TYPED = {"station": ["K1", "K2", "K3", "K4"], "marks": ["90", "85.5", "90", "90"]}


@pytest.fixture
async def exam(runtime: Runtime, clock: FrozenClock) -> Examined:
    made = await examined(runtime, clock, right=[9, 7, 9])
    await close_and_score(runtime, made)
    return made


@pytest.fixture
async def client(runtime: Runtime, exam: Examined) -> AsyncIterator[Client]:
    with application(runtime) as app:
        async with AsyncTestClient(app) as opened:
            await _become(runtime, opened, exam, "centre")
            yield opened


async def _become(runtime: Runtime, client: Client, exam: Examined, role: str) -> None:
    await log_in(client, (await make_staff(runtime, role=role, organisation=exam.centre.id))[1])


async def _release(client: Client, exam: Examined) -> dict[str, Any]:
    answer = await client.post(f"/api/centre/sittings/{exam.sitting_id}/release")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_release_answers_what_was_told_and_what_is_held(runtime: Runtime, client: Client, exam: Examined) -> None:
    async with runtime.databases.transaction(exam.scope) as session:
        at = runtime.clock.now()
        await place_hold(session, exam.centre.clerk, exam.attempts[2], reason="核查", at=at)
    assert await _release(client, exam) == {"released": 2, "held": 1, "unscored": 0}
    listed = (await client.get(f"/api/centre/sittings/{exam.sitting_id}/results")).json()
    assert {each["attempt_id"]: (each["marks"], each["released_at"] is not None) for each in listed["results"]} == {
        str(exam.attempts[0]): (10000, True),
        str(exam.attempts[1]): (7000, True),
        str(exam.attempts[2]): (10000, False),
    }


async def test_a_regulator_reads_and_does_not_release(runtime: Runtime, client: Client, exam: Examined) -> None:
    await _become(runtime, client, exam, "regulator")
    page = await client.get(f"/centre/sittings/{exam.sitting_id}/results", headers=PAGE)
    assert page.status_code == 200
    assert "/release" not in page.text
    assert (await client.post(f"/api/centre/sittings/{exam.sitting_id}/release")).status_code == 403


@pytest.mark.parametrize("role", ["proctor", "assessor", "auditor"])
async def test_other_roles_do_not_read_results(runtime: Runtime, client: Client, exam: Examined, role: str) -> None:
    await _become(runtime, client, exam, role)
    assert (await client.get(f"/api/centre/sittings/{exam.sitting_id}/results")).status_code == 403


async def test_the_results_page_offers_the_release_with_its_sentence(client: Client, exam: Examined) -> None:
    page = await client.get(f"/centre/sittings/{exam.sitting_id}/results", headers=PAGE)
    assert "3 条成绩立即对考生公布" in page.text
    done = await client.post(
        f"/centre/sittings/{exam.sitting_id}/release", data={}, headers=PAGE, follow_redirects=False
    )
    assert done.status_code == 303
    after = await client.get(f"/centre/sittings/{exam.sitting_id}/results", headers=PAGE)
    assert "本场次成绩已全部公布" in after.text


async def test_the_overview_lists_what_waits_for_release(client: Client, exam: Examined) -> None:
    page = await client.get("/results", headers=PAGE)
    assert f"/centre/sittings/{exam.sitting_id}/results" in page.text
    assert "可公布 3 人" in page.text


async def test_the_terminal_learns_the_result_when_it_is_told(runtime: Runtime, client: Client, exam: Examined) -> None:
    headers = {"Ankao-Lease": lease_of(runtime, exam.attempts[0])}
    path = f"/api/attempts/{exam.attempts[0]}/result"
    assert (await client.get(path, headers=headers)).json() == {"released": False}
    await _release(client, exam)
    told = (await client.get(path, headers=headers)).json()
    assert told == {
        "released": True,
        "marks": 10000,
        "pass_marks": 8000,
        "outcome": "theory_passed_practical_outstanding",
        "text": set_in_chinese("理论考试合格,请在有效期内参加实际操作考试。"),
    }


@pytest.mark.parametrize("whose", [1, None])
async def test_a_result_needs_the_lease_of_its_own_attempt(
    runtime: Runtime, client: Client, exam: Examined, whose: int | None
) -> None:
    await _release(client, exam)
    headers = {} if whose is None else {"Ankao-Lease": lease_of(runtime, exam.attempts[whose])}
    answer = await client.get(f"/api/attempts/{exam.attempts[0]}/result", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "lease_invalid")


async def test_programs_mark_a_practical_part_by_two_assessors(
    runtime: Runtime, client: Client, exam: Examined
) -> None:
    await _release(client, exam)
    await _become(runtime, client, exam, "assessor")
    body = {"registration_id": str(exam.registrations[0].id), "marks": GOOD, "vetoes": []}
    made = await client.post("/api/assess/sheets", json=body)
    assert (made.status_code, made.json()["state"]) == (201, "recorded")
    path = f"/api/assess/sheets/{made.json()['id']}/confirm"
    same = await client.post(path, json={"agree": True})
    assert (same.status_code, same.json()["code"]) == (403, "same_person")
    await _become(runtime, client, exam, "assessor")
    agreed = (await client.post(path, json={"agree": True})).json()
    assert (agreed["state"], agreed["result"]["marks"], agreed["result"]["outcome"]) == ("confirmed", 9000, "passed")
    assert agreed["result"]["released_at"] is not None
    await _become(runtime, client, exam, "centre")
    listed = (await client.get(f"/api/centre/sittings/{exam.sitting_id}/results")).json()["results"]
    own = next(each for each in listed if each["registration_id"] == str(exam.registrations[0].id))
    assert (len(listed), own["outcome"], own["attempt_id"]) == (3, "passed", str(exam.attempts[0]))
    assert [(each["part"], each["marks"]) for each in own["parts"]] == [("theory", 10000), ("practical", 9000)]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"marks": {"K1": 9000}}, "sheet_invalid"),
        ({"vetoes": ["V99"]}, "veto_unknown"),
        ({"registration_id": str(UUID(int=7))}, "registration_not_found"),
    ],
)
async def test_refused_sheets_say_why(
    runtime: Runtime, client: Client, exam: Examined, change: dict[str, Any], code: str
) -> None:
    await _release(client, exam)
    await _become(runtime, client, exam, "assessor")
    body = {"registration_id": str(exam.registrations[0].id), "marks": GOOD, "vetoes": []} | change
    assert (await client.post("/api/assess/sheets", json=body)).json()["code"] == code


async def test_theory_comes_first_over_http_with_its_article(runtime: Runtime, client: Client, exam: Examined) -> None:
    await _release(client, exam)
    await _become(runtime, client, exam, "assessor")
    body = {"registration_id": str(exam.registrations[1].id), "marks": GOOD}
    refused = (await client.post("/api/assess/sheets", json=body)).json()
    assert refused["code"] == "theory_outstanding"
    assert "第9条" in refused["title"]


async def test_the_assessors_page_marks_reviews_and_decides(runtime: Runtime, client: Client, exam: Examined) -> None:
    await _release(client, exam)
    await _become(runtime, client, exam, "assessor")
    registration = exam.registrations[0].id
    today = await client.get("/assess", headers=PAGE)
    assert today.text.count("/assess/registrations/") == 2
    form = await client.get(f"/assess/registrations/{registration}", headers=PAGE)
    assert "安全操作技术" in form.text
    made = await client.post(
        f"/assess/registrations/{registration}", data=TYPED | {"note": "好"}, headers=PAGE, follow_redirects=False
    )
    assert made.status_code == 303
    sheet = made.headers["location"]
    await _become(runtime, client, exam, "assessor")
    assert sheet in (await client.get("/assess", headers=PAGE)).text
    await client.post(f"{sheet}/confirm", data={}, headers=PAGE)
    assert "88.2" in (await client.get(sheet, headers=PAGE)).text


async def test_a_sheet_that_is_refused_keeps_what_was_typed(runtime: Runtime, client: Client, exam: Examined) -> None:
    await _release(client, exam)
    await _become(runtime, client, exam, "assessor")
    typed = {"station": TYPED["station"], "marks": ["90", "八十", "90", "77.25"], "veto": "V2", "note": "手套"}
    again = await client.post(f"/assess/registrations/{exam.registrations[0].id}", data=typed, headers=PAGE)
    assert again.status_code == 400
    for kept in ('value="八十"', 'value="77.25"', "手套", "marks_format"):
        assert kept in again.text
    assert 'value="V2" data-veto checked' in again.text


async def test_a_dispute_is_settled_on_the_page(runtime: Runtime, client: Client, exam: Examined) -> None:
    await _release(client, exam)
    await _become(runtime, client, exam, "assessor")
    path = f"/assess/registrations/{exam.registrations[0].id}"
    made = await client.post(path, data=TYPED, headers=PAGE, follow_redirects=False)
    sheet = made.headers["location"]
    await _become(runtime, client, exam, "assessor")
    differing = TYPED | {"marks": ["90", "50", "90", "90"], "veto": "V1"}
    assert "有分歧" in (await client.post(f"{sheet}/differ", data=differing, headers=PAGE)).text
    await _become(runtime, client, exam, "assessor")
    settled = await client.post(
        f"{sheet}/settle", data={"station": "K2", "marks": "80", "note": "复看录像"}, headers=PAGE
    )
    assert settled.status_code == 200
    assert "86" in settled.text
    assert "已裁定" in settled.text


async def test_a_regrade_goes_from_proposal_to_correction_on_the_pages(
    runtime: Runtime, client: Client, exam: Examined
) -> None:
    await _release(client, exam)
    form = await scoring_form(runtime, exam.attempts[1])
    item = next(slot.item_id for slot in form.slots if slot.slot == 9)
    base = f"/centre/sittings/{exam.sitting_id}/regrades"
    seat = exam.registrations[1].seat
    found = await client.get(f"{base}/new?seat={seat}&slot=9", headers=PAGE)
    assert f'value="{item}"' in found.text
    body = {"item": item, "action": "full_credit", "reason": "命题单位更正"}
    preview = await client.post(f"{base}/preview", data=body, headers=PAGE)
    assert "1 人由不合格转为合格" in preview.text
    proposed = await client.post(base, data=body, headers=PAGE, follow_redirects=False)
    link = proposed.headers["location"]
    own = await client.post(f"{link}/approve", data={}, headers=PAGE)
    assert (own.status_code, "same_person" in own.text) == (403, True)
    await _become(runtime, client, exam, "centre")
    assert (await client.post(f"{link}/approve", data={}, headers=PAGE)).status_code == 200
    results = (await client.get(f"/api/centre/sittings/{exam.sitting_id}/results")).json()["results"]
    assert {(each["marks"], each["version"]) for each in results if each["attempt_id"] == str(exam.attempts[1])} == {
        (8500, 2)
    }


async def test_a_proposal_without_reason_shows_the_form_again(runtime: Runtime, client: Client, exam: Examined) -> None:
    form = await scoring_form(runtime, exam.attempts[0])
    body = {"item": form.slots[0].item_id, "action": "void", "reason": " "}
    again = await client.post(f"/centre/sittings/{exam.sitting_id}/regrades", data=body, headers=PAGE)
    assert again.status_code == 400
    assert 'value="void" data-action checked' in again.text


async def test_the_contested_items_page_shows_no_key(runtime: Runtime, client: Client, exam: Examined) -> None:
    page = await client.get(f"/centre/sittings/{exam.sitting_id}/regrades/new", headers=PAGE)
    assert page.status_code == 200
    form = await scoring_form(runtime, exam.attempts[0])
    one = await client.get(
        f"/centre/sittings/{exam.sitting_id}/regrades/new?item={form.slots[5].item_id}", headers=PAGE
    )
    assert (one.text.count('<img class="item-figure"'), "<audio" in one.text) == (2, True)  # shown, and to be chosen
    assert "〔" not in page.text + one.text
    assert "checked" not in one.text  # no action is chosen beforehand, no option is marked as right


async def test_programs_propose_and_approve_regrades(runtime: Runtime, client: Client, exam: Examined) -> None:
    form = await scoring_form(runtime, exam.attempts[0])
    body = {"changes": [{"item_id": form.slots[0].item_id, "action": "void", "key": []}], "reason": "题干缺失"}
    made = (await client.post(f"/api/centre/sittings/{exam.sitting_id}/regrades", json=body)).json()
    await _become(runtime, client, exam, "centre")
    done = await client.post(f"/api/centre/regrades/{made['regrade_id']}/approve")
    assert (done.status_code, done.json()["state"]) == (200, "approved")


async def test_the_centre_answers_an_appeal_on_the_results_page(
    runtime: Runtime, client: Client, exam: Examined
) -> None:
    await _release(client, exam)
    person = candidate(exam.registrations[1])
    async with runtime.databases.transaction(Scope(person=person.person)) as session:
        (result,) = await list_person_results(session, exam.registrations[1].person_id)
        appeal = await file_appeal(session, person, result.id, grounds="第 8 题有两个答案", at=runtime.clock.now())
    link = f"/centre/sittings/{exam.sitting_id}/results"
    assert "第 8 题有两个答案" in (await client.get(link, headers=PAGE)).text
    empty = await client.post(f"/centre/appeals/{appeal}", data={"decision": "dismissed", "answer": " "}, headers=PAGE)
    assert (empty.status_code, "appeal_text" in empty.text) == (400, True)
    answer = {"decision": "dismissed", "answer": "答案唯一,评分无误。"}
    assert "答案唯一" in (await client.post(f"/centre/appeals/{appeal}", data=answer, headers=PAGE)).text


async def test_pages_speak_english_too(runtime: Runtime, client: Client, exam: Examined) -> None:
    client.cookies.set("lang", "en")
    await _release(client, exam)
    page = await client.get(f"/centre/sittings/{exam.sitting_id}/results", headers=PAGE)
    assert "Pass rate" in page.text
    assert "All results of this sitting have been released." in page.text
    await work_off(runtime)
