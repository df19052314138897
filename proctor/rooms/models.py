"""Table of the rooms' own rules of video."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class RoomRule(Base):
    """考场监考设置: like a camera it belongs to a sign on a door, for rooms are made anew for each sitting."""

    __tablename__ = "proctor_room_rule"
    __table_args__ = (UniqueConstraint("centre_id", "room"),)

    id: Mapped[Id]
    centre_id: Mapped[UUID] = mapped_column(ForeignKey("identity_organisation.id"))
    region: Mapped[str]
    room: Mapped[str]
    after_s: Mapped[dict[str, Any]]
    asks_screen: Mapped[bool]
    asks_microphone: Mapped[bool]
    changed_by: Mapped[UUID]
    changed_at: Mapped[datetime]
