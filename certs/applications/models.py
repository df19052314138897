"""The table of applications."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class Application(Base):
    """证书申请: one person's wish for a credential; it moves forward only, and a trigger holds what was applied for."""

    __tablename__ = "certs_application"

    id: Mapped[Id]
    kind: Mapped[str]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    qualification: Mapped[str]
    region: Mapped[str]
    registration_id: Mapped[UUID | None]
    """Whose results an initial one rests on."""
    credential_id: Mapped[UUID | None] = mapped_column(ForeignKey("certs_credential.id"))
    """Which credential is to be renewed or changed."""
    new_name: Mapped[str | None]
    new_photo_key: Mapped[str | None]
    reason: Mapped[str]
    rule_set: Mapped[str]
    state: Mapped[str]
    filed_by: Mapped[UUID | None]
    received_at: Mapped[datetime]
    accept_due_on: Mapped[date | None]
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[UUID | None]
    decide_due_on: Mapped[date | None]
    refusal_ground: Mapped[str | None]
    refusal_reason: Mapped[str | None]
    refusal_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    issued_id: Mapped[UUID | None] = mapped_column(ForeignKey("certs_credential.id"))
