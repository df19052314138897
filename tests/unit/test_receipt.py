from random import Random
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam.delivery.receipt import (
    CROCKFORD,
    Revision,
    hand_in_digest,
    is_save_receipt,
    read_receipt_code,
    receipt_code,
    response_digest,
    save_receipt,
)

SECRET, OLD_SECRET = b"s" * 32, b"o" * 32
ATTEMPT = UUID("01939c6e-0000-7000-8000-000000000001")
REVISION = Revision(slot=7, seq=12, response_digest=response_digest(b'["A"]'), arrived_at_ms=1_795_000_000_123)
REVISIONS = st.lists(
    st.builds(
        Revision,
        slot=st.integers(1, 500),
        seq=st.integers(1, 10**9),
        response_digest=st.binary(max_size=20).map(response_digest),
        arrived_at_ms=st.integers(0, 2**42),
    ),
    unique_by=lambda revision: (revision.slot, revision.seq),
    max_size=12,
)


def test_a_receipt_is_a_short_word_that_proves_its_save() -> None:
    receipt = save_receipt(SECRET, ATTEMPT, REVISION)
    assert len(receipt) == 22
    assert is_save_receipt(receipt, [SECRET], ATTEMPT, REVISION)


@pytest.mark.parametrize(
    "change",
    [{"slot": 8}, {"seq": 13}, {"response_digest": response_digest(b'["B"]')}, {"arrived_at_ms": 1_795_000_000_124}],
)
def test_a_receipt_proves_no_other_save(change: dict[str, object]) -> None:
    other = msgspec.structs.replace(REVISION, **change)
    assert not is_save_receipt(save_receipt(SECRET, ATTEMPT, REVISION), [SECRET], ATTEMPT, other)


def test_a_receipt_proves_nothing_for_another_attempt() -> None:
    receipt = save_receipt(SECRET, ATTEMPT, REVISION)
    assert not is_save_receipt(receipt, [SECRET], UUID(int=ATTEMPT.int + 1), REVISION)


def test_a_receipt_is_still_read_after_keys_rotate() -> None:
    receipt = save_receipt(OLD_SECRET, ATTEMPT, REVISION)
    assert is_save_receipt(receipt, [SECRET, OLD_SECRET], ATTEMPT, REVISION)
    assert not is_save_receipt(receipt, [SECRET], ATTEMPT, REVISION)


@given(st.text(max_size=40))
def test_no_text_passes_for_a_receipt(text: str) -> None:
    assert not is_save_receipt(text, [SECRET], ATTEMPT, REVISION)


@given(REVISIONS, st.randoms())
def test_the_hand_in_digest_does_not_depend_on_the_order_of_listing(revisions: list[Revision], chance: Random) -> None:
    shuffled = chance.sample(revisions, len(revisions))
    assert hand_in_digest(ATTEMPT, revisions) == hand_in_digest(ATTEMPT, shuffled)


@given(REVISIONS.filter(bool), st.data())
def test_the_hand_in_digest_notices_a_lost_or_changed_revision(revisions: list[Revision], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(revisions) - 1))
    whole = hand_in_digest(ATTEMPT, revisions)
    changed = msgspec.structs.replace(revisions[at], arrived_at_ms=revisions[at].arrived_at_ms + 1)
    assert hand_in_digest(ATTEMPT, revisions[:at] + revisions[at + 1 :]) != whole
    assert hand_in_digest(ATTEMPT, [*revisions[:at], changed, *revisions[at + 1 :]]) != whole


def test_an_attempt_without_answers_has_a_digest_of_its_own() -> None:
    assert hand_in_digest(ATTEMPT, []) != hand_in_digest(UUID(int=1), [])


def test_the_digest_never_changes() -> None:
    digest = hand_in_digest(ATTEMPT, [REVISION])
    assert digest.hex() == "9be0d4f6250bdf9387bb18ec2a571fbaf9c9a97f4a91aadcd1ff6f11a5b1d225"
    assert receipt_code(digest) == "KFGD-9XH5-1FFS-71XV"


def test_a_revision_listed_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        hand_in_digest(ATTEMPT, [REVISION, REVISION])


def test_a_short_response_digest_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Revision(slot=1, seq=1, response_digest=b"short", arrived_at_ms=0)


@given(st.binary(min_size=32, max_size=32))
def test_a_receipt_code_is_four_groups_of_four_and_reads_back_however_it_is_typed(digest: bytes) -> None:
    code = receipt_code(digest)
    assert [len(group) for group in code.split("-")] == [4, 4, 4, 4]
    assert set(code) <= set(CROCKFORD) | {"-"}
    typed = code.lower().replace("0", "o").replace("1", "l").replace("-", " ")
    assert read_receipt_code(typed) == code


@given(st.binary(min_size=32, max_size=32))
def test_a_receipt_code_holds_the_first_eighty_bits(digest: bytes) -> None:
    number = 0
    for symbol in receipt_code(digest).replace("-", ""):
        number = number * 32 + CROCKFORD.index(symbol)
    assert number.to_bytes(10, "big") == digest[:10]


@pytest.mark.parametrize("text", ["", "ABCD-EFGH-JKMN", "UUUU-UUUU-UUUU-UUUU", "题题题题-0000-0000-0000"])
def test_what_cannot_be_a_receipt_code_is_not_read(text: str) -> None:
    assert read_receipt_code(text) is None
