"""Tables of recordings: keys, segments, who watched them and why, and what must not be deleted."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class RecordingKey(Base):
    """录像密钥: one for each sitting; destroyed with the sitting's recordings, it makes every copy unreadable."""

    __tablename__ = "proctor_recording_key"

    sitting_id: Mapped[UUID] = mapped_column(primary_key=True)
    region: Mapped[str]
    key_sealed: Mapped[bytes | None]
    created_at: Mapped[datetime]
    destroyed_at: Mapped[datetime | None]


class Segment(Base):
    """录像片段: one stored file of one picture; `complete` is false for what a killed node left."""

    __tablename__ = "proctor_segment"

    id: Mapped[Id]
    sitting_id: Mapped[UUID]
    room_id: Mapped[UUID]
    region: Mapped[str]
    attempt_id: Mapped[UUID | None] = mapped_column(ForeignKey("delivery_attempt.id"))
    source: Mapped[str]
    codec: Mapped[str]
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    size: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes]
    """SHA-256 of the stored file."""
    storage_key: Mapped[str] = mapped_column(unique=True)
    complete: Mapped[bool]
    stored_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class Playback(Base):
    """调阅: who opened the recordings of an attempt, and for what reason; good for some hours."""

    __tablename__ = "proctor_playback"

    id: Mapped[Id]
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("delivery_attempt.id"))
    region: Mapped[str]
    account_id: Mapped[UUID]
    reason: Mapped[str]
    at: Mapped[datetime]


class LegalHold(Base):
    """留存令: while one stands, no recording of the sitting is deleted."""

    __tablename__ = "proctor_legal_hold"

    id: Mapped[Id]
    sitting_id: Mapped[UUID]
    region: Mapped[str]
    reason: Mapped[str]
    placed_by: Mapped[UUID]
    placed_at: Mapped[datetime]
    released_by: Mapped[UUID | None]
    released_at: Mapped[datetime | None]
