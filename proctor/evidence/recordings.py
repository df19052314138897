"""Recordings as facts: what is stored, who may watch it and did, what must stay, what is deleted and when."""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.errors import DomainError, ForbiddenError, NotFoundError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.delivery.api import AttemptView, list_room
from proctor.evidence.container import Opened, SegmentHead, open_segment
from proctor.evidence.keys import RecordingDestroyedError, read_key
from proctor.evidence.models import LegalHold, Playback, Segment

PLAYBACK_FOR = timedelta(hours=4)
PLAYBACK_REASONS = (
    ("incident", "核查异常情况"),
    ("complaint", "处理投诉或申诉"),
    ("inspection", "监督检查"),
    ("quality", "抽查监考质量"),
)


class PlaybackReasonError(DomainError):
    """Opening recordings needs one of its reasons."""

    code = "playback_reason"
    message = "请选择调阅录像的原因。"


class PlaybackNotOpenedError(ForbiddenError):
    """The account has not said why it opens these recordings, or some hours ago."""

    code = "playback_not_opened"
    message = "请先说明调阅原因,再播放录像。"


class HoldReasonError(DomainError):
    """A legal hold needs words."""

    code = "hold_reason"
    message = "请写明留存录像的原因。"


class SegmentView(msgspec.Struct, frozen=True, kw_only=True):
    """One stored piece of a picture."""

    id: UUID
    source: str
    codec: str
    began_at: datetime
    ended_at: datetime
    size: int
    digest: bytes
    complete: bool
    deleted: bool


class HoldView(msgspec.Struct, frozen=True):
    """One legal hold that stands."""

    id: UUID
    reason: str
    placed_at: datetime


def storage_key(head: SegmentHead) -> str:
    """Return where a segment is stored."""
    return f"recordings/{head.sitting_id}/{head.id}.akv"


async def store_segment(
    session: AsyncSession, runtime: Runtime, head: SegmentHead, data: bytes, *, ended_at: datetime, complete: bool
) -> None:
    """Put a finished file into the storage and remember it; a second call for the same segment changes nothing."""
    if await session.get(Segment, head.id) is not None:
        return
    key = storage_key(head)
    await runtime.storage.put(key, data)
    session.add(
        Segment(
            id=head.id,
            sitting_id=head.sitting_id,
            room_id=head.room_id,
            region=head.region,
            attempt_id=head.attempt_id,
            source=head.source,
            codec=head.codec,
            began_at=head.began_at,
            ended_at=max(ended_at, head.began_at),
            size=len(data),
            digest=hashlib.sha256(data).digest(),
            storage_key=key,
            complete=complete,
            stored_at=runtime.clock.now(),
        )
    )
    await session.flush()


async def list_segments(session: AsyncSession, attempt_id: UUID) -> list[SegmentView]:
    """Return the pieces of an attempt's pictures in order of time."""
    rows = await session.scalars(select(Segment).where(Segment.attempt_id == attempt_id).order_by(Segment.began_at))
    return [_view(row) for row in rows]


async def list_room_segments(session: AsyncSession, attempt: AttemptView, *, until: datetime) -> list[SegmentView]:
    """Return what the room's cameras recorded from an attempt's check-in until some instant, in order of time."""
    during = select(Segment).where(
        Segment.room_id == attempt.room_id,
        Segment.attempt_id.is_(None),
        Segment.ended_at >= attempt.checked_in_at,
        Segment.began_at <= until,
    )
    return [_view(row) for row in await session.scalars(during.order_by(Segment.began_at))]


def _view(row: Segment) -> SegmentView:
    return SegmentView(
        id=row.id,
        source=row.source,
        codec=row.codec,
        began_at=row.began_at,
        ended_at=row.ended_at,
        size=row.size,
        digest=row.digest,
        complete=row.complete,
        deleted=row.deleted_at is not None,
    )


async def open_playback(
    session: AsyncSession, principal: Principal, attempt: AttemptView, *, reason: str, at: datetime
) -> None:
    """Let an account watch an attempt's recordings for some hours; the act and its reason stand in the ledger."""
    if principal.account is None or all(reason != known for known, _ in PLAYBACK_REASONS):
        raise PlaybackReasonError
    session.add(
        Playback(attempt_id=attempt.id, region=attempt.region, account_id=principal.account, reason=reason, at=at)
    )
    await session.flush()
    facts: dict[str, Fact] = {"reason": reason}
    subject = ("attempt", attempt.id)
    await record(session, principal, "attempt.recording_opened", subject, at=at, region=attempt.region, facts=facts)


async def has_playback(session: AsyncSession, principal: Principal, attempt_id: UUID, *, at: datetime) -> bool:
    """Tell whether the account said not long ago why it watches."""
    return await _opened(session, principal, [attempt_id], at=at)


async def _opened(session: AsyncSession, principal: Principal, attempt_ids: list[UUID], *, at: datetime) -> bool:
    opened = select(Playback.id).where(
        Playback.attempt_id.in_(attempt_ids), Playback.account_id == principal.account, Playback.at > at - PLAYBACK_FOR
    )
    return await session.scalar(opened.limit(1)) is not None


async def read_segment(session: AsyncSession, runtime: Runtime, principal: Principal, segment_id: UUID) -> Opened:
    """Return a decrypted segment to who opened the attempt's recordings."""
    row = await session.get(Segment, segment_id)
    if row is None:
        raise NotFoundError(segment_id=str(segment_id))
    if not await _may_watch(session, runtime, principal, row):
        raise PlaybackNotOpenedError
    if row.deleted_at is not None:
        raise RecordingDestroyedError
    key = await read_key(session, runtime.sealer, row.sitting_id)
    return open_segment(await runtime.storage.get(row.storage_key), key)


async def _may_watch(session: AsyncSession, runtime: Runtime, principal: Principal, row: Segment) -> bool:
    """Tell whether the account opened the attempt's recordings; a room camera's go with any attempt of the room."""
    shown = [row.attempt_id] if row.attempt_id else [each.id for each in await list_room(session, runtime, row.room_id)]
    return await _opened(session, principal, shown, at=runtime.clock.now())


async def place_legal_hold(
    session: AsyncSession, principal: Principal, sitting_id: UUID, region: str, *, reason: str, at: datetime
) -> UUID:
    """Keep a sitting's recordings past their time."""
    if principal.account is None or not reason.strip():
        raise HoldReasonError
    hold = LegalHold(
        sitting_id=sitting_id, region=region, reason=reason.strip(), placed_by=principal.account, placed_at=at
    )
    session.add(hold)
    await session.flush()
    facts: dict[str, Fact] = {"hold": str(hold.id), "reason": reason.strip()}
    await record(
        session, principal, "recording.hold_placed", ("sitting", sitting_id), at=at, region=region, facts=facts
    )
    return hold.id


async def list_legal_holds(session: AsyncSession, sitting_id: UUID) -> list[HoldView]:
    """Return the holds that stand on a sitting's recordings, the oldest first."""
    standing = select(LegalHold).where(LegalHold.sitting_id == sitting_id, LegalHold.released_at.is_(None))
    rows = await session.scalars(standing.order_by(LegalHold.placed_at))
    return [HoldView(row.id, row.reason, row.placed_at) for row in rows]


async def release_legal_hold(session: AsyncSession, principal: Principal, hold_id: UUID, *, at: datetime) -> None:
    """Let time run again for a sitting's recordings."""
    held = update(LegalHold).where(LegalHold.id == hold_id, LegalHold.released_at.is_(None))
    done = await session.execute(
        held.values(released_by=principal.account, released_at=at).returning(LegalHold.sitting_id, LegalHold.region)
    )
    row = done.one_or_none()
    if row is None:
        raise NotFoundError(hold_id=str(hold_id))
    subject = ("sitting", row.sitting_id)
    facts: dict[str, Fact] = {"hold": str(hold_id)}
    await record(session, principal, "recording.hold_released", subject, at=at, region=row.region, facts=facts)
