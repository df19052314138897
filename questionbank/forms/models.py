"""Tables of draws, sealed forms and their keys."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class Draw(Base):
    """组卷: the frozen pool and the committed seed from which every form of one sitting is dealt."""

    __tablename__ = "questionbank_draw"

    id: Mapped[Id]
    sitting_id: Mapped[UUID] = mapped_column(unique=True)
    region: Mapped[str]
    qualification: Mapped[str]
    blueprint_id: Mapped[UUID] = mapped_column(ForeignKey("questionbank_blueprint.id"))
    algorithm: Mapped[str]
    multiple_rule: Mapped[str]
    """Score rule of multiple choice under the rule set of the sitting's day."""
    seed_sealed: Mapped[bytes] = mapped_column(deferred=True)
    pool_sealed: Mapped[bytes] = mapped_column(deferred=True)
    parallel_sealed: Mapped[bytes | None] = mapped_column(deferred=True)
    """The choice of parallel forms, None where everybody gets a form of their own."""
    parallel_digest: Mapped[str]
    seed_commitment: Mapped[str]
    pool_digest: Mapped[str]
    blueprint_digest: Mapped[str]
    starts_at: Mapped[datetime]
    created_at: Mapped[datetime]
    seed_revealed_at: Mapped[datetime | None]


class FormRow(Base):
    """试卷 as stored: both views sealed; `round` is the deal that made it and `place` its place there, from 0.

    `claimed_by` is the key that it was given to.
    """

    __tablename__ = "questionbank_form"
    __table_args__ = (
        UniqueConstraint("sitting_id", "key"),
        UniqueConstraint("sitting_id", "claimed_by"),
        UniqueConstraint("draw_id", "round", "place"),
    )

    id: Mapped[Id]
    draw_id: Mapped[UUID] = mapped_column(ForeignKey("questionbank_draw.id"))
    sitting_id: Mapped[UUID]
    region: Mapped[str]
    key: Mapped[str]
    standby: Mapped[bool]
    round: Mapped[int]
    place: Mapped[int]
    candidate_sealed: Mapped[bytes]
    scoring_sealed: Mapped[bytes]
    candidate_digest: Mapped[str]
    scoring_digest: Mapped[str]
    claimed_by: Mapped[str | None]
    claimed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class SittingKey(Base):
    """The key of one view of a sitting's forms; the scoring key is good from `opened_at`.

    Under seal=local it is wrapped under the installation's own key from the start. Where custodians hold it,
    `threshold` says how many of them it takes, `commitment` what they must give, and `wrapped` is empty until they came.
    """

    __tablename__ = "questionbank_sitting_key"

    sitting_id: Mapped[UUID] = mapped_column(primary_key=True)
    view: Mapped[str] = mapped_column(primary_key=True)
    region: Mapped[str]
    wrapped: Mapped[bytes | None]
    threshold: Mapped[int | None]
    commitment: Mapped[str | None]
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
