"""What a batch is made of: current certificates of a sitting, a class, an enterprise, an item, days of issue, together."""

from datetime import date
from enum import StrEnum
from uuid import UUID

import msgspec
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from certs.batches.errors import BatchDayError
from certs.models import Credential
from certs.state import Standing
from certs.views import has_standing
from exam.core.errors import NotFoundError
from exam.identity.api import list_engagements, parse_uscc
from exam.sitting.api import SittingNotFoundError, find_enterprise, get_sitting, list_registrations
from exam.standards.api import get_qualification
from exam.training.api import PRESENT, get_class, list_enrolments


class Paper(StrEnum):
    """What the print files are laid out on."""

    A4 = "a4"
    CARD = "card"
    """卡片: eight cards to an A4 sheet, fronts and backs for printing on both sides."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions that all hold together; one that is empty asks nothing."""

    sitting: UUID | None = None
    training_class: UUID | None = None
    uscc: str = ""
    qualification: str = ""
    issued_from: date | None = None
    issued_until: date | None = None


def read_choice(
    *, sitting: str, training_class: str, uscc: str, qualification: str, issued_from: str, issued_until: str
) -> Choice:
    """Read a form's fields; raises BatchDayError, UnknownQualificationError and the refusals of a unified code."""
    try:
        first, last = (date.fromisoformat(day.strip()) if day.strip() else None for day in (issued_from, issued_until))
    except ValueError as error:
        raise BatchDayError from error
    if first and last and first > last:
        raise BatchDayError
    if qualification:
        get_qualification(qualification)
    return Choice(
        sitting=_id(sitting, SittingNotFoundError),
        training_class=_id(training_class, NotFoundError),
        uscc=parse_uscc(uscc) if uscc.strip() else "",
        qualification=qualification,
        issued_from=first,
        issued_until=last,
    )


def _id(typed: str, missing: type[NotFoundError]) -> UUID | None:
    try:
        return UUID(typed) if typed else None
    except ValueError as error:
        raise missing from error


async def chosen(session: AsyncSession, choice: Choice, *, on: date) -> Select[UUID]:
    """Return the query for the scope's valid credentials of a choice, in the order in which they are handed out.

    Raises the refusals of a sitting or a class that the scope does not show.
    """
    query = select(Credential.id).where(has_standing(Standing.VALID, on))
    if choice.sitting is not None:
        sitting = await get_sitting(session, choice.sitting)
        seated = [row.person_id for row in await list_registrations(session, choice.sitting)]
        query = query.where(Credential.person_id.in_(seated), Credential.qualification == sitting.qualification)
    if choice.training_class is not None:
        taught = await get_class(session, choice.training_class)
        enrolled = await list_enrolments(session, choice.training_class)
        learners = [row.person_id for row in enrolled if row.state in PRESENT]
        query = query.where(Credential.person_id.in_(learners), Credential.qualification == taught.qualification)
    if choice.uscc:
        query = query.where(Credential.person_id.in_(await _staff(session, choice.uscc, on)))
    if choice.qualification:
        query = query.where(Credential.qualification == choice.qualification)
    if choice.issued_from is not None:
        query = query.where(Credential.issued_on >= choice.issued_from)
    if choice.issued_until is not None:
        query = query.where(Credential.issued_on <= choice.issued_until)
    return query.order_by(Credential.qualification, Credential.employer, Credential.issued_on, Credential.id)


async def _staff(session: AsyncSession, uscc: str, on: date) -> list[UUID]:
    """Return who works for an enterprise, so far as the scope shows them."""
    enterprise = await find_enterprise(session, uscc)
    if enterprise is None:
        return []
    return [each.person_id for each in await list_engagements(session, on=on, organisation_ids=[enterprise.id])]
