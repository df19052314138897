"""Issuing: from released results to the credential, its history, its PDF; and everything that stands in the way."""

from datetime import date, timedelta
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from certs.api import CredentialState, find_credentials, get_credential, list_events, list_withheld
from certs.envelope import find_qr_text, is_sealed
from certs.issuing import consider
from certs.jobs import reconsider
from certs.keys import load_signer
from certs.models import Credential
from certs.qr import decode_payload
from certs.rendering import render_pdf
from certs.signing import KeyRing
from certs.state import fold
from exam.core.audit.ledger import AuditRow, AuditWords
from exam.core.clock import FrozenClock, local_date
from exam.core.config import Profile, SettingsError
from exam.core.crypto import digest
from exam.core.db.scope import NOTHING, Scope
from exam.core.events import EventRow, deliver
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.delivery.api import place_hold, release_hold, void_attempt
from exam.sitting.api import record_ban
from exam.standards.api import Mark, Parameter, RuleSet, resolve_rule_set
from tests.builders.certs import (
    BUREAU,
    HERE,
    NAME,
    OFFICER,
    ROOT,
    certified,
    credential_of,
    credentials,
    make_authority,
    pass_practical,
    theory_passed,
)
from tests.builders.documents import flat, text_of
from tests.builders.grading import work_off
from tests.builders.records import engage, make_enterprise
from tests.builders.sitting import ELECTRICIAN


async def _withheld(runtime: Runtime) -> list[str]:
    async with runtime.databases.session(ROOT) as session:
        return [each.reason for each in await list_withheld(session)]


async def _acts(runtime: Runtime, prefix: str = "credential.") -> list[str]:
    query = select(AuditRow.act).where(AuditRow.act.startswith(prefix)).order_by(AuditRow.position)
    async with runtime.databases.session(ROOT) as session:
        return list(await session.scalars(query))


async def test_theory_alone_gives_no_credential(runtime: Runtime, clock: FrozenClock) -> None:
    await make_authority(runtime)
    exam = await theory_passed(runtime, clock)
    assert await credentials(runtime, exam.registrations[0].person_id) == []
    assert await _withheld(runtime) == []


async def test_the_last_part_passed_gives_the_credential(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    today = local_date(clock.now())
    async with runtime.databases.session(ROOT) as session:
        view = await get_credential(session, holder.credential_id, on=today)
    assert (view.status, view.version, view.qualification) == ("issued", 1, ELECTRICIAN)
    assert (view.valid_from, view.valid_until) == (today, today.replace(year=today.year + 6) - timedelta(days=1))
    assert (view.issuer, view.review_due_on, view.holder_masked) == (BUREAU, None, "张*")
    assert view.rule_set == resolve_rule_set(ELECTRICIAN, today).version
    assert holder.number == "T" + holder.number[1:]
    assert view.number_masked == f"T330***********{holder.number[-4:]}"


async def test_an_officer_needs_theory_alone_and_gets_an_own_number(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock, qualification="officer.chemical-trade")
    assert holder.number == "B3301062026000001"
    assert "安全生产知识和管理能力考核合格证" in flat(text_of(holder.pdf))


async def test_a_term_that_no_rule_states_withholds_and_says_so(
    runtime: Runtime, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("certs.issuing.resolve_rule_set", _without_term)
    await make_authority(runtime)
    exam = await theory_passed(runtime, clock, qualification=OFFICER)
    assert await credentials(runtime, exam.registrations[0].person_id) == []
    async with runtime.databases.session(ROOT) as session:
        (noted,) = await list_withheld(session)
    assert (noted.reason, noted.detail) == ("rule_not_stated", "credential_term_years")
    assert await _acts(runtime) == ["credential.withheld"]


def _without_term(code: str, on: date) -> RuleSet:
    silent: Parameter[int] = Parameter(
        key="credential_term_years", value=None, stated=False, source="", mark=Mark.ABSENT, rule_set=""
    )
    return msgspec.structs.replace(resolve_rule_set(code, on), credential_term_years=silent)


async def test_issue_writes_history_audit_and_event_of_one_transaction(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    async with runtime.databases.session(ROOT) as session:
        events = await list_events(session, holder.credential_id)
        row = await session.get_one(Credential, holder.credential_id)
        told = await session.scalars(select(EventRow.payload).where(EventRow.name == "CredentialIssued"))
        assert [payload["credential_id"] for payload in told] == [str(holder.credential_id)]
    assert [event.kind for event in events] == ["issued", "pdf_made"]
    assert fold(event.kind for event in events) == CredentialState(row.status)
    assert await _acts(runtime) == ["credential.issued", "credential.pdf_made"]


async def test_opening_the_id_number_for_the_permit_is_logged_with_its_reason(
    runtime: Runtime, clock: FrozenClock
) -> None:
    await certified(runtime, clock)
    async with runtime.databases.session(ROOT) as session:
        query = select(AuditWords.words).join(AuditRow, AuditRow.id == AuditWords.entry_id)
        said = await session.scalars(query.where(AuditRow.act == "person.unmasked"))
    assert list(said) == ["credential number"]


async def test_the_same_result_told_twice_gives_one_credential(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    async with runtime.databases.transaction(ROOT) as session:
        assert await consider(session, runtime, holder.registration.id, at=clock.now()) is None
    assert len(await credentials(runtime, holder.registration.person_id)) == 1


async def test_the_pdf_shows_the_holder_and_carries_the_signed_statement(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    signer = load_signer(runtime.settings)
    ring = KeyRing([signer.pinned_as(BUREAU)])
    shown = flat(text_of(holder.pdf))
    assert NAME in shown
    assert holder.number in shown
    assert "演示" in shown
    assert find_qr_text(holder.pdf) == holder.qr_text
    assert is_sealed(holder.pdf, ring)
    statement = decode_payload(holder.qr_text, ring)
    assert (statement.payload.public_id, statement.issuer) == (holder.public_id, BUREAU)
    assert statement.payload.id_tail == holder.number[-4:]


async def test_making_the_pdf_again_changes_nothing(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    await render_pdf(runtime, credential_id=str(holder.credential_id))
    assert (await credential_of(runtime, holder.exam)).pdf == holder.pdf
    (row,) = await credentials(runtime, holder.registration.person_id)
    assert row.pdf_digest == digest(holder.pdf)


async def test_production_invents_no_signing_key(runtime: Runtime) -> None:
    settings = msgspec.structs.replace(
        runtime.settings, profile=Profile.PRODUCTION, data_dir=runtime.settings.data_dir / "x"
    )
    with pytest.raises(SettingsError):
        load_signer(settings)


async def test_without_an_authority_nothing_is_issued_until_there_is_one(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await theory_passed(runtime, clock)
    await pass_practical(runtime, exam)
    await work_off(runtime)
    assert await _withheld(runtime) == ["no_issuer"]
    await make_authority(runtime)
    await reconsider(runtime)
    await work_off(runtime)
    assert await _withheld(runtime) == []
    assert (await credential_of(runtime, exam)).pdf


async def test_the_city_issues_before_county_and_province(runtime: Runtime, clock: FrozenClock) -> None:
    await make_authority(runtime, region="33", name="浙江省应急管理厅")
    await make_authority(runtime, region="33/3301/330106", name="西湖区应急管理局")
    await make_authority(runtime, region="33/3302", name="宁波市应急管理局")
    holder = await certified(runtime, clock)
    (row,) = await credentials(runtime, holder.registration.person_id)
    assert row.issuer_name == BUREAU


async def test_a_hold_withholds_until_it_is_lifted(runtime: Runtime, clock: FrozenClock) -> None:
    await make_authority(runtime)
    exam = await theory_passed(runtime, clock)
    await pass_practical(runtime, exam)
    async with runtime.databases.transaction(exam.scope) as session:
        hold = await place_hold(session, exam.centre.clerk, exam.attempts[0], reason="核查录像", at=clock.now())
    await work_off(runtime)
    assert await _withheld(runtime) == ["hold"]
    await reconsider(runtime)
    assert await _acts(runtime) == ["credential.withheld"]
    async with runtime.databases.transaction(exam.scope) as session:
        await release_hold(session, exam.centre.clerk, hold, reason="未见异常", at=clock.now())
    await reconsider(runtime)
    assert await _acts(runtime) == ["credential.withheld", "credential.issued"]


async def test_a_ban_withholds(runtime: Runtime, clock: FrozenClock) -> None:
    await make_authority(runtime)
    exam = await theory_passed(runtime, clock)
    async with runtime.databases.transaction(exam.scope) as session:
        await record_ban(
            session,
            SYSTEM,
            person_id=exam.registrations[0].person_id,
            qualification=None,
            until_on=local_date(clock.now()) + timedelta(days=365),
            reason="提供虚假材料",
            basis="行政许可法 第78条",
            region=exam.centre.region,
            at=clock.now(),
        )
    await pass_practical(runtime, exam)
    await work_off(runtime)
    assert await _withheld(runtime) == ["ban"]


async def test_a_pass_that_ran_out_does_not_count(runtime: Runtime, clock: FrozenClock) -> None:
    await make_authority(runtime)
    exam = await theory_passed(runtime, clock)
    await pass_practical(runtime, exam)
    clock.advance(timedelta(days=366))
    await work_off(runtime)
    assert await credentials(runtime, exam.registrations[0].person_id) == []


async def test_a_pass_that_was_taken_back_does_not_count(runtime: Runtime, clock: FrozenClock) -> None:
    await make_authority(runtime)
    exam = await theory_passed(runtime, clock)
    await pass_practical(runtime, exam)
    async with runtime.databases.transaction(exam.scope) as session:
        await void_attempt(session, exam.centre.clerk, exam.attempts[0], reason="替考", at=clock.now())
    # the void is heard before the practical's release, as it would be if that one had to be tried again
    async with runtime.databases.session(ROOT) as session:
        voided = await session.scalar(select(EventRow.id).where(EventRow.name == "AttemptVoided"))
    await deliver(runtime, event_id=str(voided), subscriber="grading.withdraw_voided")
    await work_off(runtime)
    assert await credentials(runtime, exam.registrations[0].person_id) == []


async def test_renewal_gives_the_next_version_and_supersedes_the_old(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    clock.advance(timedelta(days=6 * 365 - 30))
    again = await theory_passed(runtime, clock)
    await pass_practical(runtime, again)
    await work_off(runtime)
    new, old = await credentials(runtime, holder.registration.person_id)
    assert (old.status, new.status, new.version) == ("superseded", "issued", 2)
    assert (new.number_index, new.first_issued_on) == (old.number_index, old.issued_on)
    assert new.public_id != old.public_id


@pytest.mark.parametrize(
    "scope",
    [NOTHING, Scope(region="33/3302"), Scope(region="33/3301/330105"), Scope(person=UUID(int=1))],
)
async def test_others_see_no_credential(runtime: Runtime, clock: FrozenClock, scope: Scope) -> None:
    await certified(runtime, clock)
    async with runtime.databases.session(scope) as session:
        assert (await session.scalars(select(Credential))).all() == []


async def test_holder_and_present_employer_see_it(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    person_id, today = holder.registration.person_id, local_date(clock.now())
    enterprise, former = await make_enterprise(runtime), await make_enterprise(runtime, name="旧单位")
    await engage(runtime, person_id, enterprise, role="special", since=today)
    ended = await engage(runtime, person_id, former, role="special", since=today - timedelta(days=90))
    async with runtime.databases.transaction(HERE) as session:
        past = text("update identity_engagement set ended_on = started_on where id = :id")
        await session.execute(past, {"id": ended})
    async with runtime.databases.session(Scope(person=person_id)) as session:
        assert len(await find_credentials(session, on=today, person_id=person_id)) == 1
    async with runtime.databases.session(Scope(organisation=enterprise)) as session:
        assert len(await find_credentials(session, on=today, organisation_id=enterprise)) == 1
    async with runtime.databases.session(Scope(organisation=former)) as session:
        assert await find_credentials(session, on=today) == []


@pytest.mark.parametrize(
    "statement",
    [
        "update certs_credential set valid_until_on = valid_until_on + 365",
        "update certs_credential set number_index = ''",
        "delete from certs_credential",
        "update certs_credential_event set reason = 'x'",
        "delete from certs_credential_event",
        "update certs_credential set pdf_digest = 'x'",
        "update certs_key set public = public",
    ],
)
async def test_the_application_cannot_rewrite_a_credential(
    runtime: Runtime, clock: FrozenClock, statement: str
) -> None:
    await certified(runtime, clock)
    async with runtime.databases.session(ROOT) as session:
        with pytest.raises(DBAPIError):
            await session.execute(text(statement))


async def test_the_database_refuses_a_way_back_from_revoked(runtime: Runtime, clock: FrozenClock) -> None:
    await certified(runtime, clock)
    async with runtime.databases.transaction(ROOT) as session:
        await session.execute(text("update certs_credential set status = 'revoked'"))
    async with runtime.databases.session(ROOT) as session:
        with pytest.raises(DBAPIError, match="cannot become"):
            await session.execute(text("update certs_credential set status = 'issued'"))
