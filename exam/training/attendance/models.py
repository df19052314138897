"""Tables of attendance."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class Sign(Base):
    """签到, 签退: a learner scanned the code in the classroom; append-only."""

    __tablename__ = "training_sign"

    id: Mapped[Id]
    session_id: Mapped[UUID] = mapped_column(ForeignKey("training_session.id"))
    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("training_enrolment.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    region: Mapped[str]
    way: Mapped[str]
    photo_key: Mapped[str | None]
    at: Mapped[datetime]


class Correction(Base):
    """更正: another attendance, proposed by one person and decided by another."""

    __tablename__ = "training_correction"

    id: Mapped[Id]
    session_id: Mapped[UUID] = mapped_column(ForeignKey("training_session.id"))
    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("training_enrolment.id"))
    region: Mapped[str]
    status: Mapped[str]
    from_at: Mapped[datetime | None]
    until_at: Mapped[datetime | None]
    reason: Mapped[str]
    state: Mapped[str]
    proposed_by: Mapped[UUID]
    proposed_at: Mapped[datetime]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]


class Attendance(Base):
    """考勤: who was there from when until when; append-only, the greatest revision counts."""

    __tablename__ = "training_attendance"
    __table_args__ = (UniqueConstraint("session_id", "enrolment_id", "revision"),)

    id: Mapped[Id]
    session_id: Mapped[UUID] = mapped_column(ForeignKey("training_session.id"))
    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("training_enrolment.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    region: Mapped[str]
    revision: Mapped[int]
    status: Mapped[str]
    from_at: Mapped[datetime | None]
    until_at: Mapped[datetime | None]
    correction_id: Mapped[UUID | None] = mapped_column(ForeignKey("training_correction.id"))
    recorded_by: Mapped[UUID]
    recorded_at: Mapped[datetime]
