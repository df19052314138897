"""The evidence bundle of an incident: a zip that can be checked by anybody who holds it, and by the ledger."""

import asyncio
import hashlib
import io
import zipfile
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import AuditRow, record
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.delivery.api import AttemptView, get_attempt
from proctor.evidence.container import open_segment
from proctor.evidence.custody import EXPORTED, custody_of
from proctor.evidence.keys import read_key
from proctor.evidence.manifest import FORMAT, MANIFEST, Listed, Manifest
from proctor.evidence.models import Segment
from proctor.evidence.timeline import timeline_of
from proctor.media.consent import consent_texts
from proctor.media.remux import MEDIA_TYPES, seekable

BEFORE = AFTER = timedelta(minutes=5)
MAX_VIDEO_BYTES = 200 * 1024 * 1024


class Case(Protocol):
    """What a bundle needs to know of an incident."""

    @property
    def id(self) -> UUID:
        """The incident."""

    @property
    def attempt_id(self) -> UUID:
        """Whose it is."""

    @property
    def region(self) -> str:
        """Where it happened."""

    @property
    def happened_at(self) -> datetime:
        """When it happened."""


async def export_bundle(
    session: AsyncSession, runtime: Runtime, principal: Principal, *, incident: Case, observations: list[Any]
) -> bytes:
    """Return the bundle; the manifest's digest stands in the ledger, which is what later proves it."""
    now = runtime.clock.now()
    attempt = await get_attempt(session, incident.attempt_id, now=now)
    videos, recordings = await _videos(session, runtime, incident, attempt.room_id)
    custody = await custody_of(session, runtime, attempt.id, recordings)
    files = {
        "incident.json": msgspec.json.format(msgspec.json.encode(incident)),
        "attempt.json": msgspec.json.format(msgspec.json.encode(_attempt(attempt))),
        "observations.json": msgspec.json.format(msgspec.json.encode(observations)),
        "timeline.json": msgspec.json.format(msgspec.json.encode(await timeline_of(session, runtime, attempt))),
        "consent.json": msgspec.json.format(msgspec.json.encode(list(consent_texts().values()))),
        "custody.json": msgspec.json.format(msgspec.json.encode(custody)),
        **videos,
    }
    manifest = Manifest(
        format=FORMAT,
        incident_id=incident.id,
        attempt_id=incident.attempt_id,
        exported_at=now,
        exported_by=principal.account,
        files=[Listed(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items()],
    )
    body = msgspec.json.format(msgspec.json.encode(manifest))
    facts: dict[str, Fact] = {
        "incident": str(incident.id),
        "manifest": hashlib.sha256(body).hexdigest(),
        "files": len(files),
    }
    subject = ("attempt", incident.attempt_id)
    await record(session, principal, EXPORTED, subject, at=now, region=incident.region, facts=facts)
    return await asyncio.to_thread(_zipped, {MANIFEST: body, **files}, now)


def _attempt(attempt: AttemptView) -> dict[str, Any]:
    """Return what a bundle says of the attempt: masked, as every page shows it."""
    told = (
        "id",
        "seat",
        "state",
        "name_masked",
        "id_masked",
        "checked_in_at",
        "started_at",
        "finalised_at",
        "answered",
    )
    return {name: getattr(attempt, name) for name in told} | {"receipt_code": attempt.receipt_code}


async def _videos(
    session: AsyncSession, runtime: Runtime, incident: Case, room_id: UUID
) -> tuple[dict[str, bytes], list[tuple[str, Segment]]]:
    """Return the recordings around the incident, playable, each named by the sealed file it came from; and those files.

    The seat's own come first, what the room's cameras saw after them.
    """
    of_room = Segment.attempt_id.is_(None) & (Segment.room_id == room_id)
    query = select(Segment).where(
        (Segment.attempt_id == incident.attempt_id) | of_room,
        Segment.deleted_at.is_(None),
        Segment.ended_at > incident.happened_at - BEFORE,
        Segment.began_at < incident.happened_at + AFTER,
    )
    found: dict[str, bytes] = {}
    rows: list[tuple[str, Segment]] = []
    size = 0
    for row in await session.scalars(query.order_by(Segment.attempt_id.is_(None), Segment.began_at)):
        size += row.size
        if size > MAX_VIDEO_BYTES:
            break
        key = await read_key(session, runtime.sealer, row.sitting_id)
        opened = open_segment(await runtime.storage.get(row.storage_key), key)
        kind = MEDIA_TYPES[row.codec].rpartition("/")[2]
        folder = "video" if row.attempt_id else "room"
        name = f"{folder}/{row.began_at:%Y%m%dT%H%M%SZ}-{row.digest.hex()[:16]}.{kind}"
        found[name] = await asyncio.to_thread(seekable, opened.media, row.codec)
        rows.append((name, row))
    return found, rows


def _zipped(files: dict[str, bytes], at: datetime) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, at.timetuple()[:6]), data)
    return out.getvalue()


async def is_exported(session: AsyncSession, digest: str) -> bool:
    """Tell whether the ledger knows a bundle by its manifest's digest; the session is the ledger's."""
    query = select(AuditRow.id).where(AuditRow.act == EXPORTED, AuditRow.facts["manifest"].astext == digest)
    return await session.scalar(query.limit(1)) is not None
