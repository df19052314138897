"""The camera of a seat as a fact: consent, check, and the proctor's waiver; none of it stops an exam."""

from collections.abc import Callable, Iterable
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
from exam.sitting.api import get_sitting
from exam.standards.api import recall_rule_set
from proctor.media.consent import current_text, require_known
from proctor.media.models import Consent, Waiver
from proctor.media.schemas import CameraCheck, ConsentFacts
from proctor.rooms.service import rules_of_room

WAIVER_REASONS = (
    ("no_camera", "终端没有摄像头"),
    ("camera_broken", "摄像头故障"),
    ("declined", "考生不同意使用摄像头"),
    ("watched_in_person", "由现场监考员专人看护"),
)
LEAST_YEARS = 3
"""What 104号 art. 17 asks of every recording, for a rule set that names no years of its own."""


class WaiverReasonError(DomainError):
    """A waiver needs one of its reasons."""

    code = "waiver_reason"
    message = "请选择免视频的原因。"


class SeatCamera(msgspec.Struct, frozen=True):
    """What is known of a seat's camera: `camera` is ok, denied, missing, none, or empty before the check."""

    camera: str = ""
    waived: bool = False
    agreed: bool = False
    text_version: str = ""
    uplink_kbps: int = 0
    skew_s: int = 0
    told_at: datetime | None = None
    """When the candidate chose or checked last."""


async def record_consent(session: AsyncSession, attempt: AttemptView, facts: ConsentFacts, *, at: datetime) -> None:
    """Keep what the candidate agreed to, as told by the terminal; raises ConsentVersionError."""
    require_known(facts.text_version)
    session.add(
        Consent(
            attempt_id=attempt.id,
            region=attempt.region,
            text_version=facts.text_version,
            agreed=facts.agreed,
            camera=facts.camera,
            microphone=facts.microphone,
            screen=facts.screen,
            uplink_kbps=facts.uplink_kbps,
            skew_ms=facts.skew_ms,
            at=at,
        )
    )
    await session.flush()
    noted: dict[str, Fact] = {
        "agreed": facts.agreed,
        "text": facts.text_version,
        "camera": facts.camera,
        "screen": facts.screen,
    }
    subject = ("attempt", attempt.id)
    actor = Principal(person=attempt.person_id)
    await record(session, actor, "attempt.camera_consent", subject, at=at, region=attempt.region, facts=noted)


async def check_of(session: AsyncSession, attempt: AttemptView, translate: Callable[[str], str]) -> CameraCheck:
    """Return what the candidate of an attempt is told before the camera opens."""
    sitting = await get_sitting(session, attempt.sitting_id)
    kept = recall_rule_set(sitting.qualification, sitting.rule_set).recording_retention_years
    asked = await rules_of_room(session, attempt.room_id)
    text, camera = current_text(), (await cameras_of(session, [attempt.id]))[attempt.id]
    return CameraCheck(
        text_version=text.version,
        points=text.shown(translate, centre=sitting.centre_name, years=kept.value or LEAST_YEARS),
        screen=asked.asks_screen,
        microphone=asked.asks_microphone,
        waived=camera.waived,
    )


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
    checks = await session.scalars(select(Consent).where(Consent.attempt_id.in_(ids)).order_by(Consent.at))
    newest = {row.attempt_id: row for row in checks}
    waived = set(await session.scalars(select(Waiver.attempt_id).where(Waiver.attempt_id.in_(ids))))
    return {each: _seat_camera(newest.get(each), waived=each in waived) for each in ids}


def _seat_camera(told: Consent | None, *, waived: bool) -> SeatCamera:
    if told is None:
        return SeatCamera(waived=waived)
    return SeatCamera(
        camera=told.camera,
        waived=waived,
        agreed=told.agreed,
        text_version=told.text_version,
        uplink_kbps=told.uplink_kbps,
        skew_s=round(abs(told.skew_ms) / 1000),
        told_at=told.at,
    )
