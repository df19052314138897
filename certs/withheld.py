"""Withheld issues (暂缓发证): what is passed and still not issued, with its reason, until it is settled."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from certs.models import Withheld
from exam.core.audit.ledger import record
from exam.core.errors import NotFoundError
from exam.core.ids import new_id
from exam.core.principal import SYSTEM
from exam.sitting.api import RegistrationView


class WithheldView(msgspec.Struct, frozen=True, kw_only=True):
    """One withheld issue; `reason` is a code: hold, ban, suspended, no_issuer, rule_not_stated, rule_set_missing or log_behind."""

    id: UUID
    person_id: UUID
    qualification: str
    registration_id: UUID
    region: str
    reason: str
    detail: str
    noted_at: datetime


async def _find_open(session: AsyncSession, person_id: UUID, qualification: str) -> Withheld | None:
    query = select(Withheld).where(
        Withheld.person_id == person_id,
        Withheld.qualification == qualification,
        Withheld.settled_at.is_(None),
    )
    found: Withheld | None = await session.scalar(query)
    return found


async def withhold(
    session: AsyncSession,
    registration: RegistrationView,
    *,
    reason: str,
    detail: str,
    at: datetime,
) -> None:
    """Note why nothing is issued; the same reason again is not noted twice."""
    row = await _find_open(session, registration.person_id, registration.qualification)
    if row is not None and (row.reason, row.detail) == (reason, detail):
        return
    if row is None:
        row = Withheld(
            id=new_id(),
            person_id=registration.person_id,
            qualification=registration.qualification,
            registration_id=registration.id,
            region=registration.region,
            noted_at=at,
        )
        session.add(row)
    row.reason, row.detail = reason, detail
    await session.flush()
    await record(
        session,
        SYSTEM,
        "credential.withheld",
        ("registration", registration.id),
        at=at,
        region=registration.region,
        facts={"qualification": registration.qualification, "reason": reason, "detail": detail},
    )


async def settle(session: AsyncSession, person_id: UUID, qualification: str, *, at: datetime) -> None:
    """Close the note, if there is one: the issue itself is the audited act."""
    row = await _find_open(session, person_id, qualification)
    if row is not None:
        row.settled_at = at
        await session.flush()


async def list_withheld(session: AsyncSession, *, limit: int = 200) -> list[WithheldView]:
    """Return what is withheld in the scope, the oldest first."""
    query = select(Withheld).where(Withheld.settled_at.is_(None)).order_by(Withheld.noted_at).limit(limit)
    return [_view(row) for row in await session.scalars(query)]


async def find_withheld(session: AsyncSession, registration_id: UUID) -> WithheldView | None:
    """Return what still stands in the way of what a registration leads to, or None."""
    query = select(Withheld).where(Withheld.registration_id == registration_id, Withheld.settled_at.is_(None))
    row = await session.scalar(query)
    return _view(row) if row else None


async def get_withheld(session: AsyncSession, withheld_id: UUID) -> WithheldView:
    """Return one note of the scope; raises NotFoundError."""
    row = await session.get(Withheld, withheld_id)
    if row is None:
        raise NotFoundError(withheld_id=str(withheld_id))
    return _view(row)


def _view(row: Withheld) -> WithheldView:
    return WithheldView(**{name: getattr(row, name) for name in WithheldView.__struct_fields__})
