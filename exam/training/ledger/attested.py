"""Attested hours (登记学时): a whole number of hours that somebody stands for on paper."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.errors import SamePersonError
from exam.core.principal import Principal
from exam.training.jobs import ask_to_settle
from exam.training.kinds import TrainingKind, require_subject
from exam.training.ledger.errors import HoursOutOfRangeError, HoursSourceMissingError, UnknownHoursKindError
from exam.training.ledger.evidence import Origin
from exam.training.ledger.models import LedgerEntry
from exam.training.ledger.rules import rules_on, seconds_of

MAX_HOURS_HUNDREDTHS = 1_000_000


async def record_hours(
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
    proposed_by: UUID | None = None,
) -> UUID:
    """Append attested hours and return the entry's id; of two people, the principal is the one who confirms.

    Raises SamePersonError where nobody else proposed them; HoursOutOfRangeError, HoursSourceMissingError, UnknownHoursKindError and UnknownQualificationError.
    """
    require_possible(qualification, kind, hours_hundredths, source)
    if principal.account is not None and proposed_by in {None, principal.account}:
        raise SamePersonError
    row = LedgerEntry(
        person_id=person_id,
        qualification=qualification,
        kind=kind,
        origin=Origin.ATTESTED,
        node="",
        part="",
        seconds=seconds_of(hours_hundredths),
        source=source.strip(),
        rules=rules_on(local_date(at)).version,
        evidence="",
        region=region,
        recorded_by=proposed_by,
        confirmed_by=principal.account,
        recorded_at=at,
    )
    session.add(row)
    await session.flush()
    facts: dict[str, Fact] = {"qualification": qualification, "kind": kind, "hours_hundredths": hours_hundredths}
    facts["proposed_by"] = str(proposed_by or "")
    await record(session, principal, "hours.recorded", ("person", person_id), at=at, region=region, facts=facts)
    await ask_to_settle(session, person_id)
    return row.id


def require_possible(qualification: str, kind: str, hours_hundredths: int, source: str) -> None:
    """Raise for hours that nobody can attest, as `record_hours` does."""
    require_subject(qualification)
    if kind not in set(TrainingKind):
        raise UnknownHoursKindError(kind=kind)
    if not 0 < hours_hundredths <= MAX_HOURS_HUNDREDTHS:
        raise HoursOutOfRangeError(limit=MAX_HOURS_HUNDREDTHS // 100)
    if not source.strip():
        raise HoursSourceMissingError
