"""Table of withdrawals."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class WithdrawalRow(Base):
    """紧急撤题: an item taken back while forms may hold it, and the rule by which those who were asked it are graded."""

    __tablename__ = "questionbank_withdrawal"

    id: Mapped[Id]
    item_id: Mapped[UUID] = mapped_column(ForeignKey("questionbank_item.id"))
    region: Mapped[str]
    rule: Mapped[str]
    reason: Mapped[str]
    proposed_by: Mapped[UUID]
    proposed_by_name: Mapped[str]
    proposed_at: Mapped[datetime]
    state: Mapped[str]
    decided_by: Mapped[UUID | None]
    decided_by_name: Mapped[str]
    decided_at: Mapped[datetime | None]
