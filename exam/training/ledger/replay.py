"""Counting a person's hours anew from the evidence alone, and comparing with what the ledger says."""

from collections.abc import Mapping
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.training.ledger.credit import total_of
from exam.training.ledger.entries import evidence_digest, kept_totals
from exam.training.ledger.evidence import Attested, Evidence, LedgerKey, Origin
from exam.training.ledger.models import LedgerEntry
from exam.training.ledger.rules import recall_rules, rules_on
from exam.training.ledger.watch import MS


class ReplayLine(msgspec.Struct, frozen=True, kw_only=True):
    """One key of the ledger in seconds, as kept and as counted anew."""

    qualification: str
    kind: str
    enrolment: UUID | None
    node: str
    part: str
    origin: Origin
    kept_s: int
    replayed_s: int


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """The whole comparison; `evidence` is the digest of what was counted from."""

    person: UUID
    equal: bool
    kept_s: int
    replayed_s: int
    traces: int
    evidence: str
    lines: tuple[ReplayLine, ...]


async def load_evidence(session: AsyncSession, person_id: UUID) -> Evidence:
    """Return everything the scope shows of a person's study."""
    return Evidence(visits={}, attested=await _attested(session, person_id))


async def _attested(session: AsyncSession, person_id: UUID) -> tuple[Attested, ...]:
    query = select(LedgerEntry).where(LedgerEntry.person_id == person_id, LedgerEntry.origin == Origin.ATTESTED)
    return tuple(
        Attested(LedgerKey(row.qualification, row.kind, None, "", "", Origin.ATTESTED), row.seconds * MS)
        for row in await session.scalars(query.order_by(LedgerEntry.id))
    )


async def replay(session: AsyncSession, person_id: UUID) -> Replay:
    """Compare the ledger of a person with their evidence; the session's scope must be the person's own."""
    evidence = await load_evidence(session, person_id)
    kept = await kept_totals(session, person_id)
    replayed = total_of(evidence, recall_rules, rules_on)
    lines = tuple(_line(key, kept, replayed) for key in sorted({*kept, *replayed}, key=repr))
    return Replay(
        person=person_id,
        equal=kept == replayed,
        kept_s=sum(kept.values()),
        replayed_s=sum(replayed.values()),
        traces=len(evidence.traces),
        evidence=evidence_digest(evidence),
        lines=lines,
    )


def _line(key: LedgerKey, kept: Mapping[LedgerKey, int], replayed: Mapping[LedgerKey, int]) -> ReplayLine:
    return ReplayLine(
        qualification=key.qualification,
        kind=key.kind,
        enrolment=key.enrolment,
        node=key.node,
        part=key.part,
        origin=key.origin,
        kept_s=kept.get(key, 0),
        replayed_s=replayed.get(key, 0),
    )
