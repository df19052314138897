"""Applications as pages see them: the one day that runs now, and how many working days are left of it."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from certs.applications.errors import ApplicationNotFoundError
from certs.applications.models import Application
from certs.applications.state import OPEN_STATES, ApplicationState
from exam.standards.api import get_qualification, working_days_left

OVERDUE, TODAY, WAITING = "overdue", "today", "waiting"


class ApplicationView(msgspec.Struct, frozen=True, kw_only=True):
    """One application; `due_on` is the last day for the next step, None where the rules state none or nothing is due.

    `days_left` counts working days after today through it, below zero when it has passed.
    """

    id: UUID
    kind: str
    person_id: UUID
    qualification: str
    title: str
    region: str
    registration_id: UUID | None
    credential_id: UUID | None
    new_name: str | None
    new_photo_key: str | None
    reason: str
    rule_set: str
    state: str
    filed_by: UUID | None
    received_at: datetime
    accept_due_on: date | None
    accepted_at: datetime | None
    decide_due_on: date | None
    refusal_ground: str | None
    refusal_reason: str | None
    refusal_by: UUID | None
    decided_at: datetime | None
    issued_id: UUID | None
    due_on: date | None
    days_left: int | None
    urgency: str

    @property
    def is_open(self) -> bool:
        """Whether nothing has been decided yet."""
        return self.state in OPEN_STATES


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """How many open applications are past their day, due today, or have time left."""

    overdue: int
    today: int
    waiting: int


_COMPUTED = {"title", "due_on", "days_left", "urgency"}


def _due() -> ColumnElement[date | None]:
    received = Application.state == ApplicationState.RECEIVED
    return case((received, Application.accept_due_on), else_=Application.decide_due_on)


def _view(row: Application, on: date) -> ApplicationView:
    state = ApplicationState(row.state)
    due = row.accept_due_on if state is ApplicationState.RECEIVED else row.decide_due_on
    due = due if state in OPEN_STATES else None
    left = None if due is None else working_days_left(on, due)
    # a day off is no day to be late on: what was due on Friday is late from Saturday all the same
    urgency = WAITING if due is None or due > on else TODAY if due == on else OVERDUE
    return ApplicationView(
        **{name: getattr(row, name) for name in ApplicationView.__struct_fields__ if name not in _COMPUTED},
        title=get_qualification(row.qualification).title,
        due_on=due,
        days_left=left,
        urgency=urgency,
    )


async def list_open(
    session: AsyncSession, *, on: date, urgency: str = "", limit: int, offset: int = 0
) -> list[ApplicationView]:
    """Page the open applications of the scope, least time left first; those without a stated day come last."""
    due = _due()
    query = select(Application).where(Application.state.in_(OPEN_STATES))
    wanted = {OVERDUE: due < on, TODAY: due == on, WAITING: (due > on) | due.is_(None)}.get(urgency)
    if wanted is not None:
        query = query.where(wanted)
    query = query.order_by(due.nulls_last(), Application.received_at, Application.id).limit(limit).offset(offset)
    return [_view(row, on) for row in await session.scalars(query)]


async def read_clock(session: AsyncSession, *, on: date) -> Clock:
    """Count the open applications of the scope by urgency."""
    due = _due()
    counts = (func.count().filter(due < on), func.count().filter(due == on), func.count())
    query = select(*counts).select_from(Application).where(Application.state.in_(OPEN_STATES))
    overdue, today, whole = (await session.execute(query)).one()
    return Clock(overdue=overdue, today=today, waiting=whole - overdue - today)


async def list_closed(session: AsyncSession, *, on: date, limit: int) -> list[ApplicationView]:
    """Return what was decided last in the scope by people, the latest first; an automatic grant has no decider."""
    query = select(Application).where(Application.decided_by.is_not(None))
    rows = await session.scalars(query.order_by(Application.decided_at.desc()).limit(limit))
    return [_view(row, on) for row in rows]


async def get_application(session: AsyncSession, application_id: UUID, *, on: date) -> ApplicationView:
    """Return an application of the scope; raises ApplicationNotFoundError."""
    row = await session.get(Application, application_id, populate_existing=True)
    if row is None:
        raise ApplicationNotFoundError(application_id=str(application_id))
    return _view(row, on)


async def list_of_credentials(
    session: AsyncSession, credential_ids: Collection[UUID], *, on: date
) -> list[ApplicationView]:
    """Return the applications to renew or change some credentials, the latest first."""
    query = select(Application).where(Application.credential_id.in_(credential_ids))
    return [_view(row, on) for row in await session.scalars(query.order_by(Application.received_at.desc()))]
