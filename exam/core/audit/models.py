"""Tables of the log over the audit entries; both are written by the signer alone and never changed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class LogLeaf(Base):
    """日志叶: that an entry stands at this index of the tree; indexes have no gap."""

    __tablename__ = "core_log_leaf"

    index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("core_audit_entry.id"), unique=True)
    hash: Mapped[bytes]
    """RFC 6962 leaf hash of the entry's canonical bytes."""
    sequenced_at: Mapped[datetime]


class LogCheckpoint(Base):
    """检查点: one signed head of the log as it was published, with the cosignatures that it had by then."""

    __tablename__ = "core_log_checkpoint"

    id: Mapped[Id]
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes]
    note: Mapped[bytes]
    cosigned: Mapped[dict[str, Any]]
    """The Unix second of each witness's cosignature by the witness's name in the policy."""
    witnessed: Mapped[bool]
    """Whether these witnesses were a quorum."""
    published_at: Mapped[datetime]
