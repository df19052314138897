"""Tables of what has happened to persons and, through them, to enterprises: written once, from events."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, Date, ForeignKey, Table, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class PersonEntry(Base):
    """个人档案记录: one result or one turn in the life of a credential; `facts` hold no personal data."""

    __tablename__ = "records_person_entry"

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    region: Mapped[str]
    kind: Mapped[str]
    subject_id: Mapped[UUID]
    """The result or the credential."""
    qualification: Mapped[str]
    at: Mapped[datetime]
    """When it happened; `recorded_at` is when the worker wrote it down."""
    recorded_at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]


class EnterpriseEntry(Base):
    """企业档案记录: the same for one enterprise that the person was registered by or works for; no marks stand here."""

    __tablename__ = "records_enterprise_entry"

    id: Mapped[Id]
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("identity_organisation.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    region: Mapped[str]
    """The enterprise's own region: its supervisor reads it, wherever the exam was."""
    kind: Mapped[str]
    subject_id: Mapped[UUID]
    qualification: Mapped[str]
    link: Mapped[str]
    """registration, or engagement where the person works there and somebody else registered them."""
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]


# sums have no identity of their own and are read and written by the statements of sums and folding alone
Table(
    "records_sum",
    Base.metadata,
    Column("source", Text, nullable=False),
    Column("day_on", Date, nullable=False),
    Column("region", Text, nullable=False),
    Column("qualification", Text),
    Column("centre_id", Uuid),
    Column("counts", ARRAY(BigInteger), nullable=False),
)
Table(
    "records_sum_industry",
    Base.metadata,
    Column("source", Text, nullable=False),
    Column("day_on", Date, nullable=False),
    Column("region", Text, nullable=False),
    Column("industry", Text),
    Column("counts", ARRAY(BigInteger), nullable=False),
)
Table(
    "records_stale",
    Base.metadata,
    Column("source", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("day_on", Date, nullable=False),
)
Table(
    "records_coverage",
    Base.metadata,
    Column("organisation_id", Uuid, primary_key=True),
    Column("region", Text, nullable=False),
    Column("wanted", BigInteger, nullable=False),
    Column("valid", BigInteger, nullable=False),
    Column("expiring", BigInteger, nullable=False),
)
Table(
    "records_folded",
    Base.metadata,
    Column("source", Text, primary_key=True),
    Column("digest", Text, nullable=False),
)
Table(
    "records_snapshot",
    Base.metadata,
    Column("source", Text, primary_key=True),
    Column("day_on", Date, primary_key=True),
)
