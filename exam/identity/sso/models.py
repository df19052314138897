"""Whose identity at the provider belongs to which account."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class SsoIdentity(Base):
    """统一身份绑定: the subject at the provider is sealed, for some providers use a number of the person."""

    __tablename__ = "identity_sso"

    id: Mapped[Id]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"), unique=True)
    subject_sealed: Mapped[bytes]
    subject_index: Mapped[bytes] = mapped_column(unique=True)
    """Keyed digest of issuer and subject."""
    bound_at: Mapped[datetime]
