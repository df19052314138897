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
