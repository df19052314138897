"""The table of study hours."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class StudyHours(Base):
    """学时: one attested period of study; append-only, a correction is another row's business."""

    __tablename__ = "training_hours"

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    qualification: Mapped[str]
    kind: Mapped[str]
    hours: Mapped[int]
    """Hundredths of an hour."""
    source: Mapped[str]
    """Who attests it: the training body, the class, the certificate of completion."""
    region: Mapped[str]
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime]
