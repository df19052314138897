"""Claims of attested hours (待复核的学时): one person claims, a second one confirms, and only then do they count."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.errors import ForbiddenError, SamePersonError
from exam.core.principal import Principal
from exam.identity.api import list_people
from exam.training.ledger.attested import record_hours, require_possible
from exam.training.ledger.errors import HoursClaimStateError
from exam.training.ledger.models import HoursClaim

SHOWN = 100


class ClaimView(msgspec.Struct, frozen=True, kw_only=True):
    """A claim that waits; `hours` in hundredths, name and number masked."""

    id: UUID
    name_masked: str
    id_masked: str
    qualification: str
    kind: str
    hours: int
    source: str
    proposed_by: UUID
    proposed_by_name: str
    proposed_at: datetime


async def propose_hours(
    session: AsyncSession,
    principal: Principal,
    *,
    person_id: UUID,
    qualification: str,
    kind: str,
    hours_hundredths: int,
    source: str,
    region: str,
    at: datetime,
) -> UUID:
    """Claim hours for a person and return the claim's id; nothing counts yet. Raises as `record_hours`."""
    if principal.account is None:
        raise ForbiddenError
    require_possible(qualification, kind, hours_hundredths, source)
    row = HoursClaim(
        person_id=person_id,
        region=region,
        qualification=qualification,
        kind=kind,
        hours=hours_hundredths,
        source=source.strip(),
        state="proposed",
        proposed_by=principal.account,
        proposed_by_name=principal.name,
        proposed_at=at,
    )
    session.add(row)
    await session.flush()
    await _note(session, principal, "hours.proposed", row, at)
    return row.id


async def decide_hours(
    session: AsyncSession, principal: Principal, claim_id: UUID, *, confirm: bool, at: datetime
) -> HoursClaim:
    """Confirm or decline a claim; raises SamePersonError for who made it, HoursClaimStateError for a decided one."""
    row = await session.get(HoursClaim, claim_id, with_for_update=True)
    if row is None or row.state != "proposed":
        raise HoursClaimStateError
    if principal.account is None or principal.account == row.proposed_by:
        raise SamePersonError
    row.state, row.decided_by, row.decided_at = "confirmed" if confirm else "declined", principal.account, at
    await session.flush()
    if not confirm:
        await _note(session, principal, "hours.declined", row, at)
        return row
    await record_hours(
        session,
        principal,
        person_id=row.person_id,
        qualification=row.qualification,
        kind=row.kind,
        hours_hundredths=row.hours,
        source=row.source,
        region=row.region,
        at=at,
        proposed_by=row.proposed_by,
    )
    return row


async def list_claims(session: AsyncSession) -> list[ClaimView]:
    """Return the claims of the scope that wait, the oldest first."""
    query = select(HoursClaim).where(HoursClaim.state == "proposed").order_by(HoursClaim.proposed_at).limit(SHOWN)
    rows = list(await session.scalars(query))
    people = await list_people(session, [row.person_id for row in rows])
    return [
        ClaimView(
            id=row.id,
            name_masked=people[row.person_id].name_masked if row.person_id in people else "",
            id_masked=people[row.person_id].id_masked if row.person_id in people else "",
            qualification=row.qualification,
            kind=row.kind,
            hours=row.hours,
            source=row.source,
            proposed_by=row.proposed_by,
            proposed_by_name=row.proposed_by_name,
            proposed_at=row.proposed_at,
        )
        for row in rows
    ]


async def _note(session: AsyncSession, principal: Principal, act: str, row: HoursClaim, at: datetime) -> None:
    facts: dict[str, Fact] = {
        "qualification": row.qualification,
        "kind": row.kind,
        "hours_hundredths": row.hours,
        "claim": str(row.id),
    }
    await record(session, principal, act, ("person", row.person_id), at=at, region=row.region, facts=facts)
