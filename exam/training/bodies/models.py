"""Tables of training bodies."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class TrainingBody(Base):
    """培训机构: an organisation that a regulator has approved to train (AQ/T 8011-2023)."""

    __tablename__ = "training_body"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("identity_organisation.id"), primary_key=True)
    name: Mapped[str]
    region: Mapped[str]
    state: Mapped[str]
    approved_until: Mapped[date]
    basis: Mapped[str]
    approved_by: Mapped[UUID | None]
    approved_at: Mapped[datetime]


class BodyScope(Base):
    """培训范围: one qualification that a body may train for."""

    __tablename__ = "training_body_scope"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("training_body.organisation_id"), primary_key=True)
    qualification: Mapped[str] = mapped_column(primary_key=True)
    region: Mapped[str]


class Venue(Base):
    """培训场地: a room or a practice ground."""

    __tablename__ = "training_venue"
    __table_args__ = (UniqueConstraint("organisation_id", "name"),)

    id: Mapped[Id]
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("training_body.organisation_id"))
    region: Mapped[str]
    name: Mapped[str]
    address: Mapped[str]
    capacity: Mapped[int]
    practice: Mapped[bool]
