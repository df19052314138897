"""Tables of batches: what was chosen, and how far each certificate of it has come."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class Batch(Base):
    """制证批次: the certificates that were current when it was asked for, in the order in which they are handed out."""

    __tablename__ = "certs_batch"

    id: Mapped[Id]
    region: Mapped[str]
    choice: Mapped[dict[str, Any]]
    """As `Choice` has it."""
    paper: Mapped[str]
    """Print format, as `Paper` has it."""
    state: Mapped[str]
    total: Mapped[int]
    volumes: Mapped[list[Any]]
    """Print files that are made: key, digest, first and last place of each, in order."""
    asked_by: Mapped[UUID | None]
    asked_at: Mapped[datetime]
    moved_at: Mapped[datetime]
    """When the work last came further."""


class BatchLine(Base):
    """批次明细: one certificate of a batch; `outcome` is empty until its file is there or cannot be made."""

    __tablename__ = "certs_batch_line"

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("certs_batch.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    credential_id: Mapped[UUID] = mapped_column(ForeignKey("certs_credential.id"))
    region: Mapped[str]
    outcome: Mapped[str | None]
    code: Mapped[str]
    """Why it cannot be made, as the error's code."""
