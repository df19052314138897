"""Accepting an application and deciding it: granting by one person who did not file it, refusing by two."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from certs.applications.errors import ApplicationNotFoundError, PersonActsTwiceError
from certs.applications.filing import require_held, require_not_barred, require_renewable
from certs.applications.granting import change, renew
from certs.applications.models import Application
from certs.applications.state import (
    ApplicationAct,
    ApplicationKind,
    ApplicationState,
    ApplicationStateError,
    RefusalGround,
    decide_due_on,
    next_state,
)
from certs.bars import bar
from certs.history import lock_credential
from certs.issuing import lock_holder
from certs.lifecycle import REGULATOR, checked_reason
from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.errors import SamePersonError
from exam.core.principal import SYSTEM, Principal
from exam.core.runtime import Runtime
from exam.identity.api import require_region
from exam.standards.api import recall_rule_set, resolve_rule_set


async def accept(session: AsyncSession, principal: Principal, application_id: UUID, *, at: datetime) -> None:
    """Accept an application: the days for the decision begin. Raises as `decide` does."""
    row = await _lock(session, principal, application_id)
    _accept(row, ApplicationAct.ACCEPT, at)
    row.accepted_by = principal.account
    await _note(session, principal, row, "application.accepted", at)


def _accept(row: Application, act: ApplicationAct, at: datetime) -> None:
    row.state = next_state(ApplicationState(row.state), act)
    row.accepted_at = at
    row.decide_due_on = decide_due_on(recall_rule_set(row.qualification, row.rule_set), local_date(at))


async def deem_accepted(session: AsyncSession, *, limit: int, at: datetime) -> int:
    """Accept what nobody has answered in time, as of the day it was received (行政许可法 32); return how many."""
    query = select(Application).where(
        Application.state == ApplicationState.RECEIVED, Application.accept_due_on < local_date(at)
    )
    rows = (await session.scalars(query.limit(limit).with_for_update())).all()
    for row in rows:
        _accept(row, ApplicationAct.DEEM_ACCEPTED, row.received_at)
        await _note(session, SYSTEM, row, "application.deemed_accepted", at)
    return len(rows)


async def not_accept(
    session: AsyncSession, principal: Principal, application_id: UUID, *, reason: str, at: datetime
) -> None:
    """Send an application back unaccepted, with the reason. Raises as `decide` does, and ReasonMissingError."""
    row = await _lock(session, principal, application_id)
    row.state = next_state(ApplicationState(row.state), ApplicationAct.NOT_ACCEPT)
    row.refusal_reason = checked_reason(reason)
    _close(row, principal, at)
    await _note(session, principal, row, "application.not_accepted", at, reason=row.refusal_reason)


async def approve(
    session: AsyncSession, principal: Principal, runtime: Runtime, application_id: UUID, *, at: datetime
) -> UUID:
    """Grant a renewal or a change and issue the next version in the same transaction; return its id.

    What an exam has led to is granted by itself as soon as nothing stands in the way. Raises ApplicationNotFoundError,
    RegionForbiddenError, ApplicationStateError, PersonActsTwiceError, and as filing does where things have changed since.
    """
    row = await _lock(session, principal, application_id)
    if row.credential_id is None:
        raise ApplicationStateError(kind=row.kind)
    if row.filed_by is not None and row.filed_by == principal.account:
        raise PersonActsTwiceError
    granted = next_state(ApplicationState(row.state), ApplicationAct.GRANT)
    await lock_holder(session, row.person_id, row.qualification)
    held = await lock_credential(session, row.credential_id)
    require_held(held, local_date(at))
    await require_not_barred(session, row.person_id, row.qualification, local_date(at))
    if row.kind == ApplicationKind.RENEWAL:
        await require_renewable(session, held, at)
        issued = await renew(session, principal, runtime, held, at=at)
    else:
        issued = await change(session, principal, runtime, held, row, at=at)
    row.state, row.issued_id = granted, issued
    _close(row, principal, at)
    await _note(session, principal, row, "application.granted", at)
    return issued


async def propose_refusal(
    session: AsyncSession,
    principal: Principal,
    application_id: UUID,
    ground: RefusalGround,
    *,
    reason: str,
    at: datetime,
) -> None:
    """Ask for a refusal, which another person confirms; false materials bar the applicant then.

    Raises as `accept`, ReasonMissingError, and NotStatedError where the rules of the day know no such bar.
    """
    row = await _lock(session, principal, application_id)
    if ground is RefusalGround.FALSE_MATERIAL:
        resolve_rule_set(row.qualification, local_date(at)).false_material_ban_years.require()
    row.state = next_state(ApplicationState(row.state), ApplicationAct.PROPOSE_REFUSAL)
    row.refusal_ground, row.refusal_reason, row.refusal_by = ground, checked_reason(reason), principal.account
    await _note(
        session, principal, row, "application.refusal_proposed", at, reason=row.refusal_reason, ground=ground.value
    )


async def settle_refusal(
    session: AsyncSession, principal: Principal, application_id: UUID, *, confirmed: bool, at: datetime
) -> None:
    """Refuse as another person proposed, or go on; who proposed may take it back, and never confirm it.

    Raises as `accept`, and SamePersonError.
    """
    row = await _lock(session, principal, application_id)
    if not confirmed:
        row.state = next_state(ApplicationState(row.state), ApplicationAct.DROP_REFUSAL)
        await _note(session, principal, row, "application.refusal_dropped", at)
        return
    row.state = next_state(ApplicationState(row.state), ApplicationAct.REFUSE)
    if row.refusal_by == principal.account:
        raise SamePersonError
    _close(row, principal, at)
    reason, ground = row.refusal_reason or "", row.refusal_ground or ""
    await _note(session, principal, row, "application.refused", at, reason=reason, ground=ground)
    if ground == RefusalGround.FALSE_MATERIAL:
        rules = resolve_rule_set(row.qualification, local_date(at))
        years, who = rules.false_material_ban_years, row.person_id
        await bar(
            session, principal, rules, years, person_id=who, ground=ground, reason=reason, region=row.region, at=at
        )


async def _lock(session: AsyncSession, principal: Principal, application_id: UUID) -> Application:
    query = select(Application).where(Application.id == application_id).with_for_update()
    row = await session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise ApplicationNotFoundError(application_id=str(application_id))
    require_region(principal, row.region, REGULATOR)
    return row


def _close(row: Application, principal: Principal, at: datetime) -> None:
    row.decided_at, row.decided_by = at, principal.account


async def _note(
    session: AsyncSession, principal: Principal, row: Application, act: str, at: datetime, **more: str
) -> None:
    await session.flush()
    facts: dict[str, Fact] = {"kind": row.kind, "qualification": row.qualification, "rule_set": row.rule_set, **more}
    if row.decide_due_on:
        facts["decide_due_on"] = row.decide_due_on.isoformat()
    if row.issued_id:
        facts["issued"] = str(row.issued_id)
    subject = ("application", row.id)
    await record(session, principal, act, subject, at=at, region=row.region, facts=facts)
