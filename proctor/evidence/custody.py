"""The chain of custody of an incident's recordings: written and sealed when, opened by whom and why, kept, handed out."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import AuditRow
from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.identity.api import names_of_accounts
from proctor.evidence.models import LegalHold, Playback, Segment

EXPORTED = "incident.bundle_exported"
"""The act of the ledger by which a bundle is known."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One recording of a bundle: from when to when it was taken, and the sealed file that lies in the storage."""

    file: str
    segment: UUID
    source: str
    began_at: datetime
    ended_at: datetime
    complete: bool
    stored_at: datetime
    sealed_size: int
    sealed_sha256: str


class Hand(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody did with the recordings: opened, hold_placed, hold_released or exported."""

    at: datetime
    act: str
    account: UUID | None
    name: str = ""
    reason: str = ""


class Custody(msgspec.Struct, frozen=True):
    """The recordings of a bundle, and everything that was done with them until it was made, oldest first."""

    recordings: list[Kept]
    hands: list[Hand]


async def custody_of(
    session: AsyncSession, runtime: Runtime, attempt_id: UUID, recordings: Iterable[tuple[str, Segment]]
) -> Custody:
    """Return the chain of custody of these files of an attempt."""
    rows = list(recordings)
    found = [*await _opened(session, attempt_id), *await _exported(runtime, attempt_id)]
    found += await _held(session, {row.sitting_id for _, row in rows})
    names = await names_of_accounts(session, {each.account for each in found if each.account})
    named = [
        msgspec.structs.replace(each, name=names.get(each.account, "")) if each.account else each for each in found
    ]
    return Custody([_kept(name, row) for name, row in rows], sorted(named, key=lambda each: each.at))


def _kept(name: str, row: Segment) -> Kept:
    return Kept(
        file=name,
        segment=row.id,
        source=row.source,
        began_at=row.began_at,
        ended_at=row.ended_at,
        complete=row.complete,
        stored_at=row.stored_at,
        sealed_size=row.size,
        sealed_sha256=row.digest.hex(),
    )


async def _opened(session: AsyncSession, attempt_id: UUID) -> list[Hand]:
    rows = await session.scalars(select(Playback).where(Playback.attempt_id == attempt_id))
    return [Hand(at=row.at, act="opened", account=row.account_id, reason=row.reason) for row in rows]


async def _held(session: AsyncSession, sittings: set[UUID]) -> list[Hand]:
    rows = list(await session.scalars(select(LegalHold).where(LegalHold.sitting_id.in_(sittings))))
    placed = [Hand(at=row.placed_at, act="hold_placed", account=row.placed_by, reason=row.reason) for row in rows]
    return placed + [
        Hand(at=row.released_at, act="hold_released", account=row.released_by, reason=row.reason)
        for row in rows
        if row.released_at
    ]


async def _exported(runtime: Runtime, attempt_id: UUID) -> list[Hand]:
    """Return the bundles of the attempt that the ledger knows of."""
    query = select(AuditRow).where(
        AuditRow.act == EXPORTED, AuditRow.subject_kind == "attempt", AuditRow.subject == str(attempt_id)
    )
    async with runtime.databases.transaction(Scope(region=runtime.settings.root_region), Role.LEDGER) as ledger:
        return [Hand(at=row.at, act="exported", account=row.actor) for row in await ledger.scalars(query)]
