"""Tables of credit: leads, what they rest on, and every step of the process."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class Clue(Base):
    """线索: what a rule noticed of one organisation or one person; never a listing by itself.

    Of one rule and one subject there is at most one that nobody has looked into.
    """

    __tablename__ = "records_credit_clue"

    id: Mapped[Id]
    rule: Mapped[str]
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("identity_organisation.id"))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("identity_person.id"))
    subject_name: Mapped[str]
    """The organisation's name, or the person's masked one, as it was then."""
    region: Mapped[str]
    state: Mapped[str]
    found_at: Mapped[datetime]
    due_on: Mapped[date]
    """The last day of the present step: looking into it, answering the notice."""


class ClueEvidence(Base):
    """证据: one fact of the platform's that a lead rests on; append-only, without personal data in `facts`."""

    __tablename__ = "records_credit_evidence"
    __table_args__ = (UniqueConstraint("clue_id", "subject_id"),)

    id: Mapped[Id]
    clue_id: Mapped[UUID] = mapped_column(ForeignKey("records_credit_clue.id"))
    region: Mapped[str]
    kind: Mapped[str]
    subject_id: Mapped[UUID]
    """The engagement, the attendance, the incident or the credential."""
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    facts: Mapped[dict[str, Any]]
    noted_at: Mapped[datetime]


class ClueStep(Base):
    """办理记录: what was done, by whom and in which words; append-only, so that the process can be shown."""

    __tablename__ = "records_credit_step"

    id: Mapped[Id]
    clue_id: Mapped[UUID] = mapped_column(ForeignKey("records_credit_clue.id"))
    region: Mapped[str]
    act: Mapped[str]
    by_account: Mapped[UUID | None]
    by_person: Mapped[UUID | None]
    at: Mapped[datetime]
    text: Mapped[str]


class Notice(Base):
    """告知书: what the party was told, once for each lead."""

    __tablename__ = "records_credit_notice"

    clue_id: Mapped[UUID] = mapped_column(ForeignKey("records_credit_clue.id"), primary_key=True)
    region: Mapped[str]
    document_no: Mapped[str]
    text: Mapped[str]
    defence_until_on: Mapped[date]
    noticed_by: Mapped[UUID | None]
    noticed_at: Mapped[datetime]


class Decision(Base):
    """决定: what the authority decided outside, recorded by one person and confirmed or returned by another.

    The fields are those that are published of an administrative penalty; amounts in 万元.
    """

    __tablename__ = "records_credit_decision"

    id: Mapped[Id]
    clue_id: Mapped[UUID] = mapped_column(ForeignKey("records_credit_clue.id"))
    region: Mapped[str]
    state: Mapped[str]
    penalised: Mapped[bool]
    document_title: Mapped[str]
    document_no: Mapped[str]
    conduct: Mapped[str]
    facts: Mapped[str]
    basis: Mapped[str]
    kinds: Mapped[str]
    content: Mapped[str]
    fine: Mapped[Decimal] = mapped_column(Numeric(14, 6))
    forfeited: Mapped[Decimal] = mapped_column(Numeric(14, 6))
    licence: Mapped[str]
    authority: Mapped[str]
    authority_code: Mapped[str]
    decided_on: Mapped[date]
    severity: Mapped[str]
    months: Mapped[int]
    """For how many months it is published."""
    ban_years: Mapped[int]
    drafted_by: Mapped[UUID]
    drafted_at: Mapped[datetime]
    confirmed_by: Mapped[UUID | None]
    """The second person, who confirmed or returned it."""
    confirmed_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")
    """Why it was returned."""


class CreditRecord(Base):
    """信用记录: what stands on record of an enterprise or a person after a decision, and until when it is published."""

    __tablename__ = "records_credit_record"

    id: Mapped[Id]
    decision_id: Mapped[UUID | None] = mapped_column(ForeignKey("records_credit_decision.id"), unique=True)
    ban_id: Mapped[UUID | None] = mapped_column(ForeignKey("sitting_ban.id"))
    """The bar from exams that the decision brought, if it did."""
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("identity_organisation.id"))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("identity_person.id"))
    subject_name: Mapped[str]
    region: Mapped[str]
    kind: Mapped[str]
    document_no: Mapped[str]
    title: Mapped[str]
    content: Mapped[str]
    authority: Mapped[str]
    severity: Mapped[str]
    decided_on: Mapped[date]
    report_by_on: Mapped[date]
    """By when it is to be published."""
    repair_from_on: Mapped[date]
    """From when repair may be asked for: the least term of publication is over."""
    publish_until_on: Mapped[date | None]
    """The last day of publication, None for what is not published."""
    kept_until_on: Mapped[date]
    state: Mapped[str]
    ended_on: Mapped[date | None]
    """When it was repaired or withdrawn."""
    entered_at: Mapped[datetime]


class CreditRequest(Base):
    """异议, 信用修复申请: what the party asks of a record, and the authority's answer."""

    __tablename__ = "records_credit_request"

    id: Mapped[Id]
    record_id: Mapped[UUID] = mapped_column(ForeignKey("records_credit_record.id"))
    region: Mapped[str]
    kind: Mapped[str]
    """objection or repair."""
    text: Mapped[str]
    filed_by: Mapped[UUID | None]
    filed_at: Mapped[datetime]
    due_on: Mapped[date]
    most_on: Mapped[date]
    """The last day where the matter is difficult."""
    state: Mapped[str]
    answer: Mapped[str] = mapped_column(default="")
    answered_by: Mapped[UUID | None]
    answered_at: Mapped[datetime | None]


class Reading(Base):
    """查询记录: that somebody has read a credit record; append-only, kept for the years of the rule."""

    __tablename__ = "records_credit_reading"

    id: Mapped[Id]
    record_id: Mapped[UUID] = mapped_column(ForeignKey("records_credit_record.id"))
    region: Mapped[str]
    role: Mapped[str]
    """As whom: regulator, enterprise, centre, candidate, or export."""
    by_account: Mapped[UUID | None]
    at: Mapped[datetime]
    kept_until_on: Mapped[date]
