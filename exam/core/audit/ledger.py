"""Appending to the ledger in the caller's transaction; the Merkle log over it reads `leaf` in order of `position`."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Computed, ForeignKey, Identity, LargeBinary, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.audit.entry import ActorKind, AuditEntry, Fact, canonical_bytes, commit_to
from exam.core.db.base import Base, Id
from exam.core.ids import new_id
from exam.core.principal import Principal

SALT_BYTES = 16
FREE_TEXT = frozenset({"reason", "note", "text"})
"""Facts that people write in their own words, and so may name somebody."""


class AuditRow(Base):
    """One entry; `leaf` is its canonical bytes and everything else is a copy for searching."""

    __tablename__ = "core_audit_entry"

    id: Mapped[Id]
    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor: Mapped[UUID | None]
    act: Mapped[str]
    subject_kind: Mapped[str]
    subject: Mapped[str]
    region: Mapped[str]
    facts: Mapped[dict[str, Any]]
    leaf: Mapped[bytes]
    leaf_digest: Mapped[bytes] = mapped_column(LargeBinary, Computed("sha256(leaf)", persisted=True))


class AuditSalt(Base):
    """The salt of one commitment, kept apart so that it alone can be forgotten."""

    __tablename__ = "core_audit_salt"

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("core_audit_entry.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    salt: Mapped[bytes]


class AuditWords(Base):
    """What somebody wrote in an act, for the region's auditors; with its salt it can be erased, and the leaf stays."""

    __tablename__ = "core_audit_words"

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("core_audit_entry.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    words: Mapped[str]
    region: Mapped[str]


def _actor(principal: Principal) -> tuple[ActorKind, UUID | None]:
    if principal.account:
        return ActorKind.ACCOUNT, principal.account
    if principal.person:
        return ActorKind.CANDIDATE, principal.person
    return ActorKind.SYSTEM, None


async def record(
    session: AsyncSession,
    principal: Principal,
    act: str,
    subject: tuple[str, UUID | str],
    *,
    at: datetime,
    region: str,
    facts: Mapping[str, Fact] | None = None,
    personal: Mapping[str, str] | None = None,
) -> UUID:
    """Append one entry in the caller's transaction and return its id.

    `act` is dotted lower case (`registration.accepted`), `subject` its kind and id; `personal` values enter as salted
    commitments only, and so does what people wrote themselves (`FREE_TEXT`), which is kept beside the entry.
    """
    kind, actor = _actor(principal)
    facts, words = _apart(facts or {})
    hidden = {**words, **(personal or {})}
    salts = {name: secrets.token_bytes(SALT_BYTES) for name in hidden}
    entry = AuditEntry(
        id=new_id(),
        at=at,
        actor_kind=kind,
        actor=actor,
        act=act,
        subject_kind=subject[0],
        subject=str(subject[1]),
        region=region,
        facts=facts,
        commitments={name: commit_to(value, salts[name]) for name, value in hidden.items()},
    )
    # what the act changed goes first, as anywhere; the entries themselves are too many to be objects of the session
    await session.flush()
    connection = await session.connection()
    await connection.execute(insert(AuditRow), _row(entry))
    if salts:
        kept = [{"entry_id": entry.id, "name": name, "salt": salt} for name, salt in salts.items()]
        await connection.execute(insert(AuditSalt), kept)
    if words:
        said = [{"entry_id": entry.id, "name": name, "words": each, "region": region} for name, each in words.items()]
        await connection.execute(insert(AuditWords), said)
    return entry.id


def _apart(facts: Mapping[str, Fact]) -> tuple[dict[str, Fact], dict[str, str]]:
    """Return the facts that a leaf may hold, and what people wrote."""
    words = {name: value for name, value in facts.items() if name in FREE_TEXT and isinstance(value, str) and value}
    return {name: value for name, value in facts.items() if name not in words}, words


def _row(entry: AuditEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": entry.at,
        "actor_kind": entry.actor_kind.value,
        "actor": entry.actor,
        "act": entry.act,
        "subject_kind": entry.subject_kind,
        "subject": entry.subject,
        "region": entry.region,
        "facts": entry.facts,
        "leaf": canonical_bytes(entry),
    }
