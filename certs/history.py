"""Writing a credential's history: state, event row, audit entry and outgoing event together, in one transaction."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from certs.errors import CredentialNotFoundError
from certs.events import (
    CredentialAnnulled,
    CredentialRestored,
    CredentialRevoked,
    CredentialSuperseded,
    CredentialSuspended,
)
from certs.grounds import Ground, Warrant, act_of, warrant_of
from certs.models import Credential, CredentialEvent
from certs.state import EVENT_OF_ACT, CredentialAct, CredentialState, next_state
from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.events import publish
from exam.core.ids import new_id
from exam.core.jobs import defer
from exam.core.principal import Principal
from exam.standards.api import RuleSet, resolve_rule_set

PUBLISH = "certs.publish_status"

_PUBLISHED: dict[
    CredentialAct,
    type[CredentialSuspended | CredentialRestored | CredentialRevoked | CredentialSuperseded | CredentialAnnulled],
] = {
    CredentialAct.SUSPEND: CredentialSuspended,
    CredentialAct.RESTORE: CredentialRestored,
    CredentialAct.REVOKE: CredentialRevoked,
    CredentialAct.SUPERSEDE: CredentialSuperseded,
    CredentialAct.ANNUL: CredentialAnnulled,
}


async def lock_credential(session: AsyncSession, credential_id: UUID) -> Credential:
    """Return a credential of the scope, locked until the transaction ends; raises CredentialNotFoundError."""
    query = select(Credential).where(Credential.id == credential_id).with_for_update()
    row = await session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise CredentialNotFoundError(credential_id=str(credential_id))
    return row


async def change_state(
    session: AsyncSession,
    principal: Principal,
    row: Credential,
    ground: Ground,
    *,
    reason: str,
    at: datetime,
    proposer: UUID | None = None,
    rules: RuleSet | None = None,
) -> None:
    """Do what a ground is for on a locked credential, and note the rule that allows it: by default one of the day.

    Raises CredentialStateError where its state does not allow the act, and GroundNotStatedError where no rule does.
    """
    act = act_of(ground)
    warrant = warrant_of(rules or resolve_rule_set(row.qualification, local_date(at)), ground)
    row.status = next_state(CredentialState(row.status), act).value
    await session.flush()
    facts: dict[str, Fact] = {"qualification": row.qualification, "version": row.version, "reason": reason}
    facts |= {"ground": ground.value, "review_on": row.review_on.isoformat() if row.review_on else ""}
    if proposer:
        facts["proposed_by"] = str(proposer)
    kind = EVENT_OF_ACT[act]
    await note(
        session,
        principal,
        row,
        kind,
        reason=reason,
        at=at,
        facts=facts,
        proposer=proposer,
        ground=ground,
        warrant=warrant,
    )
    await _tell(session, row, act, at)


async def _tell(session: AsyncSession, row: Credential, act: CredentialAct, at: datetime) -> None:
    if act not in _PUBLISHED:
        return
    told = _PUBLISHED[act](
        region=row.region,
        credential_id=row.id,
        person_id=row.person_id,
        qualification=row.qualification,
    )
    await publish(session, told, at=at)
    if act is not CredentialAct.SUPERSEDE:
        # a suspension must not wait for the hour; renewals come by the thousand and do
        await defer(session, PUBLISH, lock=PUBLISH)


async def note(
    session: AsyncSession,
    principal: Principal,
    row: Credential,
    kind: str,
    *,
    reason: str,
    at: datetime,
    facts: dict[str, Fact],
    personal: dict[str, str] | None = None,
    proposer: UUID | None = None,
    ground: Ground | None = None,
    warrant: Warrant | None = None,
) -> None:
    """Append one event and its audit entry; without a warrant it rests on the rules that the issue rests on."""
    warrant = warrant or Warrant(rule_set=row.rule_set, basis=row.basis)
    audit_id = await record(
        session,
        principal,
        f"credential.{kind}",
        ("credential", row.id),
        at=at,
        region=row.region,
        facts={**facts, "rule_set": warrant.rule_set, "basis": warrant.basis},
        personal=personal,
    )
    event = CredentialEvent(
        id=new_id(),
        credential_id=row.id,
        region=row.region,
        kind=kind,
        ground=ground.value if ground else "",
        rule_set=warrant.rule_set,
        basis=warrant.basis,
        reason=reason,
        actor=principal.account,
        proposer=proposer,
        at=at,
        audit_id=audit_id,
    )
    session.add(event)
    await session.flush()
