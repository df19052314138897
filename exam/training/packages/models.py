"""The table of what packages said."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base


class PackageState(Base):
    """课件包状态: what a part of a learner's copy said last (a Tracked); no hour follows from it."""

    __tablename__ = "training_package_state"

    progress_id: Mapped[UUID] = mapped_column(ForeignKey("training_progress.id"), primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    region: Mapped[str]
    said: Mapped[dict[str, Any]]
    at: Mapped[datetime]
