"""Tables of the exchange: neighbours, what each is told, every attempt to tell it, and the tokens it calls with."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id

SECRET_PLACE = "records_exchange_neighbour.secret"  # noqa: S105  # the place of a column, not a secret
SECRET_BEFORE_PLACE = "records_exchange_neighbour.secret_before"  # noqa: S105  # likewise


class Neighbour(Base):
    """对接系统: registered by one administrator, admitted by another; told of what happens in its region."""

    __tablename__ = "records_exchange_neighbour"

    id: Mapped[Id]
    region: Mapped[str]
    name: Mapped[str]
    address: Mapped[str]
    """Where messages are pushed to; empty for a neighbour that only calls."""
    form: Mapped[str]
    """json or xml."""
    kinds: Mapped[list[Any]]
    """Codes of the kinds of messages that it is told."""
    sends: Mapped[bool]
    """Whether it is a lower node, which tells us what happens in its region."""
    secret_sealed: Mapped[bytes]
    secret_before_sealed: Mapped[bytes | None]
    secret_before_until: Mapped[datetime | None]
    """Until then the secret before is good as well."""
    state: Mapped[str]
    last_position: Mapped[int] = mapped_column(BigInteger, default=0)
    """How many messages were written for it; its row is locked while one is."""
    registered_by: Mapped[UUID]
    registered_at: Mapped[datetime]
    decided_by: Mapped[UUID | None]
    """The second administrator, who admitted or returned it."""
    decided_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")
    """Why it was returned or closed."""
    carriage: Mapped[str] = mapped_column(default="message")
    """message: one push or call for each; batch: sealed together, and accepted or returned by a person above."""
    card: Mapped[str] = mapped_column(default="")
    """The other node's public keys, confirmed by a second administrator."""
    certificate: Mapped[str] = mapped_column(default="")
    """SHA-256 of the client certificate that it must show, in hexadecimal; empty for none."""
    card_proposed: Mapped[str] = mapped_column(default="")
    certificate_proposed: Mapped[str] = mapped_column(default="")
    identity_by: Mapped[UUID | None]
    """Who proposed what is not confirmed yet."""

    @property
    def only_calls(self) -> bool:
        """Whether it is told nothing and sends no messages: its programs bring enterprises."""
        return not (self.kinds or self.sends)


class OutgoingMessage(Base):
    """报文: one message to one neighbour, its body as it was signed; nothing of it but its state ever changes."""

    __tablename__ = "records_exchange_message"
    __table_args__ = (
        UniqueConstraint("neighbour_id", "position"),
        UniqueConstraint("neighbour_id", "subject", "sequence"),
        UniqueConstraint("neighbour_id", "idempotency_key"),
    )

    id: Mapped[Id]
    neighbour_id: Mapped[UUID] = mapped_column(ForeignKey("records_exchange_neighbour.id"))
    region: Mapped[str]
    """The neighbour's: whoever sees the one sees the other."""
    position: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    subject: Mapped[str]
    sequence: Mapped[int]
    idempotency_key: Mapped[str]
    body: Mapped[str]
    made_at: Mapped[datetime]
    state: Mapped[str]
    attempts: Mapped[int]
    """Pushes since it was made or replayed."""
    next_attempt_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Receipt(Base):
    """回执: one attempt to deliver a message, and how the neighbour answered; append-only."""

    __tablename__ = "records_exchange_receipt"

    id: Mapped[Id]
    message_id: Mapped[UUID] = mapped_column(ForeignKey("records_exchange_message.id"))
    region: Mapped[str]
    at: Mapped[datetime]
    outcome: Mapped[str]
    status: Mapped[int]
    """The HTTP status of a push, 0 where there was none."""


class ApiToken(Base):
    """接口令牌: what a neighbour's program calls with; only its digest is kept."""

    __tablename__ = "records_exchange_token"

    id: Mapped[Id]
    neighbour_id: Mapped[UUID] = mapped_column(ForeignKey("records_exchange_neighbour.id"))
    region: Mapped[str]
    name: Mapped[str]
    digest: Mapped[bytes] = mapped_column(unique=True)
    scopes: Mapped[list[Any]]
    issued_by: Mapped[UUID]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class IncomingMessage(Base):
    """收到的报文: what a lower node told, as it was signed; append-only."""

    __tablename__ = "records_exchange_incoming"
    __table_args__ = (UniqueConstraint("neighbour_id", "subject", "sequence"),)

    id: Mapped[Id]
    neighbour_id: Mapped[UUID] = mapped_column(ForeignKey("records_exchange_neighbour.id"))
    region: Mapped[str]
    message_id: Mapped[UUID]
    kind: Mapped[str]
    subject: Mapped[str]
    sequence: Mapped[int]
    body: Mapped[str]
    digest: Mapped[bytes]
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
