"""Tables of practice: answers and favourites that are only added to, mocks and what was answered in them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class PracticeAnswer(Base):
    """练习作答: one answer to one released item, in practice or in a mock; append-only."""

    __tablename__ = "training_practice_answer"

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    region: Mapped[str]
    qualification: Mapped[str]
    item_id: Mapped[UUID] = mapped_column(ForeignKey("questionbank_item.id"))
    version: Mapped[str]
    """The digest of the version that was asked."""
    node: Mapped[str]
    mock_id: Mapped[UUID | None] = mapped_column(ForeignKey("training_mock.id"))
    response: Mapped[list[Any]]
    correct: Mapped[bool]
    at: Mapped[datetime]


class Favourite(Base):
    """收藏: an item was kept, or let go again; the newest row counts."""

    __tablename__ = "training_favourite"

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    region: Mapped[str]
    qualification: Mapped[str]
    item_id: Mapped[UUID] = mapped_column(ForeignKey("questionbank_item.id"))
    kept: Mapped[bool]
    at: Mapped[datetime]


class Mock(Base):
    """模拟考试: one form of the live blueprint from released items; `form` is a PracticeForm, which holds no key."""

    __tablename__ = "training_mock"

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("training_enrolment.id"))
    region: Mapped[str]
    qualification: Mapped[str]
    form: Mapped[dict[str, Any]]
    full_marks: Mapped[int]
    pass_marks: Mapped[int]
    started_at: Mapped[datetime]
    deadline_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    marks: Mapped[int | None]
    """Hundredths, once handed in."""


class MockResponse(Base):
    """模拟考试作答: a revision of the response to one slot; the greatest `seq` counts."""

    __tablename__ = "training_mock_response"
    __table_args__ = (UniqueConstraint("mock_id", "slot", "seq"),)

    id: Mapped[Id]
    mock_id: Mapped[UUID] = mapped_column(ForeignKey("training_mock.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    region: Mapped[str]
    slot: Mapped[int]
    seq: Mapped[int]
    response: Mapped[list[Any]]
    at: Mapped[datetime]
