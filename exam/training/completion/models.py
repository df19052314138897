"""The table of certificates of completed training."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class Completion(Base):
    """培训合格证明: fixed when issued; the worker alone signs it or objects, once. Never deleted.

    `content` is a Statement with `digest` over its canonical bytes; `number` cannot be guessed, for it is what
    strangers verify by.
    """

    __tablename__ = "training_completion"

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(unique=True)
    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("training_enrolment.id"))
    class_id: Mapped[UUID] = mapped_column(ForeignKey("training_class.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    region: Mapped[str]
    qualification: Mapped[str]
    kind: Mapped[str]
    name_masked: Mapped[str]
    id_masked: Mapped[str]
    content: Mapped[dict[str, Any]]
    digest: Mapped[str]
    state: Mapped[str]
    """issued, signed or objected."""
    objection: Mapped[str]
    issued_by: Mapped[UUID]
    issued_by_name: Mapped[str]
    issued_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    keep_until: Mapped[date]
