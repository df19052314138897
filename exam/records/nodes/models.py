"""Tables of the nodes: own keys, batches that went up, batches that came from below, and what was said of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id

KEY_PLACE = "records_node_key.private_sealed"


class NodeKey(Base):
    """节点密钥: of this instance; the newest is in use."""

    __tablename__ = "records_node_key"

    id: Mapped[Id]
    region: Mapped[str]
    card: Mapped[str]
    private_sealed: Mapped[bytes]
    made_by: Mapped[UUID]
    made_at: Mapped[datetime]


class Batch(Base):
    """上报批次: made here for an upper node; nothing but its state and what was said of it ever changes."""

    __tablename__ = "records_node_batch"
    __table_args__ = (UniqueConstraint("neighbour_id", "number"),)

    id: Mapped[Id]
    neighbour_id: Mapped[UUID] = mapped_column(ForeignKey("records_exchange_neighbour.id"))
    region: Mapped[str]
    number: Mapped[int]
    supersedes: Mapped[UUID | None] = mapped_column(ForeignKey("records_node_batch.id"))
    rows: Mapped[int]
    note: Mapped[str]
    digest: Mapped[bytes]
    sealed: Mapped[bytes]
    """The file as it travels."""
    state: Mapped[str]
    made_by: Mapped[UUID]
    made_at: Mapped[datetime]
    arrived_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")


class BatchRow(Base):
    """批次的一行: one message in a batch, and the upper level's reason against it, if any."""

    __tablename__ = "records_node_batch_row"

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("records_node_batch.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    region: Mapped[str]
    message_id: Mapped[UUID] = mapped_column(ForeignKey("records_exchange_message.id"))
    reason: Mapped[str] = mapped_column(default="")


class Arrival(Base):
    """收到的批次: from a lower node, with its sender's id and number."""

    __tablename__ = "records_node_arrival"
    __table_args__ = (UniqueConstraint("neighbour_id", "number"),)

    id: Mapped[Id]
    neighbour_id: Mapped[UUID] = mapped_column(ForeignKey("records_exchange_neighbour.id"))
    region: Mapped[str]
    number: Mapped[int]
    supersedes: Mapped[UUID | None] = mapped_column(ForeignKey("records_node_arrival.id"))
    rows: Mapped[int]
    faulty: Mapped[int]
    note: Mapped[str]
    digest: Mapped[bytes]
    way: Mapped[str]
    """network or file."""
    state: Mapped[str]
    made_at: Mapped[datetime]
    arrived_at: Mapped[datetime]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")


class ArrivalRow(Base):
    """收到的一行: as it stood in the batch; `fault` is what the check found, `reason` what a person says of it."""

    __tablename__ = "records_node_arrival_row"

    arrival_id: Mapped[UUID] = mapped_column(ForeignKey("records_node_arrival.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    region: Mapped[str]
    body: Mapped[str]
    fault: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")


class Part(Base):
    """A part of a batch on its way in, kept until all are here."""

    __tablename__ = "records_node_part"

    neighbour_id: Mapped[UUID] = mapped_column(ForeignKey("records_exchange_neighbour.id"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    offset: Mapped[int] = mapped_column("start_at", BigInteger, primary_key=True)
    region: Mapped[str]
    data: Mapped[bytes]
    kept_at: Mapped[datetime]


class NodeAnswer(Base):
    """回执: what an upper node says of a batch or a report, numbered from 1; given above and kept below, append-only."""

    __tablename__ = "records_node_answer"
    __table_args__ = (UniqueConstraint("neighbour_id", "number"),)

    id: Mapped[Id]
    neighbour_id: Mapped[UUID] = mapped_column(ForeignKey("records_exchange_neighbour.id"))
    region: Mapped[str]
    number: Mapped[int]
    body: Mapped[dict[str, Any]]
    at: Mapped[datetime]
