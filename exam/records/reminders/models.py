"""Tables of reminders, of what was sent of them, and of mail addresses."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class Reminder(Base):
    """提醒: one stage of one matter, for an enterprise or, without one, for the regulators of exactly this region."""

    __tablename__ = "records_reminder"
    __table_args__ = (
        UniqueConstraint(
            "kind",
            "subject",
            "due_on",
            "stage",
            "organisation_id",
            "region",
            name="records_reminder_stage_key",
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    """expiry, notice, objection or report."""
    subject: Mapped[str]
    """What it is about: the id of a credential, a case or a request, the code of a form."""
    stage: Mapped[str]
    """Days left (90, 60, 30), or soon and late; of a notice told before them."""
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("identity_organisation.id"))
    region: Mapped[str]
    due_on: Mapped[date]
    facts: Mapped[dict[str, Any]]
    """Ids and codes, no personal data."""
    made_at: Mapped[datetime]


class ReminderSent(Base):
    """提醒发送: that a reminder went to an account by mail, or, without one, out by webhook."""

    __tablename__ = "records_reminder_sent"
    __table_args__ = (UniqueConstraint("reminder_id", "account_id", postgresql_nulls_not_distinct=True),)

    id: Mapped[Id]
    reminder_id: Mapped[UUID] = mapped_column(ForeignKey("records_reminder.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("identity_account.id"))
    region: Mapped[str]
    at: Mapped[datetime]


class ReminderAddress(Base):
    """提醒邮箱: where an account wants its mail; `wants` is false for who has unsubscribed."""

    __tablename__ = "records_reminder_address"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"), primary_key=True)
    address: Mapped[str]
    wants: Mapped[bool]
    changed_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    """When the link was mailed."""
    confirmed_at: Mapped[datetime | None]
    """When its owner opened the link; before that nothing else goes there."""
