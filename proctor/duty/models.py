"""Tables of duty: every turn of a room, and the offers by which most of them come about."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class Handover(Base):
    """交接: one room offered to a colleague with what goes on there; `batch_id` joins rooms offered together, and a room
    waits for one answer at a time, by a partial index.
    """

    __tablename__ = "proctor_handover"

    id: Mapped[Id]
    batch_id: Mapped[UUID]
    room_id: Mapped[UUID] = mapped_column(ForeignKey("sitting_room.id"))
    region: Mapped[str]
    from_id: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"))
    to_id: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"))
    note: Mapped[str]
    facts: Mapped[dict[str, Any]]
    offered_at: Mapped[datetime]
    answer: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    answer_note: Mapped[str]


class DutyTurn(Base):
    """值守: from `at` on this account answers for the room, until the next turn; append-only."""

    __tablename__ = "proctor_duty_turn"

    id: Mapped[Id]
    room_id: Mapped[UUID] = mapped_column(ForeignKey("sitting_room.id"))
    region: Mapped[str]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"))
    how: Mapped[str]
    handover_id: Mapped[UUID | None] = mapped_column(ForeignKey("proctor_handover.id"))
    note: Mapped[str]
    at: Mapped[datetime]
