"""What the ledger says of a person beside what the evidence adds up to when it is counted anew."""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from exam.training.ledger.entries import evidence_digest
from exam.training.ledger.evidence import Evidence, LedgerKey, Origin, order_of


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


def compare(
    person: UUID, evidence: Evidence, kept: Mapping[LedgerKey, int], replayed: Mapping[LedgerKey, int]
) -> Replay:
    """Return what the ledger keeps beside what the evidence adds up to, in seconds; pure."""
    return Replay(
        person=person,
        equal=dict(kept) == dict(replayed),
        kept_s=sum(kept.values()),
        replayed_s=sum(replayed.values()),
        traces=len(evidence.traces),
        evidence=evidence_digest(evidence),
        lines=tuple(_line(key, kept, replayed) for key in sorted({*kept, *replayed}, key=order_of)),
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
