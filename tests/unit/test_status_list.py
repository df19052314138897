"""The signed status list: packed as the draft says, read back whole, refused with any byte changed, checkable by others."""

import base64
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from certs.offline import check_qr
from certs.qr import encode_payload
from certs.signing import KeyRing
from certs.statuslist import (
    HOLDS,
    StatusCode,
    StatusListMalformedError,
    pack_codes,
    read_list,
    sign_list,
)
from tests.builders.documents import ISSUER, payload, signer

RING = KeyRing([signer().pinned_as(ISSUER)])
AT = datetime(2026, 11, 23, 1, tzinfo=UTC)
LENGTH = 64


def token(*known: tuple[int, StatusCode], at: datetime = AT) -> str:
    return sign_list(pack_codes(known, LENGTH), signer(), issuer=ISSUER, address="https://example.org/list", at=at)


@given(st.dictionaries(st.integers(0, LENGTH - 1), st.sampled_from(StatusCode)))
@settings(max_examples=50)
def test_what_is_signed_is_read(known: dict[int, StatusCode]) -> None:
    read = read_list(token(*known.items()), RING)
    assert [read.code(n) for n in range(LENGTH)] == [known.get(n, StatusCode.UNASSIGNED) for n in range(LENGTH)]
    assert (read.issuer, read.signed_at, read.expires_at) == (ISSUER, AT, AT + HOLDS)


def test_positions_beyond_the_end_and_none_at_all_are_unassigned() -> None:
    read = read_list(token((0, StatusCode.ISSUED)), RING)
    assert {read.code(n) for n in (LENGTH, 1 << 30, None)} == {StatusCode.UNASSIGNED}


def test_entries_stand_where_the_draft_puts_them() -> None:
    """IETF OAuth Status List §4.1: the first entry is in the least significant bits of the first byte."""
    assert pack_codes([(0, StatusCode.REVOKED), (1, StatusCode.SUSPENDED)], 2) == b"\x21"


def test_any_library_of_signed_tokens_can_check_it() -> None:
    head, claims, signature = (part + "=" * (-len(part) % 4) for part in token().split("."))
    public = Ed25519PublicKey.from_public_bytes(signer().public)
    public.verify(base64.urlsafe_b64decode(signature), token().rpartition(".")[0].encode())
    said = msgspec.json.decode(base64.urlsafe_b64decode(head))
    assert said == {"alg": "EdDSA", "kid": signer().key_id.hex(), "typ": "statuslist+jwt"}
    assert msgspec.json.decode(base64.urlsafe_b64decode(claims))["status_list"]["bits"] == 4


def test_every_changed_character_is_refused() -> None:
    text = token((3, StatusCode.REVOKED))
    for place, letter in enumerate(text):
        changed = text[:place] + ("A" if letter != "A" else "B") + text[place + 1 :]
        with pytest.raises(StatusListMalformedError):
            read_list(changed, RING)


@pytest.mark.parametrize("text", ["", "a.b.c", "....", "清单", token() + ".x", token().replace(".", "", 1)])
def test_other_files_are_refused(text: str) -> None:
    for each in (text, text.encode()):
        with pytest.raises(StatusListMalformedError):
            read_list(each, RING)


def test_a_list_of_another_key_is_refused() -> None:
    with pytest.raises(StatusListMalformedError):
        read_list(token(), KeyRing([signer(2).pinned_as(ISSUER)]))


@pytest.mark.parametrize(
    ("code", "status", "reasons"),
    [
        (StatusCode.ISSUED, "authentic", ("status_as_of_list",)),
        (StatusCode.REVOKED, "revoked", ("revoked", "status_as_of_list")),
        (StatusCode.SUSPENDED, "suspended", ("suspended", "status_as_of_list")),
        (StatusCode.SUPERSEDED, "superseded", ("superseded", "status_as_of_list")),
        (StatusCode.ANNULLED, "annulled", ("annulled", "status_as_of_list")),
        (StatusCode.LAPSED, "expired", ("expired", "status_as_of_list")),
        (StatusCode.UNASSIGNED, "authentic", ("status_not_listed",)),
    ],
)
def test_offline_the_status_is_the_lists(code: StatusCode, status: str, reasons: tuple[str, ...]) -> None:
    printed = encode_payload(payload(position=7), signer())
    statuses = read_list(token((7, code)), RING)
    told = check_qr(printed, RING, at=AT, statuses=statuses)
    assert (told.status.value, told.reasons, told.status_as_of) == (status, reasons, AT)
    later = check_qr(printed, RING, at=AT + HOLDS + timedelta(seconds=1), statuses=statuses)
    assert later.reasons == (*reasons, "status_list_stale")


def test_without_a_list_nothing_is_said_of_the_status() -> None:
    told = check_qr(encode_payload(payload(position=7), signer()), RING, at=AT)
    assert (told.status.value, told.reasons, told.status_as_of) == ("authentic", ("status_unknown_offline",), None)
