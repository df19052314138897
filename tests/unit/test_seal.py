import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from questionbank.forms.canonical import canonical, digest
from questionbank.forms.seal import (
    SealBrokenError,
    key_aad,
    new_key,
    open_sealed,
    seal,
    unwrap_key,
    view_aad,
    wrap_key,
)

KEY = bytes(range(32))
AAD = view_aad(sitting="s1", form="f1", view="candidate")


@settings(max_examples=50)
@given(st.binary(max_size=300))
def test_what_is_sealed_opens_again(view: bytes) -> None:
    assert open_sealed(KEY, seal(KEY, view, AAD), AAD) == view


@settings(max_examples=100)
@given(st.data())
def test_one_changed_bit_anywhere_breaks_the_seal(data: st.DataObject) -> None:
    sealed = bytearray(seal(KEY, "试题".encode(), AAD))
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealBrokenError):
        open_sealed(KEY, bytes(sealed), AAD)


@pytest.mark.parametrize("length", range(35))
def test_a_cut_envelope_is_a_broken_seal(length: int) -> None:
    with pytest.raises(SealBrokenError):
        open_sealed(KEY, seal(KEY, b"12345678", AAD)[:length], AAD)


@pytest.mark.parametrize(
    "other",
    [
        view_aad(sitting="s2", form="f1", view="candidate"),
        view_aad(sitting="s1", form="f2", view="candidate"),
        view_aad(sitting="s1", form="f1", view="scoring"),
    ],
)
def test_an_envelope_opens_only_in_its_own_place(other: bytes) -> None:
    with pytest.raises(SealBrokenError):
        open_sealed(KEY, seal(KEY, b"view", AAD), other)


@pytest.mark.parametrize("key", [new_key(), KEY[:16], b""], ids=["other", "short", "empty"])
def test_another_key_says_no_more_than_a_changed_envelope(key: bytes) -> None:
    with pytest.raises(SealBrokenError) as refusal:
        open_sealed(key, seal(KEY, b"view", AAD), AAD)
    assert refusal.value.fields == {}
    assert refusal.value.__cause__ is None


def test_the_same_view_never_gives_the_same_envelope() -> None:
    assert len({seal(KEY, b"view", AAD) for _ in range(50)}) == 50


def test_nothing_is_sealed_under_a_short_key() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        seal(KEY[:16], b"view", AAD)


def test_a_wrapped_key_unwraps_for_the_same_sitting_and_view() -> None:
    key, aad = new_key(), key_aad(sitting="s1", view="candidate", custodian="c1")
    assert unwrap_key(KEY, wrap_key(KEY, key, aad), aad) == key


def test_a_wrapped_key_of_one_view_does_not_unwrap_as_the_other() -> None:
    wrapped = wrap_key(KEY, new_key(), key_aad(sitting="s1", view="candidate"))
    with pytest.raises(SealBrokenError):
        unwrap_key(KEY, wrapped, key_aad(sitting="s1", view="scoring"))


def test_a_sealed_view_does_not_pass_for_a_wrapped_key() -> None:
    with pytest.raises(SealBrokenError):
        unwrap_key(KEY, seal(KEY, new_key(), AAD), AAD)


class Sample(msgspec.Struct):
    b: int
    a: str


def test_canonical_bytes_sort_keys_of_structs_and_objects() -> None:
    assert canonical({"z": Sample(1, "题"), "y": (True, None)}) == '{"y":[true,null],"z":{"a":"题","b":1}}'.encode()


@given(st.dictionaries(st.text(), st.integers(-(2**53), 2**53), max_size=8))
def test_the_digest_does_not_depend_on_the_order_of_entry(value: dict[str, int]) -> None:
    assert digest(value) == digest(dict(reversed(value.items())))


@pytest.mark.parametrize("value", [1.0, {"a": [0.5]}, {"a": {"b": float("nan")}}])
def test_a_float_has_no_canonical_bytes(value: object) -> None:
    with pytest.raises(TypeError, match="float"):
        canonical(value)
