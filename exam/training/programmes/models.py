"""Tables of programmes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class Programme(Base):
    """培训方案: hours by node for one kind of training, by one syllabus and one rule set; fixed once published."""

    __tablename__ = "training_programme"
    __table_args__ = (UniqueConstraint("qualification", "kind", "version"),)

    id: Mapped[Id]
    qualification: Mapped[str]
    kind: Mapped[str]
    version: Mapped[int]
    title: Mapped[str]
    syllabus: Mapped[str]
    """Version of the syllabus, empty where there is none."""
    rule_set: Mapped[str]
    basis: Mapped[str]
    """What its total rests on, as the rules state it."""
    state: Mapped[str]
    drafted_by: Mapped[UUID]
    published_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]


class ProgrammeNode(Base):
    """方案条目: the seconds of theory and of practice that a node of the syllabus asks for."""

    __tablename__ = "training_programme_node"

    programme_id: Mapped[UUID] = mapped_column(ForeignKey("training_programme.id"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    theory_s: Mapped[int]
    practice_s: Mapped[int]
    position: Mapped[int]
