"""Tables of classes, their sessions, and who is enrolled."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class TrainingClass(Base):
    """培训班: one programme taught to one group; filed with the regulator before it starts."""

    __tablename__ = "training_class"

    id: Mapped[Id]
    programme_id: Mapped[UUID] = mapped_column(ForeignKey("training_programme.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("training_body.organisation_id"))
    body_name: Mapped[str]
    region: Mapped[str]
    qualification: Mapped[str]
    kind: Mapped[str]
    title: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    capacity: Mapped[int]
    photo_asked: Mapped[bool]
    state: Mapped[str]
    plan_digest: Mapped[str]
    """SHA-256 of the plan as it was filed; a plan that is changed must be filed again."""
    remark: Mapped[str]
    """What the regulator said when returning the plan."""
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    filed_by: Mapped[UUID | None]
    filed_at: Mapped[datetime | None]


class ClassSession(Base):
    """课次: one teacher, one place, one node; no teacher, place or class has two at once."""

    __tablename__ = "training_session"

    id: Mapped[Id]
    class_id: Mapped[UUID] = mapped_column(ForeignKey("training_class.id"))
    region: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    venue_id: Mapped[UUID] = mapped_column(ForeignKey("training_venue.id"))
    venue_name: Mapped[str]
    teacher_id: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"))
    teacher_name: Mapped[str]
    node: Mapped[str]
    node_title: Mapped[str]
    part: Mapped[str]
    filed_at: Mapped[datetime | None]
    """When a plan that holds it was first filed, before it began; none: nothing of it counts."""


class Enrolment(Base):
    """学员: a person in a class; unique among those who are in it, by a partial index."""

    __tablename__ = "training_enrolment"

    id: Mapped[Id]
    class_id: Mapped[UUID] = mapped_column(ForeignKey("training_class.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("identity_organisation.id"))
    """The enterprise that sent the person."""
    region: Mapped[str]
    qualification: Mapped[str]
    kind: Mapped[str]
    state: Mapped[str]
    moved_from: Mapped[UUID | None] = mapped_column(ForeignKey("training_enrolment.id"))
    reason: Mapped[str]
    enrolled_by: Mapped[UUID | None]
    enrolled_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class LearnerPass(Base):
    """学员凭证: the secret by which a learner gets in, sealed for printing, found by digest."""

    __tablename__ = "training_pass"

    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("training_enrolment.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    region: Mapped[str]
    digest: Mapped[bytes] = mapped_column(unique=True)
    secret_sealed: Mapped[bytes]
