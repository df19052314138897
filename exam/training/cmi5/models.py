"""Tables of what units of cmi5 courses say and keep; no hour follows from any of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class UnitSession(Base):
    """课件单元会话: a unit launched once; `ended_by` is empty while it lasts, then what ended it."""

    __tablename__ = "training_unit_session"

    id: Mapped[Id]
    progress_id: Mapped[UUID] = mapped_column(ForeignKey("training_progress.id"))
    visit_id: Mapped[UUID] = mapped_column(ForeignKey("training_visit.id"))
    item: Mapped[str]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    region: Mapped[str]
    mode: Mapped[str]
    launched_at: Mapped[datetime]
    fetched_at: Mapped[datetime | None]
    initialized_at: Mapped[datetime | None]
    heard_at: Mapped[datetime | None]
    judged: Mapped[bool]
    ended_by: Mapped[str]


class StatementRow(Base):
    """学习记录语句: a statement as it was sent, numbered in the order of its coming; never changed, erased after the years of the rule."""

    __tablename__ = "training_statement"

    progress_id: Mapped[UUID] = mapped_column(ForeignKey("training_progress.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    session_id: Mapped[UUID] = mapped_column(ForeignKey("training_unit_session.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    region: Mapped[str]
    verb: Mapped[str]
    activity: Mapped[str]
    body: Mapped[dict[str, Any]]
    stored_at: Mapped[datetime]


class UnitDocument(Base):
    """课件单元文档: what a unit wants to find again, by resource (state, profiles), activity and name."""

    __tablename__ = "training_unit_document"

    progress_id: Mapped[UUID] = mapped_column(ForeignKey("training_progress.id"), primary_key=True)
    resource: Mapped[str] = mapped_column(primary_key=True)
    activity: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    region: Mapped[str]
    content: Mapped[bytes]
    media_type: Mapped[str]
    at: Mapped[datetime]
