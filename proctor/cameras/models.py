"""Table of the rooms' cameras."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class Camera(Base):
    """考场摄像机: it hangs in a room for many sittings, so it is found by its centre and the room's name."""

    __tablename__ = "proctor_camera"

    id: Mapped[Id]
    centre_id: Mapped[UUID] = mapped_column(ForeignKey("identity_organisation.id"))
    region: Mapped[str]
    room: Mapped[str]
    name: Mapped[str]
    url_sealed: Mapped[bytes]
    host: Mapped[str]
    facts: Mapped[dict[str, Any]]
    registered_by: Mapped[UUID]
    registered_at: Mapped[datetime]
    retired_by: Mapped[UUID | None] = mapped_column(default=None)
    retired_at: Mapped[datetime | None] = mapped_column(default=None)
