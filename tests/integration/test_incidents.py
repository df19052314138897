"""An incident goes through three pairs of hands, holds the result meanwhile, and leaves evidence that can be checked."""

import io
import json
import zipfile
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from exam.cli.evidence import _answer
from exam.core.clock import FrozenClock
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.runtime import Runtime
from exam.delivery.api import get_attempt, has_hold
from exam.identity.roles import Role as StaffRole
from exam.web.format import clock_second
from exam.web.i18n import Catalogue
from proctor.api import BundleBrokenError, check_bundle, is_bundle, is_exported
from proctor.evidence.timeline import timeline_of
from proctor.incidents.cases import list_incidents
from proctor.incidents.observations import close_observation, list_observations, open_observation
from proctor.incidents.taxonomy import taxonomy
from tests.builders import identity as make
from tests.builders.attempts import attempts_in_progress
from tests.builders.sitting import COUNTY
from tests.builders.web import browsing, send, wear
from tests.integration.test_recordings import stored

FAR = "33/3302/330203"


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[AsyncClient]:
    await runtime.valkey.flushdb()
    async with browsing(runtime) as opened:
        yield opened


class Staff:
    """Somebody at a desk; `act` posts as this person."""

    def __init__(self, client: AsyncClient, cookie: dict[str, str]) -> None:
        self.client, self.cookie = client, cookie

    async def act(self, path: str, **data: str) -> tuple[int, str]:
        answer = await send(wear(self.client, self.cookie), path, data)
        return answer.status_code, answer.headers.get("location", answer.text)

    async def see(self, path: str) -> str:
        return (await wear(self.client, self.cookie).get(path)).text


async def staff(
    client: AsyncClient, runtime: Runtime, login: str, role: StaffRole = StaffRole.PROCTOR, region: str = COUNTY
) -> Staff:
    account = await make.account(runtime, login=login, roles=(role,), region=region)
    return Staff(client, await make.session_cookie(runtime, account))


async def reported(client: AsyncClient, runtime: Runtime) -> tuple[Staff, UUID, str]:
    """Report an incident of one attempt; return the reporter, the attempt and the incident's path."""
    [attempt] = await attempts_in_progress(runtime, 1, slots=2)
    reporter = await staff(client, runtime, "reporter")
    status, path = await reporter.act(
        f"/proctor/attempts/{attempt}/incidents", category="phone_or_reference", summary="桌下有手机"
    )
    assert status == 303
    return reporter, attempt, path


async def held(runtime: Runtime, attempt: UUID) -> bool:
    async with runtime.databases.transaction(Scope(region=COUNTY)) as session:
        return await has_hold(session, attempt)


async def incident_of(runtime: Runtime, attempt: UUID) -> str:
    """Return the path of the attempt's only incident."""
    async with runtime.databases.transaction(Scope(region=COUNTY)) as session:
        [incident] = await list_incidents(session, attempt_id=attempt)
    return f"/proctor/incidents/{incident.id}"


async def state_of(runtime: Runtime, attempt: UUID) -> str:
    async with runtime.databases.transaction(Scope(region=COUNTY)) as session:
        return (await get_attempt(session, attempt, now=runtime.clock.now())).state


async def test_nobody_reviews_the_own_report_or_decides_after_reporting_or_reviewing(
    client: AsyncClient, runtime: Runtime
) -> None:
    reporter, attempt, path = await reported(client, runtime)
    second, third = await staff(client, runtime, "second"), await staff(client, runtime, "third", StaffRole.REGULATOR)
    assert await held(runtime, attempt)
    review = {"finding": "confirmed", "review": "录像可见"}
    decision = {"disposition": "score_void", "decision": "使用手机,成绩无效"}
    assert "须由另一人初审" in await reporter.see(path)
    assert (await reporter.act(f"{path}/review", **review))[0] == 403
    assert (await third.act(f"{path}/dispose", **decision))[0] == 409  # before the review
    assert (await second.act(f"{path}/review", **review))[0] == 303
    assert (await second.act(f"{path}/review", **review))[0] == 409
    for refused in (reporter, second):
        assert (await refused.act(f"{path}/dispose", **decision))[0] == 403
        assert "须由第三人处理" in await refused.see(path)
    assert await state_of(runtime, attempt) == "in_progress"
    assert (await third.act(f"{path}/dispose", **decision))[0] == 303
    assert await state_of(runtime, attempt) == "voided"
    assert not await held(runtime, attempt)
    assert (await third.act(f"{path}/dispose", **decision))[0] == 409
    acts = text("select act from core_audit_entry where subject = :id and act like 'incident.%' order by position")
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        written = list(await session.scalars(acts, {"id": str(attempt)}))
    assert written == ["incident.reported", "incident.reviewed", "incident.disposed"]


@pytest.mark.parametrize(("disposition", "keeps_hold"), [("no_finding", False), ("warning", False), ("referred", True)])
async def test_a_disposition_lets_the_result_go_or_keeps_it(
    client: AsyncClient, runtime: Runtime, disposition: str, *, keeps_hold: bool
) -> None:
    _, attempt, path = await reported(client, runtime)
    second, third = await staff(client, runtime, "second"), await staff(client, runtime, "third")
    await second.act(f"{path}/review", finding="doubtful", review="看不清")
    assert (await third.act(f"{path}/dispose", disposition=disposition, decision="说明"))[0] == 303
    assert await held(runtime, attempt) is keeps_hold
    assert await state_of(runtime, attempt) == "in_progress"
    told = text("select reason, ready, text from delivery_message where attempt_id = :id order by sent_at, id")
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        assert [tuple(each) for each in await session.execute(told, {"id": attempt})] == [
            ("incident_reported", "phone_or_reference", "使用手机、资料或其他工具作弊"),
            (f"incident_{disposition}", "", "说明"),
        ]


async def test_the_database_itself_refuses_one_person_twice(client: AsyncClient, runtime: Runtime) -> None:
    await reported(client, runtime)
    same = "update proctor_incident set state = 'reviewed', reviewed_by = reported_by, finding = 'confirmed'"
    with pytest.raises(IntegrityError):
        async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
            await session.execute(text(same))


async def test_words_and_choices_are_checked_and_nothing_typed_is_lost(client: AsyncClient, runtime: Runtime) -> None:
    reporter, attempt, path = await reported(client, runtime)
    to = f"/proctor/attempts/{attempt}/incidents"
    assert (await reporter.act(to, category="murder", summary="x"))[0] == 400
    assert (await reporter.act(to, category="signals", summary="  "))[0] == 400
    second = await staff(client, runtime, "second")
    status, page = await second.act(f"{path}/review", finding="", review="写了很多字")
    assert (status, "写了很多字" in page) == (400, True)


async def test_another_region_sees_nothing(client: AsyncClient, runtime: Runtime) -> None:
    _, attempt, path = await reported(client, runtime)
    far = await staff(client, runtime, "far", region=FAR)
    assert path not in await far.see("/proctor/incidents")
    assert (await far.act(f"{path}/review", finding="confirmed", review="x"))[0] == 404
    assert (await far.act(f"/proctor/attempts/{attempt}/incidents", category="signals", summary="x"))[0] == 404


async def test_an_incident_is_written_from_observations_and_no_observation_writes_one(
    client: AsyncClient, runtime: Runtime
) -> None:
    [attempt] = await attempts_in_progress(runtime, 1, slots=2)
    now = runtime.clock.now()
    async with runtime.databases.transaction(Scope(region=COUNTY)) as session:
        seen = await open_observation(
            session, attempt_id=attempt, region=COUNTY, kind="no_face", began_at=now, facts={"s": 30}, at=now
        )
        await close_observation(session, seen, ended_at=now + timedelta(seconds=30))
        await close_observation(session, seen, ended_at=now + timedelta(hours=1))
        [view] = await list_observations(session, attempt)
    assert view.ended_at == now + timedelta(seconds=30)
    reporter = await staff(client, runtime, "reporter")
    assert "没有异常事件" in await reporter.see("/proctor/incidents")
    to = f"/proctor/attempts/{attempt}/incidents"
    _, path = await reporter.act(to, category="leaving_seat", summary="离开座位", observations=str(seen))
    assert "画面中没有人" in await reporter.see(path)
    assert "离开座位" in await reporter.see(f"/proctor/attempts/{attempt}/record")


async def test_the_candidate_is_told_and_may_object_once(client: AsyncClient, runtime: Runtime) -> None:
    _, attempt, path = await reported(client, runtime)
    second, third = await staff(client, runtime, "second"), await staff(client, runtime, "third")
    await second.act(f"{path}/review", finding="confirmed", review="录像可见")
    async with runtime.databases.transaction(Scope(region=COUNTY)) as session:
        person = (await get_attempt(session, attempt, now=runtime.clock.now())).person_id
    account = await make.account(runtime, login="candidate", roles=(StaffRole.CANDIDATE,), region=COUNTY)
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        bind = text("update identity_account set person_id = :person where id = :id")
        await session.execute(bind, {"person": person, "id": account})
    me = Staff(client, await make.session_cookie(runtime, account, second_factor=False))
    objection = f"/me/incidents/{path.rpartition('/')[2]}/objection"
    assert "没有处理决定" in await me.see("/me/incidents")
    assert (await me.act(objection, text="太早"))[0] == 404
    await third.act(f"{path}/dispose", disposition="warning", decision="予以警告")
    page = await me.see("/me/incidents")
    assert "予以警告" in page
    assert "录像可见" not in page  # the review is among staff
    assert (await me.act(objection, text="手机是关着的"))[0] == 303
    assert (await me.act(objection, text="再说一次"))[0] == 409
    assert "手机是关着的" in await third.see(path)


async def test_a_bundle_holds_what_there_is_and_any_change_is_found(client: AsyncClient, runtime: Runtime) -> None:
    reporter, attempt, path = await reported(client, runtime)
    await stored(runtime, sitting_id=attempt, attempt_id=attempt)
    async with runtime.databases.transaction(Scope(region="33")) as session:
        room_id = (await get_attempt(session, attempt, now=runtime.clock.now())).room_id
    await stored(runtime, sitting_id=attempt, attempt_id=None, room_id=room_id)
    await stored(runtime, sitting_id=attempt, attempt_id=None)  # of another room
    assert (await reporter.act(f"/proctor/attempts/{attempt}/record/open", reason="incident"))[0] == 303
    assert "录像每 5 分钟存档一次" in (await wear(client, reporter.cookie).get(path)).text
    first = await send(wear(client, reporter.cookie), f"{path}/bundle")
    answer = await send(wear(client, reporter.cookie), f"{path}/bundle")
    bundle = answer.content
    assert [each["act"] for each in _custody(first.content)["hands"]] == ["opened"]
    custody = _custody(bundle)
    hands = [(each["act"], each["name"], each["reason"]) for each in custody["hands"]]
    assert hands == [("opened", "测试员 (reporter)", "incident"), ("exported", "测试员 (reporter)", "")]
    assert is_bundle(bundle)
    checked = check_bundle(bundle)
    names = {each.path for each in checked.manifest.files}
    assert {"incident.json", "attempt.json", "observations.json", "timeline.json", "consent.json"} < names
    assert [sum(name.startswith(folder) for name in names) for folder in ("video/", "room/")] == [1, 1]
    assert {each["file"] for each in custody["recordings"]} == {name for name in names if "/" in name}
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        digests = set(await session.scalars(text("select encode(digest, 'hex') from proctor_segment")))
    assert {each["sealed_sha256"] for each in custody["recordings"]} <= digests
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        assert json.loads(archive.read("incident.json"))["summary"] == "桌下有手机"
        whole = {name: archive.read(name) for name in archive.namelist()}
    async with runtime.databases.transaction(Scope(region="33"), Role.LEDGER) as session:
        assert await is_exported(session, checked.digest)
        assert not await is_exported(session, "0" * 64)
    for changed in (
        {**whole, "incident.json": whole["incident.json"] + b" "},
        {**whole, "added.txt": b"x"},
        {name: data for name, data in whole.items() if name != "timeline.json"},
        {**whole, "manifest.json": b"{}"},
    ):
        with pytest.raises(BundleBrokenError):
            check_bundle(_zip(changed))
    for broken in (b"", b"PK\x03\x04", bundle[: len(bundle) // 2]):
        with pytest.raises(BundleBrokenError):
            check_bundle(broken)
    told = _answer(checked, valid=True, status="valid", reasons=[])
    assert told.incident == path.rpartition("/")[2]


def _custody(bundle: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        custody: dict[str, Any] = json.loads(archive.read("custody.json"))
        return custody


def _zip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def test_every_category_names_its_rule_and_has_an_english_title() -> None:
    english = Catalogue(["proctor"]).english
    assert len(taxonomy()) >= 10
    for each in taxonomy().values():
        assert each.article
        assert each.title in english, each.title


async def test_what_a_proctor_writes_beside_a_reason_stands_on_the_timeline_which_ends_with_the_attempt(
    client: AsyncClient, runtime: Runtime, clock: FrozenClock
) -> None:
    [attempt] = await attempts_in_progress(runtime, 1, slots=2)
    proctor = await staff(client, runtime, "proctor")
    async with runtime.databases.transaction(Scope(region=COUNTY)) as session:
        row = await get_attempt(session, attempt, now=runtime.clock.now())
    room = f"/proctor/sittings/{row.sitting_id}/rooms/{row.room_id}"
    assert (await proctor.act(f"{room}/pause", reason="network_failed", note=" 交换机重启 "))[0] == 303
    assert (await proctor.act(f"{room}/resume", reason="cause_removed", note="已恢复"))[0] == 303
    clock.advance(timedelta(minutes=1))
    void = {"reason": "phone_or_reference", "note": "携带手机,劝阻无效"}
    assert (await proctor.act(f"/proctor/attempts/{attempt}/void", **void))[0] == 303
    assert (await state_of(runtime, attempt), await held(runtime, attempt)) == ("in_progress", True)
    path = await incident_of(runtime, attempt)
    assert (await proctor.act(f"{path}/review", finding="confirmed", review="是"))[0] == 403
    second, third = await staff(client, runtime, "second"), await staff(client, runtime, "third")
    assert (await second.act(f"{path}/review", finding="confirmed", review="录像可见"))[0] == 303
    decision = {"disposition": "score_void", "decision": "使用手机,成绩无效"}
    for refused in (proctor, second):
        assert (await refused.act(f"{path}/dispose", **decision))[0] == 403
    assert (await third.act(f"{path}/dispose", **decision))[0] == 303
    assert (await state_of(runtime, attempt), await held(runtime, attempt)) == ("voided", False)
    voided_at = runtime.clock.now()
    clock.advance(timedelta(minutes=30))
    async with runtime.databases.transaction(Scope(region=COUNTY)) as session:
        entries = await timeline_of(session, runtime, await get_attempt(session, attempt, now=runtime.clock.now()))
    assert [(each.word, each.reason, each.note) for each in entries if each.lane == "acts"] == [
        ("暂停", "网络故障", "交换机重启"),
        ("恢复", "原因已排除", "已恢复"),
        ("作废", "使用手机、资料或其他工具作弊", ""),
    ]
    assert [each.until for each in entries if each.word == "开始作答"] == [voided_at]


async def test_a_report_for_voiding_needs_a_category_and_words(client: AsyncClient, runtime: Runtime) -> None:
    [attempt] = await attempts_in_progress(runtime, 1, slots=2)
    proctor, to = await staff(client, runtime, "proctor"), f"/proctor/attempts/{attempt}/void"
    assert (await proctor.act(to, reason="phone_or_reference", note=" "))[0] == 400
    assert (await proctor.act(to, reason="hold", note="携带手机"))[0] == 400
    assert not await held(runtime, attempt)
    assert (await proctor.act(to, reason="organisation_fault", note="发错试卷"))[0] == 303
    assert "非考生责任" in await proctor.see(await incident_of(runtime, attempt))


async def test_the_record_lists_times_to_the_second(client: AsyncClient, runtime: Runtime, clock: FrozenClock) -> None:
    [attempt] = await attempts_in_progress(runtime, 1, slots=2)
    proctor = await staff(client, runtime, "proctor")
    clock.advance(timedelta(seconds=7))
    told = {"reason": "discipline", "text": "请坐好。"}
    assert (await proctor.act(f"/proctor/attempts/{attempt}/message", **told))[0] == 303
    at = clock_second(runtime.clock.now())
    assert f'<td data-label="时间">{at}</td>' in await proctor.see(f"/proctor/attempts/{attempt}/record")
