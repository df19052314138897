"""The table of reports: one row for each version."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class Report(Base):
    """报表: one version of a region's report on one period; `figures` are counted, `entries` typed, both by cell."""

    __tablename__ = "reports_report"
    __table_args__ = (UniqueConstraint("form", "region", "first_on", "version"),)

    id: Mapped[Id]
    form: Mapped[str]
    region: Mapped[str]
    to_region: Mapped[str]
    first_on: Mapped[date]
    last_on: Mapped[date]
    due_on: Mapped[date]
    version: Mapped[int]
    state: Mapped[str]
    figures: Mapped[dict[str, Any]]
    entries: Mapped[dict[str, Any]]
    note: Mapped[str]
    filled_by: Mapped[UUID]
    filled_at: Mapped[datetime]
    signed_by: Mapped[UUID | None]
    signed_at: Mapped[datetime | None]
    submitted_by: Mapped[UUID | None]
    submitted_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")
    arrived_from: Mapped[UUID | None] = mapped_column(ForeignKey("records_exchange_neighbour.id"))
    """The lower node that sent it; none for a report of this installation."""
    people: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Names of people of other installations, by their ids."""
    answer_id: Mapped[UUID | None] = mapped_column(ForeignKey("records_node_answer.id"))
    """The kept answer of the level above that decided it."""
