"""Tables of credentials, their history, what waits for a second person, and the public keys."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class Credential(Base):
    """证书: one version of one person's credential for one qualification.

    Only `status`, `review_on` and what the making of the PDF fills in ever change; a trigger holds the rest.
    """

    __tablename__ = "certs_credential"
    __table_args__ = (UniqueConstraint("number_index", "qualification", "version"),)

    id: Mapped[Id]
    public_id: Mapped[str] = mapped_column(unique=True)
    """128 random bits; all that the QR and the public pages know the credential by."""
    version: Mapped[int]
    number_sealed: Mapped[bytes]
    number_index: Mapped[bytes]
    """Blind index over the number: finds all credentials of one number."""
    query_index: Mapped[bytes]
    """Blind index over number and name together: a right number with a wrong name misses like an unknown one."""
    number_masked: Mapped[str]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    holder_masked: Mapped[str]
    qualification: Mapped[str]
    category: Mapped[str]
    region: Mapped[str]
    issued_on: Mapped[date]
    first_issued_on: Mapped[date]
    valid_from_on: Mapped[date]
    valid_until_on: Mapped[date]
    review_due_on: Mapped[date | None]
    """As it was issued, and as it stands on the paper."""
    review_on: Mapped[date | None]
    """复审期限: the last day for the review that is still asked for; None once none is."""
    status: Mapped[str]
    rule_set: Mapped[str]
    basis: Mapped[str]
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("identity_organisation.id"))
    issuer_name: Mapped[str]
    employer: Mapped[str]
    results: Mapped[list[Any]]
    """One object per part: part, result_id, registration_id, attempt_id."""
    photo_key: Mapped[str | None]
    issued_at: Mapped[datetime]
    qr_text: Mapped[str | None]
    key_id: Mapped[str | None]
    pdf_key: Mapped[str | None]
    pdf_digest: Mapped[bytes | None]
    photo_digest: Mapped[bytes | None]


class Draft(Base):
    """未成文件: a certificate's file that a run has begun and not kept yet; gone once the credential names it."""

    __tablename__ = "certs_draft"

    key: Mapped[str] = mapped_column(primary_key=True)
    credential_id: Mapped[UUID] = mapped_column(ForeignKey("certs_credential.id"))
    region: Mapped[str]
    begun_at: Mapped[datetime]


class CredentialEvent(Base):
    """证书变更记录: one act in a credential's life, append-only; the status is the fold of these."""

    __tablename__ = "certs_credential_event"

    id: Mapped[Id]
    credential_id: Mapped[UUID] = mapped_column(ForeignKey("certs_credential.id"))
    region: Mapped[str]
    kind: Mapped[str]
    ground: Mapped[str]
    """事由: the reason as the rules know it, empty for what needs none."""
    rule_set: Mapped[str]
    basis: Mapped[str]
    """Document and article that allowed it, under the rules of its day."""
    reason: Mapped[str]
    actor: Mapped[UUID | None]
    proposer: Mapped[UUID | None]
    """Who asked for what `actor` confirmed."""
    at: Mapped[datetime]
    audit_id: Mapped[UUID] = mapped_column(ForeignKey("core_audit_entry.id"))


class Proposal(Base):
    """待确认事项: an act that one person asks for and another confirms or declines."""

    __tablename__ = "certs_proposal"

    id: Mapped[Id]
    credential_id: Mapped[UUID] = mapped_column(ForeignKey("certs_credential.id"))
    region: Mapped[str]
    act: Mapped[str]
    ground: Mapped[str]
    """事由: a reason that the rules of the day of asking knew."""
    reason: Mapped[str]
    proposed_by: Mapped[UUID | None]
    """Nobody where a hold has opened the case: a regulator decides it alone, as any suspension."""
    proposed_at: Mapped[datetime]
    confirmed: Mapped[bool | None]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]


class Withheld(Base):
    """暂缓发证: every part is passed and something else stands in the way; settled when it no longer does."""

    __tablename__ = "certs_withheld"

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("identity_person.id"))
    qualification: Mapped[str]
    registration_id: Mapped[UUID]
    region: Mapped[str]
    reason: Mapped[str]
    detail: Mapped[str]
    noted_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class StatusEntry(Base):
    """状态清单位置: where a credential stands in the signed status list, drawn at random and given once."""

    __tablename__ = "certs_status_entry"

    position: Mapped[int] = mapped_column(primary_key=True)
    credential_id: Mapped[UUID] = mapped_column(ForeignKey("certs_credential.id"), unique=True)
    region: Mapped[str]


class NumberCounter(Base):
    """流水号: the last serial under a number's prefix; a lost one is never given again."""

    __tablename__ = "certs_number_counter"

    prefix: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]


class SigningKey(Base):
    """签发公钥: every key that ever signed; an old one verifies what it signed for good."""

    __tablename__ = "certs_key"

    key_id: Mapped[str] = mapped_column(primary_key=True)
    algorithm: Mapped[str]
    public: Mapped[bytes]
    issuer: Mapped[str]
    active_from: Mapped[datetime]
    active_until: Mapped[datetime | None]
