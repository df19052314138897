"""The table of quiz rounds."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class QuizRound(Base):
    """一轮测验: the ids of the items that are asked in order, and the ids of the answers so far; fixed once it has ended."""

    __tablename__ = "training_quiz_round"

    id: Mapped[Id]
    progress_id: Mapped[UUID] = mapped_column(ForeignKey("training_progress.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    region: Mapped[str]
    items: Mapped[list[Any]]
    answers: Mapped[list[Any]]
    right_answers: Mapped[int]
    passed: Mapped[bool | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
