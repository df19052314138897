"""The judge: what was acknowledged, against what the database holds (after Jepsen's set checker)."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from exam.cli.simulation.history import Finish, Line

Key = tuple[UUID, int, int]
"""Attempt, slot, seq."""


class Stored(msgspec.Struct, frozen=True):
    """One revision as the database has it; `response` is its canonical JSON."""

    attempt: UUID
    slot: int
    seq: int
    response: str


class Judgement(msgspec.Struct, kw_only=True):
    """The keys of `ankao judge --json`: counts, and a verdict that is "ok" only when nothing is wrong.

    lost: acknowledged and not stored, or stored otherwise than acknowledged. unexpected: stored and never sent, or
    another response than was sent under that seq. duplicate: attempts, scores or credentials that exist twice.
    recovered: never acknowledged, yet stored. broken_receipts: a hand-in whose digest the stored revisions do not give.
    """

    acked: int
    lost: int
    unexpected: int
    recovered: int
    duplicate: int
    broken_receipts: int
    verdict: str


def judge(
    lines: Iterable[Line],
    stored: Iterable[Stored],
    *,
    duplicate: int,
    digests: dict[UUID, str],
) -> Judgement:
    """Compare a history with the stored revisions; `digests` are recomputed from them, by attempt."""
    sent: dict[Key, str] = {}
    acked: set[Key] = set()
    finishes: list[Finish] = []
    for line in lines:
        if line.finish is not None:
            finishes.append(line.finish)
        if line.save is None:
            continue
        key = (line.save.attempt, line.save.slot, line.save.seq)
        sent[key] = msgspec.json.encode(line.save.response).decode()
        if line.save.step == "ok":
            acked.add(key)
    found = {(row.attempt, row.slot, row.seq): row.response for row in stored}
    lost = sum(1 for key in acked if found.get(key) != sent[key])
    unexpected = sum(1 for key, response in found.items() if sent.get(key) != response)
    broken = sum(1 for finish in finishes if digests.get(finish.attempt) != finish.digest)
    return Judgement(
        acked=len(acked),
        lost=lost,
        unexpected=unexpected,
        recovered=sum(1 for key in found if key in sent and key not in acked),
        duplicate=duplicate,
        broken_receipts=broken,
        verdict="ok" if not lost + unexpected + duplicate + broken else "failed",
    )
