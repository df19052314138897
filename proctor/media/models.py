"""Tables of the seats' cameras."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class Consent(Base):
    """视频同意与检查: what the candidate agreed to and what the check found; the newest counts."""

    __tablename__ = "proctor_consent"

    id: Mapped[Id]
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("delivery_attempt.id"))
    region: Mapped[str]
    text_version: Mapped[str]
    """Of `proctor.media.consent`; empty for a consent from before texts had versions."""
    agreed: Mapped[bool]
    camera: Mapped[str]
    microphone: Mapped[str]
    screen: Mapped[bool]
    uplink_kbps: Mapped[int]
    skew_ms: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]


class Listening(Base):
    """听现场声音: that a proctor listens to a seat, why, and from when to when; what was heard is nowhere kept."""

    __tablename__ = "proctor_listening"

    id: Mapped[Id]
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("delivery_attempt.id"))
    region: Mapped[str]
    account: Mapped[UUID]
    reason: Mapped[str]
    note: Mapped[str]
    asked_at: Mapped[datetime]
    until_at: Mapped[datetime]
    """When it ends at the latest."""
    opened_at: Mapped[datetime | None]
    """When the terminal's microphone was open."""
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str]
    """How it ended, empty until then: stopped, left, denied, missing, failed, withdrawn, time_up or over."""


class Waiver(Base):
    """免视频: a proctor's word that this candidate goes on without a camera, with its reason."""

    __tablename__ = "proctor_waiver"

    id: Mapped[Id]
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("delivery_attempt.id"))
    region: Mapped[str]
    reason: Mapped[str]
    note: Mapped[str]
    actor: Mapped[UUID]
    at: Mapped[datetime]
