"""Tables of terminals, attempts, responses and room acts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class Terminal(Base):
    """考试终端: a browser that holds a non-exportable key, bound to a seat by the room's proctor."""

    __tablename__ = "delivery_terminal"

    id: Mapped[Id]
    public_key: Mapped[dict[str, Any]]
    thumbprint: Mapped[str] = mapped_column(unique=True)
    code: Mapped[str]
    state: Mapped[str]
    room_id: Mapped[UUID | None] = mapped_column(ForeignKey("sitting_room.id"))
    seat: Mapped[str | None]
    place: Mapped[dict[str, Any] | None]
    """What the unbound screen shows of its room and sitting, copied when it was bound."""
    region: Mapped[str | None]
    last_nonce: Mapped[int] = mapped_column(BigInteger)
    """The greatest nonce seen: a signed request is good once."""
    created_at: Mapped[datetime]
    bound_at: Mapped[datetime | None]
    bound_by: Mapped[UUID | None]


class Attempt(Base):
    """一次作答: one per registration; `epoch` is the fencing number of its lease."""

    __tablename__ = "delivery_attempt"

    id: Mapped[Id]
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("sitting_registration.id"), unique=True)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting_sitting.id"))
    room_id: Mapped[UUID] = mapped_column(ForeignKey("sitting_room.id"))
    seat: Mapped[str]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    region: Mapped[str]
    form_id: Mapped[UUID | None] = mapped_column(ForeignKey("questionbank_form.id"))
    rule_set: Mapped[str]
    state: Mapped[str]
    epoch: Mapped[int]
    terminal_id: Mapped[UUID | None] = mapped_column(ForeignKey("delivery_terminal.id"))
    terminal_thumbprint: Mapped[str]
    shape: Mapped[str]
    """Interaction and number of options of each slot, so that any process can check a response: `j2c4m5`."""
    duration_s: Mapped[int]
    grace_s: Mapped[int]
    extension_ms: Mapped[int] = mapped_column(BigInteger)
    display: Mapped[dict[str, Any]]
    """What the terminal shows of candidate, seat and sitting, masked, copied at check-in: polls read one row."""
    starts_at: Mapped[datetime]
    """When the sitting starts: nobody begins before it."""
    starts_until: Mapped[datetime]
    """The last moment to begin."""
    checked_in_at: Mapped[datetime]
    admitted_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    deadline_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    finalised_at: Mapped[datetime | None]
    answered: Mapped[int | None]
    response_digest: Mapped[bytes | None]
    receipt_code: Mapped[str | None] = mapped_column(unique=True)
    hand_raised_at: Mapped[datetime | None]


class ResponseRevision(Base):
    """作答记录: one accepted change; the current response of a slot is the one with the greatest seq."""

    __tablename__ = "delivery_response_revision"

    attempt_id: Mapped[UUID] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    response: Mapped[str]
    """Canonical JSON text."""
    arrived_at: Mapped[datetime]
    epoch: Mapped[int]


class RefusedSave(Base):
    """What arrived under an old lease or after the end: never graded, kept as evidence."""

    __tablename__ = "delivery_refused_save"
    __table_args__ = (UniqueConstraint("attempt_id", "slot", "seq", "epoch", "reason"),)

    id: Mapped[Id]
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("delivery_attempt.id"))
    slot: Mapped[int]
    seq: Mapped[int]
    response: Mapped[str]
    epoch: Mapped[int]
    reason: Mapped[str]
    arrived_at: Mapped[datetime]


class RoomAct(Base):
    """考场操作: one act of a proctor on one attempt, with its reason."""

    __tablename__ = "delivery_act"

    id: Mapped[Id]
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("delivery_attempt.id"))
    region: Mapped[str]
    act: Mapped[str]
    reason: Mapped[str]
    note: Mapped[str]
    extension_ms: Mapped[int] = mapped_column(BigInteger)
    actor: Mapped[UUID | None]
    at: Mapped[datetime]


class Message(Base):
    """消息: from the proctor to one candidate."""

    __tablename__ = "delivery_message"

    id: Mapped[Id]
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("delivery_attempt.id"))
    region: Mapped[str]
    reason: Mapped[str]
    """The category that the proctor chose; empty on messages from before there was one."""
    text: Mapped[str]
    ready: Mapped[str]
    """The code of a ready sentence, which the terminal words in its own language; empty where the text was typed."""
    needs_ack: Mapped[bool]
    sent_by: Mapped[UUID | None]
    sent_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]


class Hold(Base):
    """暂缓: while one stands, the attempt's result is not released."""

    __tablename__ = "delivery_hold"

    id: Mapped[Id]
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("delivery_attempt.id"))
    region: Mapped[str]
    reason: Mapped[str]
    placed_by: Mapped[UUID | None]
    placed_at: Mapped[datetime]
    released_by: Mapped[UUID | None]
    released_at: Mapped[datetime | None]
