"""Sealed files, states, checks and comparisons of batches, without a database."""

import base64
from datetime import UTC, datetime
from urllib.parse import quote

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from exam.core.config import Settings
from exam.core.crypto import digest
from exam.core.ids import new_id
from exam.records.exchange.contract import Message, to_json
from exam.records.exchange.xml import to_xml
from exam.records.nodes import sealing
from exam.records.nodes.certificates import PEER, fingerprint_of, require_certificate, shown_by
from exam.records.nodes.checking import check_rows
from exam.records.nodes.errors import (
    CardUnreadableError,
    CertificateUnreadableError,
    CertificateWrongError,
    SealedForeignError,
    SealedUnreadableError,
)
from exam.records.nodes.reconciling import BatchDifference, BatchLine, BatchReconciliation, compare_batches
from exam.records.nodes.sealing import Header, new_keys, read_card, read_header, seal, unseal
from exam.records.nodes.state import FOLLOWS, OPEN, BatchState, BatchStateError, require_step

COUNTY = "33/3301/330106"
LOWER, UPPER, OTHER = (new_keys() for _ in range(3))
AT = datetime(2026, 11, 27, tzinfo=UTC)
HEADER = Header(type="batch", id=new_id(), number=1, sender="", recipient="", made_at=AT, rows=2)
FILE = seal(b"content", HEADER, LOWER, UPPER.card)


@settings(max_examples=20)
@given(st.binary(max_size=2000))
def test_what_is_sealed_is_read_by_the_recipient_alone(content: bytes) -> None:
    file = seal(content, HEADER, LOWER, UPPER.card)
    assert unseal(file, UPPER, LOWER.card) == content
    assert content[20:] == b"" or content not in file
    for keys, sender in ((OTHER, LOWER), (UPPER, OTHER)):
        with pytest.raises(SealedForeignError):
            unseal(file, keys, sender.card)


@settings(max_examples=60)
@given(st.integers(0, len(FILE) - 1), st.integers(1, 255))
def test_no_byte_of_a_sealed_file_can_be_changed(at: int, by: int) -> None:
    changed = FILE[:at] + bytes([FILE[at] ^ by]) + FILE[at + 1 :]
    with pytest.raises((SealedForeignError, SealedUnreadableError)):
        unseal(changed, UPPER, LOWER.card)


@settings(max_examples=30)
@given(st.integers(0, len(FILE) - 1))
def test_a_file_that_was_cut_off_is_refused(end: int) -> None:
    with pytest.raises((SealedForeignError, SealedUnreadableError)):
        unseal(FILE[:end], UPPER, LOWER.card)


def test_a_small_file_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "MOST_CONTENT", 1000)
    assert len(unseal(seal(b"x" * 1000, HEADER, LOWER, UPPER.card), UPPER, LOWER.card)) == 1000
    with pytest.raises(SealedUnreadableError):
        unseal(seal(b"x" * 1001, HEADER, LOWER, UPPER.card), UPPER, LOWER.card)


def test_a_header_names_sender_and_recipient_and_a_card_is_read_as_it_is_written() -> None:
    header = read_header(FILE)
    assert (header.sender, header.recipient) == (LOWER.card.name, UPPER.card.name)
    assert read_card(f" {LOWER.card.text}\n") == LOWER.card
    for text in (
        "",
        "ankao-node:1:",
        LOWER.card.text[:-4],
        LOWER.card.text.removeprefix("ankao-node:1:"),
        "ankao-node:1:%%",
    ):
        with pytest.raises(CardUnreadableError):
            read_card(text)


@settings(max_examples=30)
@given(st.lists(st.sampled_from(BatchState), max_size=8))
def test_a_batch_is_settled_once_and_only_what_came_back_is_superseded(wanted: list[BatchState]) -> None:
    state, seen = BatchState.SEALED, [BatchState.SEALED]
    for each in wanted:
        if each in FOLLOWS[state]:
            require_step(state, each)
            state = each
            seen.append(each)
        else:
            with pytest.raises(BatchStateError):
                require_step(state, each)
    assert (state in OPEN) == (state not in {BatchState.ACCEPTED, BatchState.SUPERSEDED})
    assert not {BatchState.ACCEPTED, BatchState.RETURNED} <= set(seen)


def message(subject: str, sequence: int, **changed: object) -> Message:
    data = {
        "registration_id": str(new_id()),
        "result_id": str(new_id()),
        "version": 1,
        "person_id": str(new_id()),
        "name_masked": "张*",
        "number_masked": "33***",
        "qualification": "special.1.1",
        "part": "theory",
        "passed": True,
    }
    fresh = Message(
        id=new_id(),
        kind="result.released",
        schema_version=1,
        source="https://county.example",
        region=COUNTY,
        subject=subject,
        sequence=sequence,
        idempotency_key=str(new_id()),
        occurred_at=AT,
        made_at=AT,
        data=data,
    )
    return msgspec.structs.replace(fresh, **changed)


def test_every_row_is_judged_by_form_place_and_order() -> None:
    kept = to_json(message("r:1", 1))
    rows = [
        kept,
        to_json(message("r:1", 2)),
        to_xml(message("r:2", 4)),
        to_json(message("r:2", 3)),
        to_json(message("r:1", 1)),
        to_json(message("r:3", 1, region="33/3302")),
        to_json(message("r:4", 1, data={"version": "1"})),
        "{}",
    ]
    found = check_rows(rows, region=COUNTY, known={"r:1": {1: digest(kept.encode())}})
    assert [each.fault.split(" ")[0] for each in found] == [
        "",
        "",
        "",
        "order",
        "changed",
        "region",
        "schema",
        "unreadable",
    ]
    assert [each.known for each in found] == [True] + [False] * 7


def test_both_sides_are_equal_or_the_batches_are_named() -> None:
    def line(number: int, state: str = "accepted", name: str = "a") -> BatchLine:
        return BatchLine(number, 2, name, state)

    here = [line(1), line(2), line(3, "returned"), line(4), line(6, "sealed")]
    above = [line(1), line(2, name="b"), line(3), line(5)]
    assert compare_batches(here, above) == BatchReconciliation(
        1,
        [
            BatchDifference(2, "changed", "accepted", "accepted"),
            BatchDifference(3, "state", "returned", "accepted"),
            BatchDifference(4, "missing_above", "accepted", ""),
            BatchDifference(5, "unknown_here", "", "accepted"),
        ],
    )


def _certificate() -> x509.Certificate:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    first, last = (datetime(2026, 11, day, tzinfo=UTC) for day in (1, 30))
    return x509.CertificateBuilder(name, name, key.public_key(), 1, first, last).sign(key, hashes.SHA256())


def test_a_certificate_is_known_by_its_fingerprint_however_it_is_shown() -> None:
    certificate = _certificate()
    der = certificate.public_bytes(serialization.Encoding.DER)
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    known = digest(der).hex()
    written = ":".join(known[at : at + 2] for at in range(0, 64, 2)).upper()
    assert {fingerprint_of(each) for each in (pem, known, written)} == {known}
    assert fingerprint_of(" ") == ""
    for text in ("x", known[1:], "-----BEGIN CERTIFICATE-----\nx"):
        with pytest.raises(CertificateUnreadableError):
            fingerprint_of(text)
    behind = Settings(exchange_peer_header="client-cert")
    escaped, field = quote(pem), f":{base64.b64encode(der).decode()}:"
    assert shown_by({PEER: known}, {}, Settings()) == known
    assert [shown_by({}, {"client-cert": each}, behind) for each in (escaped, field)] == [known, known]
    # nobody may say it who is not the proxy that the operator named
    assert shown_by({}, {"client-cert": field}, Settings()) == ""
    assert [shown_by({}, {"client-cert": each}, behind) for each in ("", ":%:", "BEGIN", known)] == [""] * 4
    require_certificate("", "", always=False)
    require_certificate(known, known, always=True)
    for registered, shown, always in (("", known, True), (known, "", False), (known, "0" * 64, False)):
        with pytest.raises(CertificateWrongError):
            require_certificate(registered, shown, always=always)
