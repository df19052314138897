"""Table of blueprints."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from exam.core.db.base import Base, Id


class BlueprintRow(Base):
    """组卷细目表: one immutable version; at most one of a qualification is published."""

    __tablename__ = "questionbank_blueprint"
    __table_args__ = (UniqueConstraint("qualification", "version"),)

    id: Mapped[Id]
    qualification: Mapped[str]
    version: Mapped[int]
    title: Mapped[str]
    content: Mapped[dict[str, Any]]
    digest: Mapped[str]
    state: Mapped[str]
    """draft, published or retired."""
    drafted_by: Mapped[UUID]
    drafted_by_name: Mapped[str]
    published_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
