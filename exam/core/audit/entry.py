"""The audit entry in canonical bytes: what the ledger's leaves are made of."""

import json
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

import msgspec

Fact = str | int | bool | None


class ActorKind(StrEnum):
    """Whose act it was; system acts have their own kind, so that nobody can hide behind one."""

    ACCOUNT = "account"
    CANDIDATE = "candidate"
    SYSTEM = "system"


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One act on one subject.

    `facts` hold no personal data and no words of people; those stand in `commitments` as the hex SHA-256 of a random salt
    and the value, so that a value can be proved later and erased by forgetting the salt.
    """

    id: UUID
    at: datetime
    actor_kind: ActorKind
    actor: UUID | None
    act: str
    subject_kind: str
    subject: str
    region: str
    facts: dict[str, Fact]
    commitments: dict[str, str]


def canonical_bytes(entry: AuditEntry) -> bytes:
    """Return the entry's one serialisation: JSON, sorted keys, no spaces, UTF-8, times in UTC microseconds.

    Do not change this: every leaf of the log was hashed from it.
    """
    body = {
        "v": 1,
        "id": entry.id.hex,
        "at": int(entry.at.timestamp()) * 1_000_000 + entry.at.microsecond,
        "actor": [entry.actor_kind.value, entry.actor.hex if entry.actor else None],
        "act": entry.act,
        "subject": [entry.subject_kind, entry.subject],
        "region": entry.region,
        "facts": entry.facts,
        "commitments": entry.commitments,
    }
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def commit_to(value: str, salt: bytes) -> str:
    """Return the salted commitment to a personal value."""
    return sha256(salt + value.encode()).hexdigest()
