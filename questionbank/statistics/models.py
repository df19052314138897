"""Tables of what grading wrote down about items, and of suspicions that it raised."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id

Many = Annotated[int, mapped_column(BigInteger)]


class SittingStatistic(Base):
    """A sitting that has been scored: where, when, and how many candidates began."""

    __tablename__ = "questionbank_sitting_statistic"

    sitting_id: Mapped[UUID] = mapped_column(primary_key=True)
    qualification: Mapped[str]
    region: Mapped[str]
    centre_id: Mapped[UUID]
    centre_name: Mapped[str]
    title: Mapped[str]
    held_on: Mapped[date]
    candidates: Mapped[int]
    recorded_at: Mapped[datetime]


class ItemStatistic(Base):
    """试题统计: how one version of an item did in one sitting, as sums that add up over sittings (see `Sums`)."""

    __tablename__ = "questionbank_item_statistic"

    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("questionbank_sitting_statistic.sitting_id"), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("questionbank_item.id"), primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    region: Mapped[str]
    seen: Mapped[int]
    asked: Mapped[int]
    correct: Mapped[int]
    blank: Mapped[int]
    earned: Mapped[Many]
    earned_squares: Mapped[Many]
    rest: Mapped[Many]
    rest_squares: Mapped[Many]
    products: Mapped[Many]
    choices: Mapped[dict[str, int]] = mapped_column(JSONB)


class ItemSuspicion(Base):
    """疑似泄题: an item became easier than the candidates' other answers explain; a person decides what it was.

    Without a centre it was everywhere.
    """

    __tablename__ = "questionbank_item_suspicion"

    id: Mapped[Id]
    item_id: Mapped[UUID] = mapped_column(ForeignKey("questionbank_item.id"))
    version: Mapped[str]
    region: Mapped[str]
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("questionbank_sitting_statistic.sitting_id"))
    centre_id: Mapped[UUID | None]
    centre_name: Mapped[str]
    asked_before: Mapped[int]
    percent_before: Mapped[int]
    percent_expected: Mapped[int]
    asked_now: Mapped[int]
    percent_now: Mapped[int]
    found_at: Mapped[datetime]
    state: Mapped[str]
    decided_by: Mapped[UUID | None]
    decided_by_name: Mapped[str]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str]
