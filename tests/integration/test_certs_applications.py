"""From an application to the decision: the days of the law, renewal and re-issue, refusal by two, and the bar that follows."""

from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from uuid import UUID

import pytest
from PIL import Image
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from certs.api import list_events
from certs.applications.deciding import accept, approve, deem_accepted, propose_refusal, settle_refusal
from certs.applications.errors import (
    BarredError,
    DuplicateApplicationError,
    NothingChangesError,
    PersonActsTwiceError,
    RenewalClosedError,
    RenewalHoursShortError,
    RenewalNeedsExamError,
)
from certs.applications.filing import apply_change, apply_renewal, require_not_barred
from certs.applications.models import Application
from certs.applications.state import RefusalGround
from certs.applications.views import list_open, read_clock
from certs.jobs import deem_applications, reconsider
from exam.core.clock import FrozenClock, local_date
from exam.core.db.scope import NOTHING
from exam.core.errors import SamePersonError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.delivery.api import place_hold, release_hold
from exam.identity.api import get_person
from exam.identity.sessions import COOKIE
from exam.standards.api import NotStatedError, working_days_after
from tests.builders.certs import (
    HERE,
    NAME,
    OFFICER,
    ROOT,
    Certified,
    certified,
    credential_of,
    credentials,
    make_authority,
    pass_practical,
    regulator,
    theory_passed,
    train_on,
)
from tests.builders.desks import candidate_session, session_of
from tests.builders.documents import flat, text_of
from tests.builders.grading import Examined, work_off
from tests.builders.sitting import ELECTRICIAN
from tests.builders.web import browsing, send, wear

NEW_NAME = "张三丰"
MARRIED = "户口簿已核对"


async def _change(
    runtime: Runtime, holder: Certified, by: Principal, *, name: str = NEW_NAME, photo: bytes | None = None
) -> UUID:
    async with runtime.databases.transaction(ROOT) as session:
        at, which = runtime.clock.now(), holder.credential_id
        return await apply_change(session, by, runtime, which, name=name, photo=photo, reason=MARRIED, at=at)


async def _accept(runtime: Runtime, application: UUID, by: Principal | None = None) -> None:
    async with runtime.databases.transaction(ROOT) as session:
        await accept(session, by or regulator(), application, at=runtime.clock.now())


async def _approve(runtime: Runtime, application: UUID, by: Principal | None = None) -> UUID:
    async with runtime.databases.transaction(ROOT) as session:
        return await approve(session, by or regulator(), runtime, application, at=runtime.clock.now())


def _photo() -> bytes:
    kept = BytesIO()
    Image.new("RGB", (295, 413), "white").save(kept, "JPEG")
    return kept.getvalue()


async def test_another_name_and_photo_bring_the_next_version_of_the_same_term(
    runtime: Runtime, clock: FrozenClock
) -> None:
    holder, filer, other = await certified(runtime, clock), regulator(), regulator()
    clock.advance(timedelta(days=30))
    with pytest.raises(NothingChangesError):
        await _change(runtime, holder, filer, name=f" {NAME} ")
    filed = await _change(runtime, holder, filer, photo=_photo())
    with pytest.raises(DuplicateApplicationError) as refused:
        await _change(runtime, holder, other)
    assert refused.value.fields["on"] == "2026-12-23"
    await _accept(runtime, filed, filer)
    with pytest.raises(PersonActsTwiceError):
        await _approve(runtime, filed, filer)
    await _approve(runtime, filed, other)
    await work_off(runtime)
    new, old = await credentials(runtime, holder.registration.person_id)
    assert (new.version, new.status, old.status) == (2, "issued", "superseded")
    assert (new.valid_until_on, new.issued_on) == (old.valid_until_on, date(2026, 12, 23))
    assert (new.number_index, new.query_index == old.query_index, new.photo_key != old.photo_key) == (
        old.number_index,
        False,
        True,
    )
    paper = await credential_of(runtime, holder.exam)
    assert (paper.number, NEW_NAME in flat(text_of(paper.pdf))) == (holder.number, True)
    async with runtime.databases.session(ROOT) as session:
        last = (await list_events(session, holder.credential_id))[-1]
        assert (last.kind, last.ground, last.basis) == ("superseded", "changed", "中华人民共和国行政许可法 第49条")
        assert (await get_person(session, holder.registration.person_id)).name == NEW_NAME
    async with browsing(runtime) as client:
        for name, found in ((NEW_NAME, "valid"), (NAME, "superseded")):
            told = (await client.post("/api/verify", json={"name": name, "number": holder.number})).json()
            assert (name, told["status"], len(told["credentials"][0]["versions"])) == (name, found, 2)


async def _renew(runtime: Runtime, holder: Certified) -> UUID:
    async with runtime.databases.transaction(ROOT) as session:
        return await apply_renewal(session, regulator(), holder.credential_id, at=runtime.clock.now())


async def test_a_certificate_of_three_years_is_renewed_in_its_window_with_its_hours(
    runtime: Runtime, clock: FrozenClock
) -> None:
    holder = await certified(runtime, clock, qualification=OFFICER)
    clock.instant = datetime(2029, 10, 22, 1, tzinfo=UTC)
    with pytest.raises(RenewalClosedError):
        await _renew(runtime, holder)
    clock.advance(timedelta(days=1))
    await train_on(runtime, holder, 24)
    with pytest.raises(RenewalHoursShortError) as short:
        await _renew(runtime, holder)
    assert short.value.fields == {"done": "24", "needed": 36}
    await train_on(runtime, holder, 12)
    async with browsing(runtime) as client:
        wear(client, {COOKIE: await candidate_session(runtime, holder.registration)})
        assert "已到换证申请期" in (await client.get("/me")).text
        path = f"/me/credentials/{holder.credential_id}/renew"
        assert (await send(client, path)).status_code == 303
        assert "正在办理" in (await client.get("/me")).text
        assert (await send(client, path)).status_code == 409
        wear(client, {COOKIE: (await session_of(runtime, role="regulator", region="33/3301"))[1]})
        listed = (await client.get("/centre/applications")).text
        assert ("期满换证" in listed, "规则未载明期限" in listed) == (True, True)
        async with runtime.databases.session(ROOT) as session:
            (waiting,) = await list_open(session, on=local_date(clock.now()), limit=9)
        one = f"/centre/applications/{waiting.id}"
        assert (await send(client, f"{one}/approve")).status_code == 409
        assert (await send(client, f"{one}/accept")).status_code == 303
        told = (await client.get(one)).text
        assert ("2029-11-06" in told, "2029 年的节假日安排尚未录入" in told) == (True, True)
        assert (await send(client, f"{one}/approve")).status_code == 303
    new, old = await credentials(runtime, holder.registration.person_id)
    assert (new.valid_until_on, old.status) == (date(2032, 10, 22), "superseded")
    assert (new.first_issued_on, new.results) == (old.first_issued_on, old.results)


async def test_a_permit_is_not_renewed_on_training_alone(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    clock.instant = datetime(2032, 10, 1, 1, tzinfo=UTC)
    with pytest.raises(RenewalNeedsExamError):
        await _renew(runtime, holder)


async def _held_back(runtime: Runtime, clock: FrozenClock) -> tuple[Examined, UUID]:
    """Let somebody pass everything while a hold stands, so that nothing is issued and the days run."""
    await make_authority(runtime)
    exam = await theory_passed(runtime, clock)
    await pass_practical(runtime, exam)
    async with runtime.databases.transaction(exam.scope) as session:
        hold = await place_hold(session, exam.centre.clerk, exam.attempts[0], reason="核查", at=clock.now())
    await work_off(runtime)
    return exam, hold


async def _only(runtime: Runtime) -> Application:
    async with runtime.databases.session(ROOT) as session:
        return (await session.scalars(select(Application))).one()


async def test_the_days_run_for_whoever_has_passed_until_the_credential_is_issued(
    runtime: Runtime, clock: FrozenClock
) -> None:
    exam, hold = await _held_back(runtime, clock)
    due = working_days_after(date(2026, 11, 23), 20)
    row = await _only(runtime)
    assert (row.kind, row.state, row.decide_due_on) == ("initial", "accepted", due)
    wanted = [(due - timedelta(days=1), "waiting"), (due, "today"), (due + timedelta(days=1), "overdue")]
    for day, urgency in wanted:
        async with runtime.databases.session(ROOT) as session:
            (line,) = await list_open(session, on=day, limit=9)
            counted = await read_clock(session, on=day)
            assert await list_open(session, on=day, urgency=urgency, limit=9) == [line]
        assert (line.urgency, getattr(counted, urgency)) == (urgency, 1)
    async with runtime.databases.session(NOTHING) as session:
        assert await list_open(session, on=due, limit=9) == []
    clock.advance(timedelta(days=40))
    cookie = {COOKIE: (await session_of(runtime, role="regulator", region="33/3301"))[1]}
    async with browsing(runtime) as client:
        page = (await wear(client, cookie).get("/centre/applications")).text
        assert ("已逾期" in page, "成绩上有未解除的暂缓" in page) == (True, True)
        assert ("国务院办公厅关于2026年" in page, "2027 年的节假日安排尚未录入" in page) == (True, True)
        assert "项证书申请已逾期" in (await client.get("/")).text
    async with runtime.databases.transaction(exam.scope) as session:
        await release_hold(session, exam.centre.clerk, hold, reason="未见异常", at=clock.now())
    await reconsider(runtime)
    row = await _only(runtime)
    (issued,) = await credentials(runtime, exam.registrations[0].person_id)
    assert (row.state, row.issued_id, row.decided_by) == ("granted", issued.id, None)


async def test_false_materials_refused_by_two_people_bar_for_a_year_and_say_why(
    runtime: Runtime, clock: FrozenClock
) -> None:
    exam, hold = await _held_back(runtime, clock)
    row, one, at = await _only(runtime), regulator(), clock.now()
    async with runtime.databases.transaction(ROOT) as session:
        await propose_refusal(session, one, row.id, RefusalGround.FALSE_MATERIAL, reason="体检证明系伪造", at=at)
    async with runtime.databases.session(ROOT) as session:
        with pytest.raises(SamePersonError):
            await settle_refusal(session, one, row.id, confirmed=True, at=at)
    async with runtime.databases.transaction(exam.scope) as session:
        await release_hold(session, exam.centre.clerk, hold, reason="未见异常", at=at)
    await reconsider(runtime)
    person = exam.registrations[0].person_id
    assert await credentials(runtime, person) == []
    async with runtime.databases.transaction(ROOT) as session:
        await settle_refusal(session, regulator(), row.id, confirmed=True, at=at)
    await reconsider(runtime)
    assert await credentials(runtime, person) == []
    async with runtime.databases.session(HERE) as session:
        with pytest.raises(BarredError) as barred:
            await require_not_barred(session, person, ELECTRICIAN, local_date(at))
        await require_not_barred(session, person, ELECTRICIAN, date(2027, 11, 23))
    assert barred.value.fields == {"until": "2027-11-22", "basis": "中华人民共和国行政许可法 第78条"}


async def test_an_application_that_nobody_answers_counts_as_accepted_on_its_day(
    runtime: Runtime, clock: FrozenClock
) -> None:
    filed = await _change(runtime, await certified(runtime, clock), regulator())
    row = await _only_open(runtime)
    assert row.accept_due_on == working_days_after(date(2026, 11, 23), 5)
    clock.advance(timedelta(days=7))
    await deem_applications(runtime)
    assert (await _only_open(runtime)).state == "received"
    clock.advance(timedelta(days=1))
    await deem_applications(runtime)
    row = await _only_open(runtime)
    assert (row.id, row.state, row.accepted_by) == (filed, "accepted", None)
    assert row.decide_due_on == working_days_after(date(2026, 11, 23), 20)
    async with runtime.databases.session(ROOT) as session:
        assert await deem_accepted(session, limit=9, at=clock.now()) == 0


async def _only_open(runtime: Runtime) -> Application:
    async with runtime.databases.session(ROOT) as session:
        return (await session.scalars(select(Application).where(Application.kind == "change"))).one()


@pytest.mark.parametrize(
    "change",
    [
        "update certs_application set state = 'accepted', refusal_by = null where state = 'granted'",
        "update certs_application set reason = 'x'",
        "update certs_application set state = 'refused', decided_at = now() where kind = 'change'",
    ],
)
async def test_the_database_itself_keeps_what_was_applied_for_and_decided(
    runtime: Runtime, clock: FrozenClock, change: str
) -> None:
    await _change(runtime, await certified(runtime, clock), regulator())
    async with runtime.databases.session(ROOT) as session:
        with pytest.raises(DBAPIError):
            await session.execute(text(change))


async def test_a_category_without_a_stated_bar_is_refused_without_one(runtime: Runtime, clock: FrozenClock) -> None:
    filed = await _change(runtime, await certified(runtime, clock, qualification=OFFICER), regulator())
    await _accept(runtime, filed)
    async with runtime.databases.session(ROOT) as session:
        with pytest.raises(NotStatedError):
            await propose_refusal(
                session, regulator(), filed, RefusalGround.FALSE_MATERIAL, reason="材料虚假", at=clock.now()
            )
