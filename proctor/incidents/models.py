"""Tables of observations, incidents and objections."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class Observation(Base):
    """系统观察: what a machine saw of an attempt or of a room's camera, from when to when; no verdict, and nobody is told but the proctor."""

    __tablename__ = "proctor_observation"

    id: Mapped[Id]
    attempt_id: Mapped[UUID | None] = mapped_column(ForeignKey("delivery_attempt.id"))
    camera_id: Mapped[UUID | None] = mapped_column(ForeignKey("proctor_camera.id"))
    room_id: Mapped[UUID | None] = mapped_column(ForeignKey("sitting_room.id"))
    """With a camera: the room of the sitting that it filmed then."""
    region: Mapped[str]
    kind: Mapped[str]
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    facts: Mapped[dict[str, Any]]
    noted_at: Mapped[datetime]


class Incident(Base):
    """异常事件: written by a person, looked at by a second, decided by a third."""

    __tablename__ = "proctor_incident"

    id: Mapped[Id]
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("delivery_attempt.id"))
    sitting_id: Mapped[UUID]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    region: Mapped[str]
    category: Mapped[str]
    summary: Mapped[str]
    state: Mapped[str]
    happened_at: Mapped[datetime]
    hold_id: Mapped[UUID | None]
    reported_by: Mapped[UUID]
    reported_at: Mapped[datetime]
    finding: Mapped[str | None]
    review: Mapped[str | None]
    reviewed_by: Mapped[UUID | None]
    reviewed_at: Mapped[datetime | None]
    disposition: Mapped[str | None]
    decision: Mapped[str | None]
    disposed_by: Mapped[UUID | None]
    disposed_at: Mapped[datetime | None]


class IncidentObservation(Base):
    """Which observations an incident was written from."""

    __tablename__ = "proctor_incident_observation"

    incident_id: Mapped[UUID] = mapped_column(ForeignKey("proctor_incident.id"), primary_key=True)
    observation_id: Mapped[UUID] = mapped_column(ForeignKey("proctor_observation.id"), primary_key=True)


class Objection(Base):
    """异议: what the candidate says to a disposition; a statement here, the appeal is grading's."""

    __tablename__ = "proctor_objection"

    incident_id: Mapped[UUID] = mapped_column(ForeignKey("proctor_incident.id"), primary_key=True)
    person_id: Mapped[UUID]
    region: Mapped[str]
    text: Mapped[str]
    at: Mapped[datetime]
