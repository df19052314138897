"""Documents of units: state and profiles, each with an ETag, changed only by who has seen what he changes."""

from datetime import datetime
from hashlib import sha1
from typing import Any

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import NotFoundError
from exam.training.cmi5 import words
from exam.training.cmi5.errors import (
    StaleDocumentError,
    StatementConflictError,
    StatementFormError,
    StatementRuleError,
    StoreFullError,
)
from exam.training.cmi5.models import UnitDocument, UnitSession

MOST_DOCUMENTS = 100
JSON = "application/json"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a document lies: `resource` is state, activity or agent; an agent's profile has no activity."""

    resource: str
    activity: str
    name: str = ""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Which version a request has seen: the headers If-Match and If-None-Match as they came."""

    match: str = ""
    none_match: str = ""


def etag_of(content: bytes) -> str:
    """Return a content's ETag, which xAPI wants to be its SHA-1."""
    return f'"{sha1(content, usedforsecurity=False).hexdigest()}"'


async def get_document(session: AsyncSession, row: UnitSession, place: Place) -> UnitDocument:
    """Return a document; raises NotFoundError."""
    found = await _find(session, row, place)
    if found is None:
        raise NotFoundError
    return found


async def list_names(session: AsyncSession, row: UnitSession, place: Place, since: datetime | None) -> list[str]:
    """Return the names of the documents of a place."""
    query = select(UnitDocument.name).where(
        UnitDocument.progress_id == row.progress_id,
        UnitDocument.resource == place.resource,
        UnitDocument.activity == place.activity,
    )
    if since is not None:
        query = query.where(UnitDocument.at > since)
    return list(await session.scalars(query.order_by(UnitDocument.name)))


async def put_document(
    session: AsyncSession, row: UnitSession, place: Place, content: bytes, media_type: str, seen: Seen, *, at: datetime
) -> None:
    """Write a document; raises StaleDocumentError, StatementConflictError, StatementRuleError and StoreFullError."""
    known = await _writable(session, row, place)
    _check(known, seen, blind=place.resource == "state")
    await _write(session, row, place, content, media_type, at=at)


async def merge_document(
    session: AsyncSession, row: UnitSession, place: Place, content: bytes, media_type: str, seen: Seen, *, at: datetime
) -> None:
    """Merge a JSON object into a document, name by name (xAPI 2.2); raises what `put_document` does."""
    known = await _writable(session, row, place)
    _check(known, seen, blind=True)
    if known is None:
        await _write(session, row, place, content, media_type, at=at)
        return
    merged = _object(known.content, known.media_type) | _object(content, media_type)
    await _write(session, row, place, msgspec.json.encode(merged), JSON, at=at)


async def delete_documents(session: AsyncSession, row: UnitSession, place: Place, seen: Seen) -> None:
    """Delete a document, or all but ours of a place without a name."""
    if place.name:
        known = await _writable(session, row, place)
        _check(known, seen, blind=True)
    gone = delete(UnitDocument).where(
        UnitDocument.progress_id == row.progress_id,
        UnitDocument.resource == place.resource,
        UnitDocument.activity == place.activity,
        UnitDocument.name != words.LAUNCH_DATA,
    )
    await session.execute(gone.where(UnitDocument.name == place.name) if place.name else gone)


async def put_own(
    session: AsyncSession,
    row: UnitSession,
    resource: str,
    activity: str,
    name: str,
    said: dict[str, Any],
    *,
    at: datetime,
    over: bool = True,
) -> None:
    """Write a document of ours; one that is there stays if it is not to be written over."""
    place = Place(resource=resource, activity=activity, name=name)
    if over or await _find(session, row, place) is None:
        await _write(session, row, place, msgspec.json.encode(said), JSON, at=at)


async def _find(session: AsyncSession, row: UnitSession, place: Place) -> UnitDocument | None:
    key = (row.progress_id, place.resource, place.activity, place.name)
    return await session.get(UnitDocument, key, populate_existing=True)


async def _writable(session: AsyncSession, row: UnitSession, place: Place) -> UnitDocument | None:
    """Return what stands at a place that a unit may write to."""
    if place.resource == "state" and place.name == words.LAUNCH_DATA:
        raise StatementRuleError(what=words.LAUNCH_DATA)
    known = await _find(session, row, place)
    count = select(func.count()).select_from(UnitDocument).where(UnitDocument.progress_id == row.progress_id)
    if known is None and (await session.execute(count)).scalar_one() >= MOST_DOCUMENTS:
        raise StoreFullError
    return known


def _check(known: UnitDocument | None, seen: Seen, *, blind: bool) -> None:
    """Hold what a request has seen against what is there; `blind` writing over what is there is for states alone."""
    tag = etag_of(known.content) if known is not None else ""
    if seen.match and (known is None or not _names(seen.match, tag)):
        raise StaleDocumentError
    if seen.none_match and known is not None and _names(seen.none_match, tag):
        raise StaleDocumentError
    if known is not None and not (blind or seen.match or seen.none_match):
        raise StatementConflictError


def _names(header: str, tag: str) -> bool:
    """Say whether a header of tags names one; some clients leave the quotation marks out."""
    tags = {each.strip().removeprefix("W/").strip('"') for each in header.split(",")}
    return "*" in tags or tag.strip('"') in tags


def _object(content: bytes, media_type: str) -> dict[str, Any]:
    if media_type.partition(";")[0].strip().lower() != JSON:
        raise StatementFormError(what="Content-Type")
    try:
        return msgspec.json.decode(content, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise StatementFormError(what="JSON") from error


async def _write(
    session: AsyncSession, row: UnitSession, place: Place, content: bytes, media_type: str, *, at: datetime
) -> None:
    fresh = {
        **msgspec.structs.asdict(place),
        "progress_id": row.progress_id,
        "person_id": row.person_id,
        "region": row.region,
        "content": content,
        "media_type": media_type[:200],
        "at": at,
    }
    kept = insert(UnitDocument).values(fresh)
    await session.execute(
        kept.on_conflict_do_update(
            index_elements=["progress_id", "resource", "activity", "name"],
            set_={name: kept.excluded[name] for name in ("content", "media_type", "at")},
        )
    )
