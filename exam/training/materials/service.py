"""Materials of a training body: uploaded part by part, made by the worker, given subtitles; what lessons are made of."""

from datetime import datetime
from hashlib import sha256
from pathlib import PurePath
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.errors import ForbiddenError
from exam.core.jobs import defer
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.training.bodies.service import BodyView
from exam.training.jobs import MAKE
from exam.training.lessons.film import LANGUAGES, Film, Subtitle
from exam.training.lessons.package import Package
from exam.training.lessons.slides import Slides
from exam.training.materials.errors import (
    MaterialKindError,
    MaterialNotFoundError,
    MaterialQuotaError,
    MaterialSizeError,
    MaterialStateError,
    PartError,
)
from exam.training.materials.models import Material
from exam.training.materials.subtitles import read_subtitles

MEGABYTE = 1024 * 1024
PART_BYTES = 4 * MEGABYTE
MOST_BYTES = {"film": 2048 * MEGABYTE, "slides": 100 * MEGABYTE, "package": 200 * MEGABYTE}
FILM_SUFFIXES = frozenset({".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".wmv", ".flv", ".ts"})
SLIDE_SUFFIXES = frozenset({".pdf"})
PACKAGE_SUFFIXES = frozenset({".zip"})
KINDS = {
    **dict.fromkeys(FILM_SUFFIXES, "film"),
    **dict.fromkeys(SLIDE_SUFFIXES, "slides"),
    **dict.fromkeys(PACKAGE_SUFFIXES, "package"),
}
"""What a file is by its name's end; what it really is shows its making."""
NAME_LENGTH = 120
MOST_SETS = 100
MOST_UPLOADS, MOST_KEPT_GB = 5, 200
"""What one body may have under way, and what its files that are kept may add up to as they were uploaded."""


class MaterialView(msgspec.Struct, frozen=True, kw_only=True):
    """A material as pages see it."""

    id: UUID
    organisation_id: UUID
    region: str
    kind: str
    filename: str
    size: int
    received: int
    state: str
    percent: int
    reason: str
    film: Film | None
    slides: Slides | None
    package: Package | None
    uploaded_by_name: str
    created_at: datetime


def parts_of(size: int) -> int:
    """Return in how many parts a file of so many bytes is sent."""
    return -(-size // PART_BYTES)


def folder_of(material_id: UUID) -> str:
    """Return where the storage keeps a material."""
    return f"materials/{material_id}"


def part_key(material_id: UUID, place: int) -> str:
    """Return the storage key of a part of what was uploaded."""
    return f"{folder_of(material_id)}/source/{place}"


async def begin_material(
    session: AsyncSession, principal: Principal, *, body: BodyView, filename: str, size: int, at: datetime
) -> UUID:
    """Announce an upload and return its id; raises MaterialKindError, MaterialSizeError and MaterialQuotaError."""
    if principal.account is None:
        raise ForbiddenError
    name = PurePath(filename.strip().replace("\\", "/")).name[-NAME_LENGTH:]
    kind = KINDS.get(PurePath(name).suffix.lower())
    if kind is None:
        raise MaterialKindError
    if not 0 < size <= MOST_BYTES[kind]:
        raise MaterialSizeError(limit=MOST_BYTES[kind] // MEGABYTE)
    await _require_room(session, body, size)
    row = Material(
        organisation_id=body.id,
        region=body.region,
        kind=kind,
        filename=name,
        size=size,
        received=0,
        state="uploading",
        percent=0,
        reason="",
        tries=0,
        uploaded_by=principal.account,
        uploaded_by_name=principal.name,
        created_at=at,
    )
    session.add(row)
    await session.flush()
    return row.id


async def _require_room(session: AsyncSession, body: BodyView, size: int) -> None:
    query = select(
        func.count().filter(Material.state == "uploading"),
        func.coalesce(func.sum(Material.size).filter(Material.state != "refused"), 0),
    ).where(Material.organisation_id == body.id)
    uploads, kept = (await session.execute(query)).one()
    if uploads >= MOST_UPLOADS or kept + size > MOST_KEPT_GB * 1024 * MEGABYTE:
        raise MaterialQuotaError(uploads=MOST_UPLOADS, limit=MOST_KEPT_GB)


async def take_part(
    session: AsyncSession, runtime: Runtime, material_id: UUID, place: int, data: bytes, *, body: BodyView
) -> None:
    """Keep one part; parts come in order, and one that came already may come again. Raises PartError."""
    row = await _load(session, material_id, body)
    if row.state != "uploading":
        raise MaterialStateError
    last = parts_of(row.size) - 1
    expected = PART_BYTES if place < last else row.size - last * PART_BYTES
    if not 0 <= place <= min(row.received, last) or len(data) != expected:
        raise PartError
    await runtime.storage.put(part_key(row.id, place), data)
    row.received = max(row.received, place + 1)
    await session.flush()


async def finish_upload(
    session: AsyncSession, principal: Principal, material_id: UUID, *, body: BodyView, at: datetime
) -> None:
    """Let the worker make the material, one at a time; raises PartError while parts are missing."""
    row = await _load(session, material_id, body)
    if row.state != "uploading":
        raise MaterialStateError
    if row.received != parts_of(row.size):
        raise PartError
    row.state = "waiting"
    await session.flush()
    await note_material(session, principal, "material.uploaded", row, {"kind": row.kind, "size": row.size}, at)
    await defer(session, MAKE, lock=MAKE, material_id=str(row.id), region=row.region)


async def add_subtitle(
    session: AsyncSession,
    runtime: Runtime,
    principal: Principal,
    material_id: UUID,
    *,
    body: BodyView,
    language: str,
    data: bytes,
    at: datetime,
) -> None:
    """Give a film the subtitles of a language, in place of those it had; raises SubtitleError."""
    row = await _load(session, material_id, body)
    film = film_of(row)
    if film is None or language not in LANGUAGES:
        raise MaterialStateError
    text = read_subtitles(data).encode()
    fresh = Subtitle(language, sha256(text).hexdigest())
    await runtime.storage.put(film.subtitle_key(fresh), text)
    others = [each for each in film.subtitles if each.language != language]
    row.made = msgspec.to_builtins(msgspec.structs.replace(film, subtitles=(*others, fresh)))
    await session.flush()
    facts: dict[str, Fact] = {"language": language, "digest": fresh.digest}
    await note_material(session, principal, "material.subtitled", row, facts, at)


async def _load(session: AsyncSession, material_id: UUID, body: BodyView) -> Material:
    row = await session.get(Material, material_id, with_for_update=True)
    if row is None or row.organisation_id != body.id:
        raise MaterialNotFoundError
    return row


async def note_material(
    session: AsyncSession, principal: Principal, act: str, row: Material, facts: dict[str, Fact], at: datetime
) -> None:
    """Leave the audit entry of an act on a material."""
    await record(session, principal, act, ("material", row.id), at=at, region=row.region, facts=facts)


def film_of(row: Material) -> Film | None:
    """Return the film that came of a material, None before it is ready and for slides."""
    return msgspec.convert(row.made, Film) if row.made is not None and row.kind == "film" else None


def _slides_of(row: Material) -> Slides | None:
    return msgspec.convert(row.made, Slides) if row.made is not None and row.kind == "slides" else None


def _package_of(row: Material) -> Package | None:
    return msgspec.convert(row.made, Package) if row.made is not None and row.kind == "package" else None


async def get_material(session: AsyncSession, material_id: UUID, *, body: BodyView) -> MaterialView:
    """Return a material of a body; raises MaterialNotFoundError."""
    row = await session.get(Material, material_id)
    if row is None or row.organisation_id != body.id:
        raise MaterialNotFoundError
    return _view(row)


async def get_slides(session: AsyncSession, chosen: str, *, body: BodyView) -> Slides:
    """Return the pages of a chosen PDF of a body; raises MaterialNotFoundError."""
    try:
        slides = (await get_material(session, UUID(chosen), body=body)).slides
    except ValueError:
        raise MaterialNotFoundError from None
    if slides is None:
        raise MaterialNotFoundError
    return slides


async def list_materials(session: AsyncSession, *, body: BodyView, limit: int, offset: int = 0) -> list[MaterialView]:
    """Return a body's materials, the newest first."""
    query = (
        select(Material)
        .where(Material.organisation_id == body.id)
        .order_by(Material.created_at.desc(), Material.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [_view(row) for row in await session.scalars(query)]


async def list_slide_sets(session: AsyncSession, *, body: BodyView) -> list[tuple[str, str]]:
    """Return id and file name of the slides that a body may put beside a film or into a text, the newest first."""
    query = (
        select(Material.id, Material.filename)
        .where(Material.organisation_id == body.id, Material.kind == "slides", Material.state == "ready")
        .order_by(Material.created_at.desc())
        .limit(MOST_SETS)
    )
    return [(str(material_id), filename) for material_id, filename in await session.execute(query)]


def _view(row: Material) -> MaterialView:
    names = [name for name in MaterialView.__struct_fields__ if name not in {"film", "slides", "package"}]
    plain = {name: getattr(row, name) for name in names}
    return MaterialView(film=film_of(row), slides=_slides_of(row), package=_package_of(row), **plain)
