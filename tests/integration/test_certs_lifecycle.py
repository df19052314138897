"""Suspending alone, restoring and revoking by two people, corrections, run-out terms, and the staff pages for it."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from certs.api import CredentialState, Ground, confirm, decline, list_events, propose, revoke, suspend
from certs.errors import CredentialNotFoundError, ProposalOpenError, ProposalOverError, ReasonMissingError
from certs.jobs import note_expiry
from certs.lifecycle import find_open_proposal
from certs.models import Credential, Proposal
from certs.state import CredentialStateError, fold
from exam.core.audit.ledger import AuditRow
from exam.core.clock import FrozenClock
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.errors import SamePersonError
from exam.core.events import EventRow
from exam.core.principal import Grant, Principal
from exam.core.runtime import Runtime
from exam.delivery.api import place_hold, void_attempt
from exam.identity.errors import RegionForbiddenError
from exam.identity.sessions import COOKIE
from exam.sitting.api import list_bans, list_passes
from tests.builders.certs import HERE, ROOT, Certified, certified, regrade_to_fail, regulator
from tests.builders.desks import candidate_session, session_of
from tests.builders.grading import work_off
from tests.builders.ofd import validate
from tests.builders.sitting import COUNTY
from tests.builders.web import browsing, send, wear

REASON = "举报材料核实中"


async def _status(runtime: Runtime, credential_id: UUID) -> str:
    """Return the stored state, having compared it with the fold of the history."""
    async with runtime.databases.session(ROOT) as session:
        row = await session.get_one(Credential, credential_id)
        events = await list_events(session, credential_id)
    assert fold(event.kind for event in events) == CredentialState(row.status)
    return row.status


async def _suspend(runtime: Runtime, holder: Certified, by: Principal | None = None) -> None:
    async with runtime.databases.transaction(ROOT) as session:
        at = runtime.clock.now()
        await suspend(session, by or regulator(), holder.credential_id, reason=REASON, at=at)


async def _propose(
    runtime: Runtime,
    holder: Certified,
    ground: Ground = Ground.WRONG_ISSUE,
    *,
    by: Principal | None = None,
    reason: str = REASON,
) -> UUID:
    async with runtime.databases.transaction(ROOT) as session:
        at = runtime.clock.now()
        return await propose(session, by or regulator(), holder.credential_id, ground, reason=reason, at=at)


async def _confirm(runtime: Runtime, proposal: UUID, *, by: Principal | None = None) -> None:
    async with runtime.databases.transaction(ROOT) as session:
        await confirm(session, by or regulator(), proposal, at=runtime.clock.now())


async def test_one_person_suspends_and_two_restore(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    await _suspend(runtime, holder)
    assert await _status(runtime, holder.credential_id) == "suspended"
    proposal = await _propose(runtime, holder, Ground.CLEARED)
    assert await _status(runtime, holder.credential_id) == "suspended"
    await _confirm(runtime, proposal)
    assert await _status(runtime, holder.credential_id) == "issued"


async def test_revocation_waits_for_another_person(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    first = regulator()
    async with runtime.databases.transaction(ROOT) as session:
        proposal = await revoke(session, first, holder.credential_id, reason=REASON, at=clock.now())
    with pytest.raises(SamePersonError):
        await _confirm(runtime, proposal, by=first)
    assert await _status(runtime, holder.credential_id) == "issued"
    second = regulator()
    await _confirm(runtime, proposal, by=second)
    assert await _status(runtime, holder.credential_id) == "revoked"
    async with runtime.databases.session(ROOT) as session:
        *_, event = await list_events(session, holder.credential_id)
        told = await session.scalars(select(EventRow.name).where(EventRow.name == "CredentialRevoked"))
        assert len(told.all()) == 1
    assert (event.actor, event.proposer, event.reason) == (second.account, first.account, REASON)


async def test_fraud_bars_the_holder_when_the_second_person_confirms(runtime: Runtime, clock: FrozenClock) -> None:
    """Order 19 states no bar, so the statute on licences does: three years (行政许可法 79)."""
    holder = await certified(runtime, clock)
    person, code = holder.registration.person_id, holder.registration.qualification
    async with runtime.databases.transaction(ROOT) as session:
        asked = Ground.FRAUD
        proposal = await propose(session, regulator(), holder.credential_id, asked, reason=REASON, at=clock.now())
        assert await list_bans(session, person, code) == []
    await _confirm(runtime, proposal)
    assert await _status(runtime, holder.credential_id) == "revoked"
    async with runtime.databases.session(ROOT) as session:
        (ban,) = await list_bans(session, person, code)
    assert (ban.until_on, ban.basis) == (date(2029, 11, 22), "中华人民共和国行政许可法 第79条")


async def test_only_a_revocation_bars(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    await _confirm(runtime, await _propose(runtime, holder))
    async with runtime.databases.session(ROOT) as session:
        assert await list_bans(session, holder.registration.person_id, holder.registration.qualification) == []


async def test_the_database_itself_refuses_one_person_as_two(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    await _propose(runtime, holder)
    change = "update certs_proposal set confirmed = true, decided_by = proposed_by, decided_at = now()"
    async with runtime.databases.session(ROOT) as session:
        with pytest.raises(DBAPIError, match="check constraint"):
            await session.execute(text(change))


async def test_every_act_leaves_one_audit_entry(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    await _suspend(runtime, holder)
    await _confirm(runtime, await _propose(runtime, holder))
    query = select(AuditRow.act).where(AuditRow.subject == str(holder.credential_id)).order_by(AuditRow.position)
    async with runtime.databases.session(ROOT) as session:
        assert list(await session.scalars(query)) == [
            "credential.issued",
            "credential.pdf_made",
            "credential.suspended",
            "credential.revoke_proposed",
            "credential.revoked",
        ]


async def test_a_declined_proposal_changes_nothing_and_is_over(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    proposal = await _propose(runtime, holder)
    async with runtime.databases.transaction(ROOT) as session:
        await decline(session, regulator(), proposal, at=clock.now())
    with pytest.raises(ProposalOverError):
        await _confirm(runtime, proposal)
    assert await _status(runtime, holder.credential_id) == "issued"
    async with runtime.databases.session(ROOT) as session:
        assert await find_open_proposal(session, holder.credential_id) is None


async def test_one_proposal_at_a_time(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    await _propose(runtime, holder)
    with pytest.raises(ProposalOpenError):
        await _propose(runtime, holder, Ground.REQUEST)


@pytest.mark.parametrize("reason", ["", "  ", "无", "长" * 501])
async def test_an_act_needs_a_reason_in_words(runtime: Runtime, clock: FrozenClock, reason: str) -> None:
    holder = await certified(runtime, clock)
    with pytest.raises(ReasonMissingError):
        await _propose(runtime, holder, reason=reason)


async def test_nothing_follows_a_revocation(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    await _confirm(runtime, await _propose(runtime, holder))
    with pytest.raises(CredentialStateError):
        await _suspend(runtime, holder)
    with pytest.raises(CredentialStateError):
        await _propose(runtime, holder, Ground.CLEARED)


async def test_the_regulator_of_another_place_may_not(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    with pytest.raises(RegionForbiddenError):
        await _suspend(runtime, holder, by=regulator(region="33/3302"))
    centre = Principal(account=holder.exam.centre.clerk.account, grants=(Grant("centre", COUNTY),))
    with pytest.raises(RegionForbiddenError):
        await _suspend(runtime, holder, by=centre)


async def test_another_region_does_not_even_find_it(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    async with runtime.databases.session(Scope(region="33/3302")) as session:
        with pytest.raises(CredentialNotFoundError):
            await suspend(session, regulator(region="33"), holder.credential_id, reason=REASON, at=clock.now())


async def test_a_result_corrected_to_a_fail_suspends(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    async with runtime.databases.transaction(holder.exam.scope) as session:
        clerk, attempt = holder.exam.centre.clerk, holder.exam.attempts[0]
        await void_attempt(session, clerk, attempt, reason="替考", at=clock.now())
    await work_off(runtime)
    assert await _status(runtime, holder.credential_id) == "suspended"
    async with runtime.databases.session(ROOT) as session:
        *_, event = await list_events(session, holder.credential_id)
    assert (event.actor, event.reason) == (None, "所依据的成绩经更正后不合格")


async def test_a_regrade_to_a_fail_takes_the_pass_back_and_suspends(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    await regrade_to_fail(runtime, holder.exam)
    await work_off(runtime)
    assert await _status(runtime, holder.credential_id) == "suspended"
    async with runtime.databases.session(ROOT) as session:
        passes = await list_passes(session, holder.registration.person_id, holder.registration.qualification)
    assert [each.part for each in passes] == ["practical"]


async def _hold(runtime: Runtime, holder: Certified) -> UUID:
    exam = holder.exam
    async with runtime.databases.transaction(exam.scope) as session:
        hold = await place_hold(session, exam.centre.clerk, exam.attempts[0], reason="群众举报", at=runtime.clock.now())
    await work_off(runtime)
    return hold


async def test_a_hold_after_the_issue_opens_a_case_that_one_regulator_decides(
    runtime: Runtime, clock: FrozenClock
) -> None:
    holder = await certified(runtime, clock)
    await _hold(runtime, holder)
    assert await _status(runtime, holder.credential_id) == "issued"
    async with runtime.databases.session(ROOT) as session:
        case = await find_open_proposal(session, holder.credential_id)
    assert case is not None
    assert (case.act, case.proposed_by) == ("suspend", None)
    path = f"/centre/credentials/{holder.credential_id}"
    async with browsing(runtime) as client:
        wear(client, await _cookie(runtime, "regulator"))
        page = (await client.get(path)).text
        assert ("成绩在发证后被暂缓" in page, "等待监管人员决定" in page) == (True, True)
        assert "成绩在发证后被暂缓" in (await client.get("/centre/credentials")).text
        decision = {"proposal_id": str(case.id), "confirmed": "true"}
        assert (await send(client, f"{path}/decide", decision)).status_code == 303
    assert await _status(runtime, holder.credential_id) == "suspended"
    await _hold(runtime, holder)
    async with runtime.databases.session(ROOT) as session:
        assert await find_open_proposal(session, holder.credential_id) is None


async def test_a_second_hold_opens_no_second_case(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    await _hold(runtime, holder)
    await _hold(runtime, holder)
    async with runtime.databases.session(ROOT) as session:
        assert len((await session.scalars(select(Proposal))).all()) == 1


async def test_a_regulator_may_leave_a_held_credential_alone(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    await _hold(runtime, holder)
    async with runtime.databases.transaction(ROOT) as session:
        case = await find_open_proposal(session, holder.credential_id)
        assert case is not None
        await decline(session, regulator(), case.id, at=clock.now())
    assert await _status(runtime, holder.credential_id) == "issued"


async def test_a_run_out_term_is_noted_once_and_leaves_the_state(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    clock.advance(timedelta(days=6 * 366))
    await note_expiry(runtime)
    await note_expiry(runtime)
    async with runtime.databases.session(ROOT) as session:
        kinds = [event.kind for event in await list_events(session, holder.credential_id)]
    assert kinds.count("expired") == 1
    assert await _status(runtime, holder.credential_id) == "issued"


async def test_proposals_of_other_regions_stay_unseen(runtime: Runtime, clock: FrozenClock) -> None:
    await _propose(runtime, await certified(runtime, clock))
    async with runtime.databases.session(NOTHING) as session:
        assert (await session.scalars(select(Proposal))).all() == []
    async with runtime.databases.session(HERE) as session:
        assert len((await session.scalars(select(Proposal))).all()) == 1


async def _cookie(runtime: Runtime, role: str, region: str = "33/3301") -> dict[str, str]:
    return {COOKIE: (await session_of(runtime, role=role, region=region))[1]}


async def test_two_regulators_revoke_over_the_pages(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    first, second = await _cookie(runtime, "regulator"), await _cookie(runtime, "regulator")
    path = f"/centre/credentials/{holder.credential_id}"
    async with browsing(runtime) as client:
        wear(client, first)
        assert holder.number not in (await client.get(path)).text
        short = await send(client, f"{path}/propose", {"ground": "wrong_issue", "reason": "无"})
        assert (short.status_code, "请写明理由" in short.text) == (400, True)
        assert (await send(client, f"{path}/propose", {"ground": "wrong_issue", "reason": REASON})).status_code == 303
        async with runtime.databases.session(ROOT) as session:
            proposal = await find_open_proposal(session, holder.credential_id)
        assert proposal is not None
        decision = {"proposal_id": str(proposal.id), "confirmed": "true"}
        own = await send(client, f"{path}/decide", decision)
        assert (own.status_code, "须由另一位监管人员确认" in own.text) == (403, True)
        wear(client, second)
        assert "确认撤销" in (await client.get(path)).text
        assert (await send(client, f"{path}/decide", decision)).status_code == 303
        assert "已撤销" in (await client.get(path)).text
    assert await _status(runtime, holder.credential_id) == "revoked"


async def test_a_centre_reads_and_downloads_and_may_not_act(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    path = f"/centre/credentials/{holder.credential_id}"
    async with browsing(runtime) as client:
        wear(client, await _cookie(runtime, "centre", COUNTY))
        listed = await client.get("/centre/credentials")
        assert (listed.status_code, holder.number in listed.text) == (200, False)
        assert "暂停:" not in (await client.get(path)).text
        assert (await client.get(f"{path}.pdf")).content == holder.pdf
        copy, again = [await client.get(f"{path}.ofd") for _ in range(2)]
        assert (copy.headers["content-type"], copy.content) == ("application/ofd", again.content)
        validate(copy.content)
        assert "与发证时逐字节一致" in await _told(client, copy.content)
        assert "不是原件" in await _told(client, copy.content[:-9] + bytes([copy.content[-9] ^ 1]) + copy.content[-8:])
        refused = await send(client, f"{path}/suspend", {"reason": REASON})
        assert refused.status_code == 403
    async with runtime.databases.session(ROOT) as session:
        read = await session.scalars(select(AuditRow.actor_kind).where(AuditRow.act == "credential.downloaded"))
        assert list(read) == ["account"] * 3


async def _told(client: AsyncClient, file: bytes) -> str:
    """Return what the public check says of a file."""
    data = {"_csrf_token": client.cookies["csrftoken"]}
    return (await client.post("/verify/file", data=data, files={"file": ("c.ofd", file, "application/ofd")})).text


async def test_staff_find_a_number_without_an_address_that_holds_it(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    async with browsing(runtime) as client:
        wear(client, await _cookie(runtime, "regulator"))
        found = await send(client, "/centre/credentials/find", {"number": holder.number})
        assert found.headers["location"] == f"/centre/credentials/{holder.credential_id}"
        missing = await send(client, "/centre/credentials/find", {"number": "B3301062026000009"})
        assert (missing.status_code, "没有找到这本证书" in missing.text) == (404, True)


@pytest.mark.parametrize(("standing", "shown"), [("valid", True), ("expired", False), ("revoked", False), ("?", True)])
async def test_the_list_narrows_by_standing(
    runtime: Runtime, clock: FrozenClock, *, standing: str, shown: bool
) -> None:
    holder = await certified(runtime, clock)
    async with browsing(runtime) as client:
        wear(client, await _cookie(runtime, "regulator"))
        page = await client.get("/centre/credentials", params={"standing": standing})
    assert (str(holder.credential_id) in page.text) is shown


async def test_only_the_holder_downloads_at_home(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    path = f"/me/credentials/{holder.credential_id}.pdf"
    async with browsing(runtime) as client:
        wear(client, {COOKIE: await candidate_session(runtime, holder.registration)})
        assert (await client.get(path)).content == holder.pdf
        async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
            await session.execute(text("update identity_person set name = '李四'"))
        renamed = await client.get(path.replace(".pdf", ".ofd"))
        assert (renamed.status_code, "不再制作 OFD 文件" in renamed.text) == (409, True)
        wear(client, {COOKIE: (await session_of(runtime, role="candidate", region=COUNTY))[1]})
        assert (await client.get(path)).status_code == 404


async def test_a_sitting_names_what_its_candidates_hold(runtime: Runtime) -> None:
    done = await certified(runtime)
    exam = done.exam
    _, token = await session_of(runtime, role="centre", organisation=exam.centre.id)
    async with browsing(runtime) as client:
        path = f"/api/centre/sittings/{exam.sitting_id}/credentials"
        (row,) = (await wear(client, {COOKIE: token}).get(path)).json()
    assert (row["credential_id"], row["registration_id"]) == (str(done.credential_id), str(exam.registrations[0].id))
    assert row["status"] == "issued"
