"""Tables of credit: leads, what they rest on, and every step of the process."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class Clue(Base):
    """线索: what a rule noticed of one organisation or one person; never a listing by itself.

    Of one rule and one subject there is at most one that nobody has looked into.
    """

    __tablename__ = "records_credit_clue"

    id: Mapped[Id]
    rule: Mapped[str]
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("identity_organisation.id"))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("identity_person.id"))
    subject_name: Mapped[str]
    """The organisation's name, or the person's masked one, as it was then."""
    region: Mapped[str]
    state: Mapped[str]
    found_at: Mapped[datetime]
    due_on: Mapped[date]
    """The last day of the present step: looking into it, answering the notice."""


class ClueEvidence(Base):
    """证据: one fact of the platform's that a lead rests on; append-only, without personal data in `facts`."""

    __tablename__ = "records_credit_evidence"
    __table_args__ = (UniqueConstraint("clue_id", "subject_id"),)

    id: Mapped[Id]
    clue_id: Mapped[UUID] = mapped_column(ForeignKey("records_credit_clue.id"))
    region: Mapped[str]
    kind: Mapped[str]
    subject_id: Mapped[UUID]
    """The engagement, the attendance, the incident or the credential."""
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    facts: Mapped[dict[str, Any]]
    noted_at: Mapped[datetime]


class ClueStep(Base):
    """办理记录: what was done, by whom and in which words; append-only, so that the process can be shown."""

    __tablename__ = "records_credit_step"

    id: Mapped[Id]
    clue_id: Mapped[UUID] = mapped_column(ForeignKey("records_credit_clue.id"))
    region: Mapped[str]
    act: Mapped[str]
    by_account: Mapped[UUID | None]
    by_person: Mapped[UUID | None]
    at: Mapped[datetime]
    text: Mapped[str]
