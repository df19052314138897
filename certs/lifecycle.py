"""After the issue: suspending alone, and restoring, revoking and annulling by two people (DESIGN.md §6.8)."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from certs.bars import bar
from certs.errors import ProposalOpenError, ProposalOverError, ReasonMissingError
from certs.grounds import Ground, act_of, bars, warrant_of
from certs.history import change_state, lock_credential
from certs.issuing import lock_holder
from certs.models import Credential, Proposal
from certs.state import CredentialAct, CredentialState, next_state
from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.errors import ForbiddenError, NotFoundError, SamePersonError
from exam.core.ids import new_id
from exam.core.principal import SYSTEM, Principal
from exam.delivery.api import get_attempt
from exam.identity.api import require_region
from exam.sitting.api import get_registration
from exam.standards.api import resolve_rule_set

REGULATOR = "regulator"
MIN_REASON, MAX_REASON = 2, 500
TWO_PEOPLE = frozenset({CredentialAct.RESTORE, CredentialAct.REVOKE, CredentialAct.ANNUL})


class ProposalView(msgspec.Struct, frozen=True, kw_only=True):
    """An act that waits for its second person, or was decided."""

    id: UUID
    credential_id: UUID
    act: str
    ground: str
    reason: str
    proposed_by: UUID | None
    proposed_at: datetime
    confirmed: bool | None
    decided_by: UUID | None
    decided_at: datetime | None


def checked_reason(text: str) -> str:
    """Return a reason in words, of 2 to 500 characters; raises ReasonMissingError."""
    reason = text.strip()
    if not MIN_REASON <= len(reason) <= MAX_REASON:
        raise ReasonMissingError
    return reason


def _account(principal: Principal) -> UUID:
    if principal.account is None:
        raise ForbiddenError
    return principal.account


async def suspend(
    session: AsyncSession,
    principal: Principal,
    credential_id: UUID,
    *,
    reason: str,
    at: datetime,
) -> None:
    """Suspend a credential at once: a doubt must not wait for a second person, and two are needed to lift it.

    Raises CredentialNotFoundError, RegionForbiddenError, ReasonMissingError and CredentialStateError.
    """
    row = await lock_credential(session, credential_id)
    require_region(principal, row.region, REGULATOR)
    await change_state(session, principal, row, Ground.INQUIRY, reason=checked_reason(reason), at=at)


async def suspend_after_correction(
    session: AsyncSession,
    *,
    registration_id: UUID,
    part: str,
    person_id: UUID,
    qualification: str,
    at: datetime,
) -> UUID | None:
    """Suspend the credential that rests on a result which has become a fail, and return its id; two people decide then.

    A failed attempt that the credential does not rest on, such as one for its renewal, leaves it alone.
    """
    await lock_holder(session, person_id, qualification)
    query = select(Credential).where(
        Credential.person_id == person_id,
        Credential.qualification == qualification,
        Credential.status == CredentialState.ISSUED,
    )
    for row in await session.scalars(query.with_for_update()):
        if any((each["registration_id"], each["part"]) == (str(registration_id), part) for each in row.results):
            reason = "所依据的成绩经更正后不合格"
            await change_state(session, SYSTEM, row, Ground.INQUIRY, reason=reason, at=at)
            return row.id
    return None


async def open_case_of_hold(session: AsyncSession, attempt_id: UUID, *, at: datetime) -> UUID | None:
    """Ask the regulators whether to suspend the credential that rests on a held attempt, and return the case's id.

    Nothing is asked while another proposal waits, or where no credential that counts rests on the attempt.
    """
    attempt = await get_attempt(session, attempt_id, now=at)
    registration = await get_registration(session, attempt.registration_id)
    # an issue that is being decided at this moment did not see the hold, and is waited for
    await lock_holder(session, attempt.person_id, registration.qualification)
    rests = Credential.results.contains([{"attempt_id": str(attempt_id)}])
    query = select(Credential).where(
        Credential.person_id == attempt.person_id, Credential.status == CredentialState.ISSUED, rests
    )
    row = await session.scalar(query.with_for_update())
    if row is None or await find_open_proposal(session, row.id):
        return None
    return await _ask(session, SYSTEM, row, Ground.INQUIRY, reason="所依据的成绩在发证后被暂缓,须核查", at=at)


async def propose(
    session: AsyncSession,
    principal: Principal,
    credential_id: UUID,
    ground: Ground,
    *,
    reason: str,
    at: datetime,
) -> UUID:
    """Ask for an act that needs two people, on a ground that the rules of the day know, and return the proposal's id.

    A revocation for fraud or for false entries bars the holder from applying again. Raises as `suspend`,
    GroundNotStatedError, NotStatedError where the rules know no bar, and ProposalOpenError while another one waits.
    """
    row = await lock_credential(session, credential_id)
    require_region(principal, row.region, REGULATOR)
    act = act_of(ground)
    if act not in TWO_PEOPLE:
        raise ForbiddenError(act=act.value)
    rules = resolve_rule_set(row.qualification, local_date(at))
    warrant_of(rules, ground)
    if bars(ground):
        rules.fraud_ban_years.require()
    next_state(CredentialState(row.status), act)
    if await find_open_proposal(session, credential_id):
        raise ProposalOpenError(credential_id=str(credential_id))
    _account(principal)
    return await _ask(session, principal, row, ground, reason=checked_reason(reason), at=at)


async def _ask(
    session: AsyncSession,
    principal: Principal,
    row: Credential,
    ground: Ground,
    *,
    reason: str,
    at: datetime,
) -> UUID:
    act = act_of(ground)
    proposal = Proposal(
        id=new_id(),
        credential_id=row.id,
        region=row.region,
        act=act.value,
        ground=ground.value,
        reason=reason,
        proposed_by=principal.account,
        proposed_at=at,
    )
    session.add(proposal)
    await session.flush()
    facts: dict[str, Fact] = {"act": act.value, "reason": proposal.reason, "proposal": str(proposal.id)}
    facts["ground"] = ground.value
    subject = ("credential", row.id)
    await record(session, principal, f"credential.{act.value}_proposed", subject, at=at, region=row.region, facts=facts)
    return proposal.id


async def revoke(
    session: AsyncSession,
    principal: Principal,
    credential_id: UUID,
    *,
    reason: str,
    at: datetime,
) -> UUID:
    """Ask for a revocation (撤销) of what should not have been issued; it takes effect by another person's `confirm`."""
    return await propose(session, principal, credential_id, Ground.WRONG_ISSUE, reason=reason, at=at)


async def confirm(session: AsyncSession, principal: Principal, proposal_id: UUID, *, at: datetime) -> None:
    """Do what another person proposed.

    Raises NotFoundError, RegionForbiddenError, SamePersonError, ProposalOverError and CredentialStateError.
    """
    proposal, row = await _open(session, principal, proposal_id)
    if proposal.proposed_by == _account(principal):
        raise SamePersonError
    await _close(session, principal, proposal, confirmed=True, at=at)
    await change_state(
        session,
        principal,
        row,
        Ground(proposal.ground),
        reason=proposal.reason,
        at=at,
        proposer=proposal.proposed_by,
    )
    if bars(Ground(proposal.ground)):
        rules = resolve_rule_set(row.qualification, local_date(at))
        await bar(
            session,
            principal,
            rules,
            rules.fraud_ban_years,
            person_id=row.person_id,
            ground=proposal.ground,
            reason=proposal.reason,
            region=row.region,
            at=at,
        )


async def decline(session: AsyncSession, principal: Principal, proposal_id: UUID, *, at: datetime) -> None:
    """Send a proposal back; its author may do so too. Raises as `confirm`, but for SamePersonError."""
    proposal, row = await _open(session, principal, proposal_id)
    await _close(session, principal, proposal, confirmed=False, at=at)
    facts: dict[str, Fact] = {"act": proposal.act, "proposal": str(proposal.id)}
    subject = ("credential", row.id)
    act = f"credential.{proposal.act}_declined"
    await record(session, principal, act, subject, at=at, region=row.region, facts=facts)


async def _open(session: AsyncSession, principal: Principal, proposal_id: UUID) -> tuple[Proposal, Credential]:
    found = await session.get(Proposal, proposal_id)
    if found is None:
        raise NotFoundError(proposal_id=str(proposal_id))
    row = await lock_credential(session, found.credential_id)
    require_region(principal, row.region, REGULATOR)
    await session.refresh(found)
    if found.confirmed is not None:
        raise ProposalOverError(proposal_id=str(proposal_id))
    return found, row


async def _close(
    session: AsyncSession,
    principal: Principal,
    proposal: Proposal,
    *,
    confirmed: bool,
    at: datetime,
) -> None:
    proposal.confirmed, proposal.decided_by, proposal.decided_at = confirmed, _account(principal), at
    await session.flush()


async def find_open_proposal(session: AsyncSession, credential_id: UUID) -> ProposalView | None:
    """Return what waits for its second person on a credential, or None."""
    query = select(Proposal).where(Proposal.credential_id == credential_id, Proposal.confirmed.is_(None))
    row = await session.scalar(query)
    return _view(row) if row else None


async def list_open_proposals(session: AsyncSession, *, limit: int = 200) -> list[ProposalView]:
    """Return what waits in the scope, the oldest first."""
    query = select(Proposal).where(Proposal.confirmed.is_(None)).order_by(Proposal.proposed_at).limit(limit)
    return [_view(row) for row in await session.scalars(query)]


def _view(row: Proposal) -> ProposalView:
    return ProposalView(**{name: getattr(row, name) for name in ProposalView.__struct_fields__})
