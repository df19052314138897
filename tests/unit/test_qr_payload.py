import base64
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certs.qr import (
    DOMAIN,
    EPOCH,
    MAX_ITEM,
    MAX_TEXT,
    PREFIX,
    QrMalformedError,
    QrPayload,
    QrSignatureError,
    QrUnknownKeyError,
    decode_payload,
    digest_photo,
    encode_payload,
    mask_name,
)
from certs.signing import KeyRing
from tests.builders.documents import ID_NUMBER, ISSUER, TOKEN, payload, signer

RING = KeyRing([signer().pinned_as(ISSUER)])
REFUSED = (QrMalformedError, QrSignatureError, QrUnknownKeyError)

DAYS = st.integers(0, 65535).map(lambda days: EPOCH + timedelta(days=days))
NAMES = st.text(st.characters(min_codepoint=0x3400, categories=["Lo"]), min_size=1, max_size=50)
ITEMS = st.text("abcdefghijklmnopqrstuvwxyz0123456789.-", min_size=1, max_size=MAX_ITEM)


@st.composite
def payloads(draw: st.DrawFn) -> QrPayload:
    valid_from, valid_until = sorted((draw(DAYS), draw(DAYS)))
    return QrPayload(
        public_id=base64.urlsafe_b64encode(draw(st.binary(min_size=16, max_size=16))).decode().rstrip("="),
        item=draw(ITEMS),
        name_masked=mask_name(draw(NAMES)),
        id_tail=draw(st.from_regex(r"[0-9]{3}[0-9X]", fullmatch=True)),
        valid_from=valid_from,
        valid_until=valid_until,
        photo_digest=draw(st.binary(min_size=16, max_size=16)),
        position=draw(st.none() | st.integers(0, (1 << 31) - 1)),
    )


def binary(text: str) -> bytes:
    letters = text.removeprefix(PREFIX)
    return base64.b32decode(letters + "=" * (-len(letters) % 8))


def wrapped(signed: bytes) -> str:
    return PREFIX + base64.b32encode(signed).decode().rstrip("=")


@given(payloads(), st.sampled_from(["", "https://cert.example.org", "http://10.0.0.8:8000/"]))
def test_what_is_encoded_is_decoded_and_stays_within_the_bound(said: QrPayload, base_url: str) -> None:
    text = encode_payload(said, signer(), base_url=base_url)
    statement = decode_payload(text, RING)
    assert (statement.payload, statement.issuer) == (said, ISSUER)
    assert len(text[text.index(PREFIX) :].encode()) <= MAX_TEXT


def test_a_name_of_fifty_characters_and_the_longest_item_still_fit() -> None:
    said = payload(name_masked=mask_name("𬭳" * 50), item="x" * MAX_ITEM, position=(1 << 31) - 1)
    assert len(encode_payload(said, signer())) <= MAX_TEXT


def test_every_flipped_bit_of_the_text_is_refused() -> None:
    text = encode_payload(payload(), signer()).encode()
    for place in range(len(text) * 8):
        flipped = bytearray(text)
        flipped[place // 8] ^= 1 << place % 8
        with pytest.raises(REFUSED):
            decode_payload(flipped.decode("latin-1"), RING)


def test_every_flipped_bit_of_the_statement_is_refused() -> None:
    signed = binary(encode_payload(payload(), signer()))
    for place in range(len(signed) * 8):
        flipped = bytearray(signed)
        flipped[place // 8] ^= 1 << place % 8
        with pytest.raises(REFUSED):
            decode_payload(wrapped(bytes(flipped)), RING)


def test_every_truncation_is_refused() -> None:
    text = encode_payload(payload(), signer())
    for length in range(len(text)):
        with pytest.raises(QrMalformedError):
            decode_payload(text[:length], RING)


@settings(max_examples=300)
@given(st.one_of(st.text(), st.binary(max_size=200).map(wrapped)))
def test_arbitrary_text_is_refused_by_name(text: str) -> None:
    with pytest.raises(REFUSED):
        decode_payload(text, RING)


def test_an_altered_date_breaks_the_signature() -> None:
    signed = bytearray(binary(encode_payload(payload(), signer())))
    until = (payload().valid_until - EPOCH).days.to_bytes(2)
    at = bytes(signed).index(until)
    signed[at : at + 2] = (payload().valid_until - EPOCH + timedelta(days=365)).days.to_bytes(2)
    with pytest.raises(QrSignatureError):
        decode_payload(wrapped(bytes(signed)), RING)


def test_a_payload_of_another_issuer_is_not_known() -> None:
    with pytest.raises(QrUnknownKeyError) as caught:
        decode_payload(encode_payload(payload(), signer(9)), RING)
    assert caught.value.fields == {"key_id": signer(9).key_id.hex()}


def test_a_signature_made_for_another_purpose_does_not_count() -> None:
    signed = binary(encode_payload(payload(), signer()))
    body = signed[:-64]
    assert signer().sign(DOMAIN + body) == signed[-64:]
    with pytest.raises(QrSignatureError):
        decode_payload(wrapped(body + signer().sign(body)), RING)


@pytest.mark.parametrize("address", ["https://evil.example/v/", "http://cert.example.org/a/b/v/", "/v/"])
def test_the_address_in_front_changes_nothing(address: str) -> None:
    text = encode_payload(payload(), signer())
    assert decode_payload(address + text, RING) == decode_payload(text, RING)


@pytest.mark.parametrize("address", ["javascript:/v/", "ftp://x/v/", "https://x/", "x", "https://x y/v/"])
def test_what_is_no_verification_address_is_refused(address: str) -> None:
    with pytest.raises(QrMalformedError):
        decode_payload(address + encode_payload(payload(), signer()), RING)


def test_trailing_text_and_lower_case_are_refused_and_line_ends_forgiven() -> None:
    text = encode_payload(payload(), signer())
    for wrong in (text + "A", text + "=", text + "?x=1", text.lower(), f"{text}\n{text}"):
        with pytest.raises(REFUSED):
            decode_payload(wrong, RING)
    assert decode_payload(f" {text}\r\n", RING).payload == payload()


def test_a_second_spelling_of_the_same_bytes_is_refused() -> None:
    said = next(p for p in (payload(item="x" * n) for n in range(1, 9)) if len(encode_payload(p, signer())) % 8 != 4)
    text = encode_payload(said, signer())
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    other = text[:-1] + alphabet[alphabet.index(text[-1]) + 1]
    assert binary(other) == binary(text)
    with pytest.raises(QrMalformedError):
        decode_payload(other, RING)


def test_a_later_version_is_refused_even_when_well_signed() -> None:
    body = b"\x02" + binary(encode_payload(payload(), signer()))[1:-64]
    with pytest.raises(QrMalformedError):
        decode_payload(wrapped(body + signer().sign(DOMAIN + body)), RING)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("public_id", "short"),
        ("public_id", TOKEN[:-1] + "B"),
        ("item", ""),
        ("item", "x" * (MAX_ITEM + 1)),
        ("item", "低压"),
        ("name_masked", "王小明"),
        ("name_masked", "王" * 6 + "*"),
        ("name_masked", "王*\n"),
        ("id_tail", "14"),
        ("id_tail", "00 4"),
        ("id_tail", ID_NUMBER),
        ("valid_from", date(1999, 12, 31)),
        ("valid_until", date(2026, 6, 9)),
        ("valid_until", date(2200, 1, 1)),
        ("photo_digest", b"short"),
    ],
)
def test_a_field_out_of_bounds_is_not_signed(field: str, value: object) -> None:
    with pytest.raises(QrMalformedError):
        encode_payload(payload(**{field: value}), signer())


def test_the_id_number_and_the_credential_number_are_nowhere_in_the_payload() -> None:
    said = binary(encode_payload(payload(), signer()))
    digits = ID_NUMBER.encode()
    assert all(digits[i : i + 5] not in said for i in range(len(digits) - 4))
    assert digits[-4:] in said


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张三", "张*"),
        ("王小明", "王*明"),
        ("欧阳明月", "欧**月"),
        ("阿卜杜热合曼·买买提", "阿**提"),
        ("李", "李*"),
        ("", "*"),
    ],
)
def test_names_are_masked_like_this(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@given(NAMES)
def test_a_mask_hides_something_and_is_never_long(name: str) -> None:
    assert "*" in mask_name(name)
    assert len(mask_name(name)) <= 4


def test_the_photo_digest_is_half_a_sha_256() -> None:
    assert digest_photo(b"abc").hex() == "ba7816bf8f01cfea414140de5dae2223"
