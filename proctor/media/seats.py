"""The camera of a seat as a fact: consent, check, and the proctor's waiver; none of it stops an exam."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.delivery.api import AttemptView
from proctor.media.models import Consent, Waiver
from proctor.media.schemas import ConsentFacts

WAIVER_REASONS = (
    ("no_camera", "终端没有摄像头"),
    ("camera_broken", "摄像头故障"),
    ("declined", "考生不同意使用摄像头"),
    ("watched_in_person", "由现场监考员专人看护"),
)


class WaiverReasonError(DomainError):
    """A waiver needs one of its reasons."""

    code = "waiver_reason"
    message = "请选择免视频的原因。"


class SeatCamera(msgspec.Struct, frozen=True):
    """What is known of a seat's camera: `camera` is ok, denied, missing, none, or empty before the check."""

    camera: str = ""
    waived: bool = False


async def record_consent(session: AsyncSession, attempt: AttemptView, facts: ConsentFacts, *, at: datetime) -> None:
    """Keep what the candidate agreed to, as told by the terminal."""
    session.add(
        Consent(
            attempt_id=attempt.id,
            region=attempt.region,
            agreed=facts.agreed,
            camera=facts.camera,
            screen=facts.screen,
            uplink_kbps=facts.uplink_kbps,
            skew_ms=facts.skew_ms,
            at=at,
        )
    )
    await session.flush()
    noted: dict[str, Fact] = {"agreed": facts.agreed, "camera": facts.camera, "screen": facts.screen}
    subject = ("attempt", attempt.id)
    actor = Principal(person=attempt.person_id)
    await record(session, actor, "attempt.camera_consent", subject, at=at, region=attempt.region, facts=noted)


async def waive_camera(
    session: AsyncSession, principal: Principal, attempt: AttemptView, *, reason: str, note: str, at: datetime
) -> None:
    """Let a candidate go on without a camera."""
    if principal.account is None or all(reason != known for known, _ in WAIVER_REASONS):
        raise WaiverReasonError
    session.add(
        Waiver(
            attempt_id=attempt.id,
            region=attempt.region,
            reason=reason,
            note=note.strip(),
            actor=principal.account,
            at=at,
        )
    )
    await session.flush()
    facts: dict[str, Fact] = {"reason": reason, "note": note.strip()}
    subject = ("attempt", attempt.id)
    await record(session, principal, "attempt.camera_waived", subject, at=at, region=attempt.region, facts=facts)


async def cameras_of(session: AsyncSession, attempt_ids: Iterable[UUID]) -> dict[UUID, SeatCamera]:
    """Return what is known of the cameras of attempts."""
    ids = set(attempt_ids)
    checks = await session.execute(
        select(Consent.attempt_id, Consent.camera).where(Consent.attempt_id.in_(ids)).order_by(Consent.at)
    )
    camera = {row.attempt_id: row.camera for row in checks}
    waived = set(await session.scalars(select(Waiver.attempt_id).where(Waiver.attempt_id.in_(ids))))
    return {each: SeatCamera(camera.get(each, ""), each in waived) for each in ids}
