"""Tables of custodians' keys and of the shares they hold."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class CustodianKey(Base):
    """密钥保管人's key pair: the private half is wrapped by a passphrase in the browser and means nothing here."""

    __tablename__ = "questionbank_custodian_key"

    id: Mapped[Id]
    account_id: Mapped[UUID]
    name: Mapped[str]
    region: Mapped[str]
    public: Mapped[bytes]
    private_wrapped: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class KeyShare(Base):
    """One custodian's share of one view's key; `given` is the opened share, kept only until enough have come.

    `tried_at` is when its holder last opened it in a drill (演练), `lost_at` when the holder said that it cannot be opened any more.
    """

    __tablename__ = "questionbank_key_share"

    sitting_id: Mapped[UUID] = mapped_column(primary_key=True)
    view: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    region: Mapped[str]
    custodian_key_id: Mapped[UUID] = mapped_column(ForeignKey("questionbank_custodian_key.id"))
    sealed: Mapped[bytes]
    given: Mapped[bytes | None]
    given_at: Mapped[datetime | None]
    reason: Mapped[str]
    tried_at: Mapped[datetime | None]
    lost_at: Mapped[datetime | None]
