"""The study-hour ledger: what was studied, who attests it, how much it comes to over all regions."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.principal import Principal
from exam.standards.api import get_qualification
from exam.training.errors import HoursOutOfRangeError, HoursSourceMissingError, UnknownHoursKindError
from exam.training.models import StudyHours

MAX_HOURS_HUNDREDTHS = 1_000_000


class HoursKind(StrEnum):
    """初次培训 or 再培训 (生产经营单位安全培训规定 art 9)."""

    INITIAL = "initial"
    RENEWAL = "renewal"


class HoursEntry(msgspec.Struct, frozen=True):
    """One entry as eligibility sees it; `hours` in hundredths."""

    hours: int
    recorded_at: datetime


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
) -> UUID:
    """Append study hours and return the entry's id.

    Raises HoursOutOfRangeError, HoursSourceMissingError, UnknownHoursKindError and UnknownQualificationError.
    """
    _require_possible(qualification, kind, hours_hundredths, source)
    row = StudyHours(
        person_id=person_id,
        qualification=qualification,
        kind=kind,
        hours=hours_hundredths,
        source=source.strip(),
        region=region,
        recorded_by=principal.account,
        recorded_at=at,
    )
    session.add(row)
    await session.flush()
    facts: dict[str, Fact] = {"qualification": qualification, "kind": kind, "hours_hundredths": hours_hundredths}
    await record(session, principal, "hours.recorded", ("person", person_id), at=at, region=region, facts=facts)
    return row.id


def _require_possible(qualification: str, kind: str, hours_hundredths: int, source: str) -> None:
    get_qualification(qualification)
    if kind not in set(HoursKind):
        raise UnknownHoursKindError(kind=kind)
    if not 0 < hours_hundredths <= MAX_HOURS_HUNDREDTHS:
        raise HoursOutOfRangeError(limit=MAX_HOURS_HUNDREDTHS // 100)
    if not source.strip():
        raise HoursSourceMissingError


_ENTRIES = text("select hours, recorded_at from training_hours_of(:person, :qualification)")


async def list_hours(session: AsyncSession, person_id: UUID, qualification: str) -> list[HoursEntry]:
    """Return the entries of a person for a qualification over all regions, oldest first."""
    rows = await session.execute(_ENTRIES, {"person": person_id, "qualification": qualification})
    return [HoursEntry(hours, recorded_at) for hours, recorded_at in rows]


async def hours_of(session: AsyncSession, person_id: UUID, qualification: str) -> int:
    """Return the sum in hundredths over all regions."""
    return sum(entry.hours for entry in await list_hours(session, person_id, qualification))
