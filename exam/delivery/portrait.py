"""The check-in photo: the one of the registration, or else the person's."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.runtime import Runtime
from exam.delivery.checkin import get_attempt_row, stored_photo
from exam.identity.api import get_person
from exam.sitting.api import get_registration


async def portrait_of(session: AsyncSession, runtime: Runtime, attempt_id: UUID) -> bytes | None:
    """Return the JPEG that check-in shows for an attempt of the scope, None where there is none; raises NotFoundError."""
    attempt = await get_attempt_row(session, attempt_id)
    registration = await get_registration(session, attempt.registration_id)
    key = registration.photo_key or (await get_person(session, attempt.person_id)).photo_key
    return await stored_photo(runtime, key)
