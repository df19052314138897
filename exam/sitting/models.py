"""Tables of plans, sittings, rooms, registrations, tickets, and of the facts that eligibility is judged by."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class Plan(Base):
    """考试计划: what groups the sittings of one announcement."""

    __tablename__ = "sitting_plan"

    id: Mapped[Id]
    title: Mapped[str]
    region: Mapped[str]
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]


class Sitting(Base):
    """考试场次: one qualification at one centre, judged by one rule set; its state moves only forward."""

    __tablename__ = "sitting_sitting"

    id: Mapped[Id]
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("sitting_plan.id"))
    title: Mapped[str]
    qualification: Mapped[str]
    region: Mapped[str]
    centre_id: Mapped[UUID] = mapped_column(ForeignKey("identity_organisation.id"))
    centre_name: Mapped[str]
    """As it was called on the ticket; the exam room must not depend on the register of organisations."""
    address: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    """The last moment at which a candidate may start."""
    duration_s: Mapped[int]
    state: Mapped[str]
    rule_set: Mapped[str]
    blueprint_id: Mapped[UUID | None]
    forms_ready: Mapped[bool]
    forms_keyed: Mapped[int]
    """Forms made for a registration."""
    forms_standby: Mapped[int]
    """Forms made for whoever comes late."""
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]


class Room(Base):
    """考场: `position` gives the letter before its seat numbers; `proctor_id` is who answers for it, said by proctoring."""

    __tablename__ = "sitting_room"
    __table_args__ = (UniqueConstraint("sitting_id", "name"), UniqueConstraint("sitting_id", "position"))

    id: Mapped[Id]
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting_sitting.id"))
    region: Mapped[str]
    name: Mapped[str]
    position: Mapped[int]
    seats: Mapped[int]
    proctor_id: Mapped[UUID | None] = mapped_column(ForeignKey("identity_account.id"))
    proctor_since: Mapped[datetime | None]


class Registration(Base):
    """报名: an application as it was decided; only an accepted one has a seat.

    Unique among accepted ones, by partial indexes: (sitting, person) and (room, seat number).
    """

    __tablename__ = "sitting_registration"

    id: Mapped[Id]
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting_sitting.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("identity_organisation.id"))
    qualification: Mapped[str]
    region: Mapped[str]
    room_id: Mapped[UUID | None] = mapped_column(ForeignKey("sitting_room.id"))
    seat_no: Mapped[int | None]
    seat: Mapped[str]
    state: Mapped[str]
    kind: Mapped[str]
    rule_set: Mapped[str]
    reasons: Mapped[list[Any]]
    """What was weighed: refusals, and rules that are not stated and therefore not enforced."""
    photo_key: Mapped[str | None]
    registered_by: Mapped[UUID | None]
    registered_at: Mapped[datetime]


class Ticket(Base):
    """准考证: the secret in its QR, sealed for printing, found by digest."""

    __tablename__ = "sitting_ticket"

    registration_id: Mapped[UUID] = mapped_column(ForeignKey("sitting_registration.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    region: Mapped[str]
    digest: Mapped[bytes] = mapped_column(unique=True)
    secret_sealed: Mapped[bytes]


class PassFact(Base):
    """合格记录: a part passed, written by grading at release."""

    __tablename__ = "sitting_pass"

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    qualification: Mapped[str]
    part: Mapped[str]
    passed_on: Mapped[date]
    valid_until: Mapped[date]
    result_id: Mapped[UUID] = mapped_column(unique=True)
    region: Mapped[str]
    recorded_at: Mapped[datetime]


class PassWithdrawal(Base):
    """合格撤回: a correction has made the result a fail; the pass stays on record and counts for nothing."""

    __tablename__ = "sitting_pass_withdrawal"

    id: Mapped[Id]
    result_id: Mapped[UUID] = mapped_column(ForeignKey("sitting_pass.result_id"), unique=True)
    corrected_by: Mapped[UUID]
    """The result version that is no pass."""
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    region: Mapped[str]
    recorded_at: Mapped[datetime]


class AttemptFact(Base):
    """考试次数: one attempt of a part that counts against the rule set's limit."""

    __tablename__ = "sitting_attempt_used"
    __table_args__ = (UniqueConstraint("attempt_id", "part"),)

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    qualification: Mapped[str]
    part: Mapped[str]
    attempt_id: Mapped[UUID]
    region: Mapped[str]
    used_at: Mapped[datetime]


class BanFact(Base):
    """禁考: until when a person may not apply, for one qualification or for all, and by which article."""

    __tablename__ = "sitting_ban"

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    qualification: Mapped[str | None]
    until_on: Mapped[date]
    reason: Mapped[str]
    ground: Mapped[str]
    """事由: a code that eligibility has a sentence for; empty where the reason in words is all that is known."""
    basis: Mapped[str]
    region: Mapped[str]
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime]


class BanLift(Base):
    """禁考解除: what the bar rested on has been undone; the bar stays on record and counts for nothing."""

    __tablename__ = "sitting_ban_lift"

    ban_id: Mapped[UUID] = mapped_column(ForeignKey("sitting_ban.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    region: Mapped[str]
    reason: Mapped[str]
    lifted_by: Mapped[UUID | None]
    lifted_at: Mapped[datetime]
