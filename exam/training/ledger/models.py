"""The table of the ledger's entries."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class LedgerEntry(Base):
    """学时分录: a change of a person's hours; append-only, so that a correction is an entry of its own.

    `node` and `part` are empty and `enrolment_id` is None where hours were attested as a whole. `rules` is the version
    of the ledger's rules, `evidence` the digest of what a measured change rests on.
    """

    __tablename__ = "training_hours"

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    qualification: Mapped[str]
    kind: Mapped[str]
    origin: Mapped[str]
    node: Mapped[str]
    part: Mapped[str]
    enrolment_id: Mapped[UUID | None] = mapped_column(ForeignKey("training_enrolment.id"))
    seconds: Mapped[int]
    """May be negative: what was counted and is taken back."""
    source: Mapped[str]
    """Who stands for it: the training body, the class, the lesson."""
    rules: Mapped[str]
    evidence: Mapped[str]
    region: Mapped[str]
    recorded_by: Mapped[UUID | None]
    confirmed_by: Mapped[UUID | None]
    """The second person behind attested hours."""
    recorded_at: Mapped[datetime]


class HoursClaim(Base):
    """待复核的学时: attested hours that one person claims and another decides on; `hours` in hundredths."""

    __tablename__ = "training_hours_claim"

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    region: Mapped[str]
    qualification: Mapped[str]
    kind: Mapped[str]
    hours: Mapped[int]
    source: Mapped[str]
    state: Mapped[str]
    """proposed, confirmed or declined."""
    proposed_by: Mapped[UUID]
    proposed_by_name: Mapped[str]
    proposed_at: Mapped[datetime]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
