"""Results as other packages and pages see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from grading.models import Release, Result

_NO_LATER = aliased(Result)


class ResultView(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a result; `passed` is about its part, `outcome` about the whole exam, marks are hundredths."""

    id: UUID
    version: int
    attempt_id: UUID | None
    sheet_id: UUID | None
    sitting_id: UUID
    registration_id: UUID
    person_id: UUID
    region: str
    qualification: str
    part: str
    marks: int
    pass_marks: int
    passed: bool
    outcome: str
    rule_set: str
    reason: str
    taken_at: datetime
    made_at: datetime
    released_at: datetime | None

    @property
    def origin(self) -> UUID:
        """The attempt or sheet that all versions come from."""
        return self.attempt_id or self.sheet_id or self.id


def result_view(row: Result, released_at: datetime | None) -> ResultView:
    """Return the frozen view of a version and of its own release."""
    shared = {name: getattr(row, name) for name in ResultView.__struct_fields__ if name != "released_at"}
    return ResultView(**shared, released_at=released_at)


def _versions() -> Select[Any, Any]:
    return select(Result, Release.released_at).outerjoin(Release, Release.result_id == Result.id)


def newest() -> Select[Any, Any]:
    """Select the newest version of each origin with the time of its release."""
    later = select(_NO_LATER.id).where(_NO_LATER.origin_id == Result.origin_id, _NO_LATER.version > Result.version)
    return _versions().where(~later.exists())


async def views_of(session: AsyncSession, query: Select[Any, Any]) -> list[ResultView]:
    """Return the views of a query over versions."""
    return [result_view(row, released_at) for row, released_at in await session.execute(query)]


async def find_result(session: AsyncSession, attempt_id: UUID) -> ResultView | None:
    """Return the newest version of an attempt's result, released or not, or None."""
    found = await views_of(session, newest().where(Result.attempt_id == attempt_id))
    return found[0] if found else None


async def find_released_result(session: AsyncSession, attempt_id: UUID) -> ResultView | None:
    """Return the newest released version of an attempt's result, or None while nothing has been told."""
    told = _versions().where(Result.attempt_id == attempt_id, Release.id.is_not(None))
    found = await views_of(session, told.order_by(Result.version.desc()).limit(1))
    return found[0] if found else None


async def find_result_by_id(session: AsyncSession, result_id: UUID) -> ResultView | None:
    """Return one version of the scope, or None."""
    found = await views_of(session, _versions().where(Result.id == result_id))
    return found[0] if found else None


async def list_results(session: AsyncSession, sitting_id: UUID) -> list[ResultView]:
    """Return the newest version of every result of a sitting, theory before practice."""
    query = newest().where(Result.sitting_id == sitting_id)
    return await views_of(session, query.order_by(Result.part.desc(), Result.origin_id))


async def list_versions(session: AsyncSession, origin_id: UUID) -> list[ResultView]:
    """Return every version of one attempt's or sheet's result, oldest first."""
    return await views_of(session, _versions().where(Result.origin_id == origin_id).order_by(Result.version))


async def list_told_of(session: AsyncSession, origin_id: UUID) -> list[ResultView]:
    """Return the told versions of one attempt's or sheet's result, oldest first."""
    return [version for version in await list_versions(session, origin_id) if version.released_at is not None]


async def list_told(session: AsyncSession, sitting_id: UUID) -> dict[UUID, list[ResultView]]:
    """Return the told versions of every result of a sitting by attempt or sheet, oldest first."""
    query = _versions().where(Result.sitting_id == sitting_id, Release.id.is_not(None)).order_by(Result.version)
    told: dict[UUID, list[ResultView]] = {}
    for view in await views_of(session, query):
        told.setdefault(view.origin, []).append(view)
    return told


async def list_person_results(session: AsyncSession, person_id: UUID) -> list[ResultView]:
    """Return what has been told to a person within the scope: the newest released version each, the latest first."""
    query = _versions().where(Result.person_id == person_id, Release.id.is_not(None))
    rows = await views_of(session, query.order_by(Result.taken_at.desc(), Result.version.desc()))
    told: dict[UUID | None, ResultView] = {}
    for row in rows:
        told.setdefault(row.attempt_id or row.sheet_id, row)
    return list(told.values())


async def list_results_of(session: AsyncSession, registration_ids: Sequence[UUID]) -> list[ResultView]:
    """Return the newest version of every result of some registrations."""
    return await views_of(session, newest().where(Result.registration_id.in_(registration_ids)))
