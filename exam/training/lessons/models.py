"""Tables of lessons and of the study that was seen."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class Lesson(Base):
    """课件: fixed once published; `content` is a LessonContent and `digest` that of its canonical bytes."""

    __tablename__ = "training_lesson"

    id: Mapped[Id]
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("training_body.organisation_id"))
    region: Mapped[str]
    qualification: Mapped[str]
    node: Mapped[str]
    title: Mapped[str]
    content: Mapped[dict[str, Any]]
    length_ms: Mapped[int]
    digest: Mapped[str]
    state: Mapped[str]
    drafted_by: Mapped[UUID]
    published_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]


class Progress(Base):
    """学习进度: a learner's copy of a lesson; `settled_ms` is what presence has been proved for.

    `passed_at` is when the lesson's own condition was met, for the kinds that have one.
    """

    __tablename__ = "training_progress"
    __table_args__ = (UniqueConstraint("enrolment_id", "lesson_id"),)

    id: Mapped[Id]
    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("training_enrolment.id"))
    lesson_id: Mapped[UUID] = mapped_column(ForeignKey("training_lesson.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    region: Mapped[str]
    settled_ms: Mapped[int]
    passed_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class VisitRow(Base):
    """学习记录: a lesson opened once on one device; append-only."""

    __tablename__ = "training_visit"

    id: Mapped[Id]
    progress_id: Mapped[UUID] = mapped_column(ForeignKey("training_progress.id"))
    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("training_enrolment.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    region: Mapped[str]
    qualification: Mapped[str]
    kind: Mapped[str]
    node: Mapped[str]
    part: Mapped[str]
    length_ms: Mapped[int]
    rules: Mapped[str]
    opened_at: Mapped[datetime]


class TraceRow(Base):
    """学习痕迹: one thing the server saw, numbered in the person's order; append-only."""

    __tablename__ = "training_trace"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[UUID] = mapped_column(ForeignKey("training_visit.id"))
    region: Mapped[str]
    kind: Mapped[str]
    at_ms: Mapped[int] = mapped_column(BigInteger)
    seen: Mapped[bool]
    idle_s: Mapped[int]
    advance_ms: Mapped[int]
    drift_ms: Mapped[int] = mapped_column(BigInteger)


class LiveRow(Base):
    """当前学习: what is carried from one message of a person to the next; `n` counts the person's traces."""

    __tablename__ = "training_live"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"), primary_key=True)
    region: Mapped[str]
    n: Mapped[int]
    state: Mapped[dict[str, Any]]
    visit_id: Mapped[UUID | None] = mapped_column(ForeignKey("training_visit.id"))
    heard_at: Mapped[datetime]


class ObservationRow(Base):
    """观察记录: something odd about a visit, once in ten minutes per kind; only a person may act on it."""

    __tablename__ = "training_observation"
    __table_args__ = (UniqueConstraint("visit_id", "kind", "bucket"),)

    id: Mapped[Id]
    visit_id: Mapped[UUID] = mapped_column(ForeignKey("training_visit.id"))
    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("training_enrolment.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    region: Mapped[str]
    kind: Mapped[str]
    at: Mapped[datetime]
    bucket: Mapped[int] = mapped_column(BigInteger)
