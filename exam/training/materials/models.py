"""Table of materials."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class Material(Base):
    """素材: a file of a training body; `received` counts its parts, `made` is what lessons are made of once it is ready."""

    __tablename__ = "training_material"

    id: Mapped[Id]
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("training_body.organisation_id"))
    region: Mapped[str]
    kind: Mapped[str]
    filename: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int]
    state: Mapped[str]
    percent: Mapped[int]
    reason: Mapped[str]
    """The code of what was wrong with it."""
    tries: Mapped[int]
    """How often its making was begun."""
    made: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    uploaded_by: Mapped[UUID]
    uploaded_by_name: Mapped[str]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
