"""Which parts of an exam a person has passed for good: told, not run out, and not corrected since."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.sitting.api import list_passes
from exam.standards.api import Part
from grading.api import find_result_by_id, list_versions


class PartPassed(msgspec.Struct, frozen=True, kw_only=True):
    """A pass that a credential may rest on."""

    part: str
    result_id: UUID
    registration_id: UUID
    attempt_id: UUID | None


async def find_passes(
    session: AsyncSession,
    person_id: UUID,
    qualification: str,
    *,
    parts: Iterable[Part],
    on: date,
) -> tuple[PartPassed, ...] | None:
    """Return the latest standing pass of every part, or None while one is outstanding."""
    known = await list_passes(session, person_id, qualification)
    found: list[PartPassed] = []
    for part in parts:
        candidates = [each for each in known if each.part == part and each.valid_until >= on]
        for each in sorted(candidates, key=lambda each: (each.passed_on, each.recorded_at), reverse=True):
            if passed := await _standing(session, each.result_id):
                found.append(passed)
                break
        else:
            return None
    return tuple(found)


async def _standing(session: AsyncSession, result_id: UUID) -> PartPassed | None:
    """Return the pass as its newest told version has it, or None if a correction has made it a fail."""
    result = await find_result_by_id(session, result_id)
    if result is None:
        return None
    told = [version for version in await list_versions(session, result.origin) if version.released_at is not None]
    if not told or not told[-1].passed:
        return None
    return PartPassed(
        part=result.part,
        result_id=told[-1].id,
        registration_id=result.registration_id,
        attempt_id=result.attempt_id,
    )
