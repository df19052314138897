"""Tables of syllabuses."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class Syllabus(Base):
    """考核大纲: one version of the tree of what may be asked."""

    __tablename__ = "questionbank_syllabus"

    id: Mapped[Id]
    qualification: Mapped[str]
    version: Mapped[str]
    title: Mapped[str]
    state: Mapped[str]
    """draft, published, retired, or discarded before it was published."""
    drafted_by: Mapped[UUID]
    published_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]


class SyllabusNode(Base):
    """大纲条目: codes grow by dots, `parent` is None for a chapter, `weight` is the percentage of the examination."""

    __tablename__ = "questionbank_syllabus_node"

    syllabus_id: Mapped[UUID] = mapped_column(ForeignKey("questionbank_syllabus.id"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    parent: Mapped[str | None]
    title: Mapped[str]
    depth: Mapped[str]
    hours: Mapped[int]
    weight: Mapped[int]
    position: Mapped[int]
