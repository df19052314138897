"""Tables of scores, results, their release, practical sheets, regrades and appeals."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Computed, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class Score(Base):
    """评分: what an attempt's responses earned under a form's scoring view; appended, never changed."""

    __tablename__ = "grading_score"
    __table_args__ = (UniqueConstraint("attempt_id", "version"),)

    id: Mapped[Id]
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("delivery_attempt.id"))
    version: Mapped[int]
    """1 is the scoring after the close, later ones come from regrades."""
    sitting_id: Mapped[UUID]
    region: Mapped[str]
    form_id: Mapped[UUID]
    regrade_id: Mapped[UUID | None] = mapped_column(ForeignKey("grading_regrade.id"))
    form_digest: Mapped[bytes]
    """SHA-256 of the canonical scoring view."""
    response_digest: Mapped[bytes | None]
    """The digest the candidate's receipt was made of."""
    algorithm: Mapped[str]
    slots: Mapped[list[Any]]
    """One object per counted slot: slot, item, marks, full, correct."""
    marks: Mapped[int]
    full_marks: Mapped[int]
    correct: Mapped[int]
    answered: Mapped[int]
    made_at: Mapped[datetime]


class PracticalSheet(Base):
    """实操评分表: one take of a practical part with the marks of its two assessors, and of a third where they differ."""

    __tablename__ = "grading_practical_sheet"
    __table_args__ = (UniqueConstraint("registration_id", "take"),)

    id: Mapped[Id]
    registration_id: Mapped[UUID]
    sitting_id: Mapped[UUID]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    qualification: Mapped[str]
    region: Mapped[str]
    rule_set: Mapped[str]
    take: Mapped[int]
    state: Mapped[str]
    first_by: Mapped[UUID]
    first_marks: Mapped[dict[str, Any]]
    first_vetoes: Mapped[list[Any]]
    first_note: Mapped[str]
    first_at: Mapped[datetime]
    second_by: Mapped[UUID | None]
    second_marks: Mapped[dict[str, Any] | None]
    second_vetoes: Mapped[list[Any] | None]
    second_note: Mapped[str | None]
    second_at: Mapped[datetime | None]
    settled_by: Mapped[UUID | None]
    settled_marks: Mapped[dict[str, Any] | None]
    settled_vetoes: Mapped[list[Any] | None]
    settled_note: Mapped[str | None]
    settled_at: Mapped[datetime | None]


class Answer(Base):
    """简答题答卷: an answer in words that people mark; `marks` are what it earned once it is settled."""

    __tablename__ = "grading_answer"
    __table_args__ = (UniqueConstraint("attempt_id", "slot"),)

    id: Mapped[Id]
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("delivery_attempt.id"))
    sitting_id: Mapped[UUID]
    region: Mapped[str]
    qualification: Mapped[str]
    form_id: Mapped[UUID]
    slot: Mapped[int]
    item_id: Mapped[UUID]
    full_marks: Mapped[int]
    tolerance: Mapped[int]
    """The greatest difference of two marks that agree, and below it the step, as the rule said at the close."""
    step: Mapped[int]
    state: Mapped[str]
    marks: Mapped[int | None]
    called_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class AnswerMark(Base):
    """评阅: what one assessor gave an answer; appended, never changed. The third place settles a dispute."""

    __tablename__ = "grading_answer_mark"
    __table_args__ = (UniqueConstraint("answer_id", "place"), UniqueConstraint("answer_id", "account_id"))

    id: Mapped[Id]
    answer_id: Mapped[UUID] = mapped_column(ForeignKey("grading_answer.id"))
    region: Mapped[str]
    place: Mapped[int]
    account_id: Mapped[UUID]
    account_name: Mapped[str]
    marks: Mapped[int]
    note: Mapped[str]
    at: Mapped[datetime]


class Regrade(Base):
    """重评: a change of keys or rules after the close, proposed by one person and approved by another."""

    __tablename__ = "grading_regrade"

    id: Mapped[Id]
    sitting_id: Mapped[UUID]
    region: Mapped[str]
    changes: Mapped[list[Any]]
    reason: Mapped[str]
    effect: Mapped[dict[str, Any]]
    """Counts over the sitting's results: affected, raised, lowered, up (fail → pass), down (pass → fail)."""
    state: Mapped[str]
    proposed_by: Mapped[UUID]
    proposed_at: Mapped[datetime]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]


class Result(Base):
    """成绩: one version of what a part of an exam came to; a correction is a further version."""

    __tablename__ = "grading_result"
    __table_args__ = (UniqueConstraint("origin_id", "version"),)

    id: Mapped[Id]
    attempt_id: Mapped[UUID | None] = mapped_column(ForeignKey("delivery_attempt.id"))
    sheet_id: Mapped[UUID | None] = mapped_column(ForeignKey("grading_practical_sheet.id"))
    origin_id: Mapped[UUID] = mapped_column(Computed("coalesce(attempt_id, sheet_id)", persisted=True))
    """The attempt or the sheet: versions of one origin follow each other."""
    version: Mapped[int]
    sitting_id: Mapped[UUID]
    registration_id: Mapped[UUID]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    region: Mapped[str]
    qualification: Mapped[str]
    part: Mapped[str]
    marks: Mapped[int]
    pass_marks: Mapped[int]
    passed: Mapped[bool]
    """Whether this part is passed; `outcome` speaks of the whole exam."""
    outcome: Mapped[str]
    rule_set: Mapped[str]
    score_id: Mapped[UUID | None] = mapped_column(ForeignKey("grading_score.id"))
    regrade_id: Mapped[UUID | None] = mapped_column(ForeignKey("grading_regrade.id"))
    reason: Mapped[str]
    made_by: Mapped[UUID | None]
    approved_by: Mapped[UUID | None]
    taken_at: Mapped[datetime]
    made_at: Mapped[datetime]


class Release(Base):
    """公布: that a result version has been told; before it the candidate cannot read the result."""

    __tablename__ = "grading_release"

    id: Mapped[Id]
    result_id: Mapped[UUID] = mapped_column(ForeignKey("grading_result.id"), unique=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    region: Mapped[str]
    released_by: Mapped[UUID | None]
    released_at: Mapped[datetime]


class Appeal(Base):
    """成绩复核: a candidate's request to look at a released result again."""

    __tablename__ = "grading_appeal"

    id: Mapped[Id]
    result_id: Mapped[UUID] = mapped_column(ForeignKey("grading_result.id"), unique=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    region: Mapped[str]
    grounds: Mapped[str]
    filed_at: Mapped[datetime]
    state: Mapped[str]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    answer: Mapped[str | None]
