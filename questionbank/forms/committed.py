"""What the log says of a draw (DESIGN.md §6.12): commitments before the sitting, the seed afterwards; pure."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec

from exam.core.audit.folding import LeafEntry
from questionbank.forms.assembly import seed_commitment

PREPARED = "forms.prepared"
SEED_REVEALED = "forms.seed_revealed"
COMMITTED = ("algorithm", "seed_commitment", "pool_digest", "blueprint_digest", "parallel_digest")
"""The facts that stand for the whole draw: every round of it repeats them."""


class LoggedRound(msgspec.Struct, frozen=True, kw_only=True):
    """One making of forms, as it was committed to: the first before the sitting, another for whoever came late."""

    entry_id: UUID
    number: int
    at: datetime
    forms: int
    standby: int
    forms_digest: str


class LoggedSeed(msgspec.Struct, frozen=True, kw_only=True):
    """The seed (hex) as it was revealed after the close."""

    entry_id: UUID
    at: datetime
    seed: str


class DrawRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A draw as the log has it.

    `faults`: rounds_differ, where a later round commits to something else than the first; seed_differs, where a
    revealed seed is not the one that was committed to.
    """

    algorithm: str
    seed_commitment: str
    pool_digest: str
    blueprint_digest: str
    parallel_digest: str
    rounds: tuple[LoggedRound, ...]
    revealed: LoggedSeed | None
    faults: tuple[str, ...]


def read_record(sitting_id: UUID, entries: Iterable[LeafEntry]) -> DrawRecord | None:
    """Return what the entries about one sitting say of its draw, None where no forms were made yet."""
    ordered = sorted(entries, key=lambda entry: entry.at)
    prepared = [entry for entry in ordered if entry.act == PREPARED]
    if not prepared:
        return None
    committed = _committed(prepared[0])
    seeds = [_seed(entry) for entry in ordered if entry.act == SEED_REVEALED]
    faults = {
        "rounds_differ": any(_committed(entry) != committed for entry in prepared),
        "seed_differs": any(not _opens(each.seed, sitting_id, committed["seed_commitment"]) for each in seeds),
    }
    return DrawRecord(
        **committed,
        rounds=tuple(_round(entry) for entry in prepared),
        revealed=seeds[0] if seeds else None,
        faults=tuple(fault for fault, found in faults.items() if found),
    )


def _committed(entry: LeafEntry) -> dict[str, str]:
    return {name: str(entry.facts.get(name, "")) for name in COMMITTED}


def _round(entry: LeafEntry) -> LoggedRound:
    return LoggedRound(
        entry_id=entry.id,
        number=int(entry.facts["round"] or 0),
        at=entry.at,
        forms=int(entry.facts["forms"] or 0),
        standby=int(entry.facts["standby"] or 0),
        forms_digest=str(entry.facts["forms_digest"]),
    )


def _seed(entry: LeafEntry) -> LoggedSeed:
    return LoggedSeed(entry_id=entry.id, at=entry.at, seed=str(entry.facts["seed"]))


def _opens(seed: str, sitting_id: UUID, commitment: str) -> bool:
    try:
        return seed_commitment(bytes.fromhex(seed), str(sitting_id)) == commitment
    except ValueError:
        return False
