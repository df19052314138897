"""The table of records of national certificates."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class NationalRecord(Base):
    """国家证照登记: what a file of the national platform says of one person's certificate for one item.

    Whoever brings it in records it; that it agrees with the national platform is the word of a second person.
    """

    __tablename__ = "certs_national_record"
    __table_args__ = (UniqueConstraint("person_id", "qualification", "valid_from_on"),)

    id: Mapped[Id]
    region: Mapped[str]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    qualification: Mapped[str]
    category: Mapped[str]
    query_index: Mapped[bytes]
    """Blind index over number and name together, as a credential's."""
    number_masked: Mapped[str]
    holder_masked: Mapped[str]
    document_id: Mapped[str]
    """电子证照标识 (GB/T 36904), where the file has it."""
    issuer: Mapped[str]
    issuer_code: Mapped[str]
    issued_on: Mapped[date]
    valid_from_on: Mapped[date]
    valid_until_on: Mapped[date]
    review_on: Mapped[date | None]
    state: Mapped[str]
    source: Mapped[str]
    """SHA-256 of the file it came from."""
    imported_by: Mapped[UUID | None]
    imported_at: Mapped[datetime]
    checked_by: Mapped[UUID | None]
    checked_at: Mapped[datetime | None]
    check_note: Mapped[str]
