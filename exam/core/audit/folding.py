"""Folding the log back into the state that the tables should be in: what each package offers, and how it is asked.

A fold takes every entry in the log's order and then compares what came of them with the tables. Whatever was changed
beside the log differs: a row that no entry made, an entry whose row is gone, a row that says something else.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.ports import Port

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LeafEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry as its leaf has it; `index` is its place in the log."""

    index: int
    id: UUID
    at: datetime
    actor_kind: str
    actor: UUID | None
    act: str
    subject_kind: str
    subject: str
    region: str
    facts: dict[str, Fact]
    commitments: dict[str, str]


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The canonical bytes of version 1, see `exam.core.audit.entry`."""

    v: int
    id: UUID
    at: int
    actor: tuple[str, UUID | None]
    act: str
    subject: tuple[str, str]
    region: str
    facts: dict[str, Fact]
    commitments: dict[str, str]


_BODY = msgspec.json.Decoder(_Body)


def read_leaf(index: int, leaf: bytes) -> LeafEntry:
    """Return the entry that a leaf's bytes hold; raises msgspec.DecodeError for bytes that no entry has."""
    body = _BODY.decode(leaf)
    return LeafEntry(
        index=index,
        id=body.id,
        at=EPOCH + timedelta(microseconds=body.at),
        actor_kind=body.actor[0],
        actor=body.actor[1],
        act=body.act,
        subject_kind=body.subject[0],
        subject=body.subject[1],
        region=body.region,
        facts=body.facts,
        commitments=body.commitments,
    )


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is not as the log says; `code` names the kind, `subject` the thing."""

    code: str
    subject: str
    detail: dict[str, Any] = {}


class Fold(Protocol):
    """What one package makes of the log; a fresh one for every replay."""

    def take(self, entry: LeafEntry) -> None:
        """Take the next entry of the log, whatever it is about."""

    def differences(self, session: AsyncSession) -> AsyncIterator[Difference]:
        """Compare the tables with what the entries came to."""


Folds = Callable[[], Sequence[Fold]]
FOLDS = Port[Folds]("core.folds")
"""Makes one fresh fold of every package that offers one; bound in `exam.app`."""
