"""Three algorithms behind one interface: each holds for its own message and key alone, and survives its file."""

import stat
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certs import keys
from certs.envelope import MAX_FILE_BYTES
from certs.keys import open_module_key
from certs.qr import QrSignatureError, decode_payload, encode_payload
from certs.signing import KeyRing, KeyRingMalformedError, LocalSigner, PublicKey, create_key_file, load_key_file
from certs.statuslist import StatusCode, StatusListMalformedError, pack_codes, read_list, sign_list
from certs.suites import SIGNATURE_BYTES, Algorithm, PrivateKey, generate_key, holds
from exam.core.config import SettingsError
from tests.builders.documents import ISSUER, payload

PRIVATE = {each: generate_key(each) for each in Algorithm}
ALGORITHMS = pytest.mark.parametrize("algorithm", list(Algorithm))


@ALGORITHMS
@settings(max_examples=5, deadline=None)
@given(message=st.binary(max_size=200), at=st.integers(0, 8 * SIGNATURE_BYTES - 1))
def test_a_signature_holds_for_its_message_and_key_alone(algorithm: Algorithm, message: bytes, at: int) -> None:
    key = PRIVATE[algorithm]
    signature = key.sign(message)
    assert len(signature) == SIGNATURE_BYTES
    assert holds(algorithm, key.public, message, signature)
    flipped = bytearray(signature)
    flipped[at // 8] ^= 1 << at % 8
    other = generate_key(algorithm).public
    for public, text, bad in (
        (key.public, message + b"x", signature),
        (key.public, message, bytes(flipped)),
        (key.public, message, signature[:-1]),
        (other, message, signature),
    ):
        assert not holds(algorithm, public, text, bad)


def test_sm2_holds_for_the_published_example() -> None:
    """GM/T 0003.5-2012, annex A.2: the standard's curve, the default identity, "message digest"."""
    public = "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
    r = "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
    s = "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
    signature = bytes.fromhex(r + s)
    assert holds(Algorithm.SM2, bytes.fromhex(public), b"message digest", signature)
    assert not holds(Algorithm.SM2, bytes.fromhex(public), b"message digesT", signature)


def test_sm2_signs_in_threads_and_over_the_largest_file_within_a_second() -> None:
    key, large = PRIVATE[Algorithm.SM2], bytes(MAX_FILE_BYTES)
    before = time.process_time()
    assert holds(key.algorithm, key.public, large, key.sign(large))
    assert time.process_time() - before < 1
    with ThreadPoolExecutor(4) as threads:
        messages = [bytes([number]) * 70_000 for number in range(8)]
        for message, signature in zip(messages, threads.map(key.sign, messages), strict=True):
            assert holds(key.algorithm, key.public, message, signature)


@ALGORITHMS
def test_a_key_survives_its_file_and_signs_qr_and_list(algorithm: Algorithm, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    created = create_key_file(path, algorithm)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    signer = load_key_file(path)
    assert (signer.algorithm, signer.public) == (algorithm, created.public)
    ring = KeyRing.from_json(KeyRing([signer.pinned_as(ISSUER)]).to_json())
    assert decode_payload(encode_payload(payload(), signer), ring).issuer == ISSUER
    packed = pack_codes([(3, StatusCode.SUSPENDED)], 8)
    token = sign_list(packed, signer, issuer=ISSUER, address="x", at=datetime(2026, 11, 27, tzinfo=UTC))
    assert read_list(token, ring).code(3) is StatusCode.SUSPENDED
    with pytest.raises(StatusListMalformedError):
        read_list(token[:-4] + "AAAA", ring)


def test_the_ring_fixes_the_algorithm_of_a_key() -> None:
    key = PRIVATE[Algorithm.ECDSA_P256]
    pinned = PublicKey(algorithm=Algorithm.SM2, issuer=ISSUER, public=key.public)
    text = encode_payload(payload(), LocalSigner(key))
    with pytest.raises(QrSignatureError):
        decode_payload(text, KeyRing([pinned]))
    with pytest.raises(KeyRingMalformedError):
        KeyRing([PublicKey(algorithm=Algorithm.ED25519, issuer=ISSUER, public=key.public)])


def open_test_key(address: str) -> PrivateKey:
    """Open a key as the package of a module would."""
    assert address == "test-module:token=a;object=b"
    return PRIVATE[Algorithm.SM2]


def test_a_module_signs_by_an_installed_package(monkeypatch: pytest.MonkeyPatch) -> None:
    offered = EntryPoint("test-module", "tests.unit.test_suites:open_test_key", "ankao.keys")

    def found(*, group: str, name: str) -> list[EntryPoint]:
        return [offered] if (group, name) == (offered.group, offered.name) else []

    monkeypatch.setattr(keys, "entry_points", found)
    signer = LocalSigner(open_module_key("test-module:token=a;object=b"))
    assert holds(signer.algorithm, signer.public, b"x", signer.sign(b"x"))
    with pytest.raises(SettingsError):
        open_module_key("pkcs11:token=a")
