"""What the log says of a draw, read from its entries alone."""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from exam.core.audit.folding import LeafEntry
from questionbank.api import COMMITTED, PREPARED, SEED_REVEALED, read_record
from questionbank.forms.assembly import seed_commitment

SITTING = UUID(int=7)
START = datetime(2026, 11, 28, 1, tzinfo=UTC)


def entry(number: int, act: str, **facts: str | int) -> LeafEntry:
    return LeafEntry(
        index=number,
        id=UUID(int=number),
        at=START + timedelta(minutes=number),
        actor_kind="system",
        actor=None,
        act=act,
        subject_kind="sitting",
        subject=str(SITTING),
        region="33",
        facts={**facts},
        commitments={},
    )


def prepared(number: int, seed: bytes, **changed: str) -> LeafEntry:
    facts: dict[str, str | int] = dict.fromkeys(COMMITTED, "x")
    facts |= {"seed_commitment": seed_commitment(seed, str(SITTING)), **changed}
    return entry(number, PREPARED, round=number, forms=3, standby=1, forms_digest=f"{number:064}", **facts)


@given(st.binary(min_size=32, max_size=32), st.integers(1, 4), st.randoms())
def test_an_honest_draw_reads_the_same_in_any_order(seed: bytes, rounds: int, random: Random) -> None:
    entries = [prepared(number, seed) for number in range(rounds)]
    entries += [entry(9, SEED_REVEALED, seed=seed.hex()), entry(10, "sitting.closed")]
    shuffled = list(entries)
    random.shuffle(shuffled)
    record = read_record(SITTING, shuffled)
    assert record == read_record(SITTING, entries)
    assert record is not None
    assert (record.faults, [each.number for each in record.rounds]) == ((), list(range(rounds)))
    assert record.revealed is not None
    assert record.revealed.seed == seed.hex()


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=40) | st.text())
def test_any_other_seed_is_named(seed: bytes, other: bytes | str) -> None:
    shown = other.hex() if isinstance(other, bytes) else other
    record = read_record(SITTING, [prepared(0, seed), entry(1, SEED_REVEALED, seed=shown)])
    assert record is not None
    assert (record.faults == ("seed_differs",)) == (other != seed)


@given(st.sampled_from(COMMITTED))
def test_a_later_round_that_commits_to_something_else_is_named(name: str) -> None:
    seed = b"s" * 32
    record = read_record(SITTING, [prepared(0, seed), prepared(1, seed, **{name: "other"})])
    assert record is not None
    assert record.faults == ("rounds_differ",)
    assert msgspec.structs.asdict(record)[name] != "other"


def test_without_forms_there_is_no_draw() -> None:
    assert read_record(SITTING, [entry(1, "sitting.opened")]) is None
