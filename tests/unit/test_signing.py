import hashlib
import stat
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from certs.signing import (
    KeyFileUnusableError,
    KeyRing,
    KeyRingMalformedError,
    KeyUnknownError,
    PublicKey,
    SignatureWrongError,
    Signer,
    Verifier,
    create_key_file,
    key_id_of,
    load_key_file,
)
from tests.builders.documents import ISSUER, signer

RING = KeyRing([signer(1).pinned_as(ISSUER), signer(2).pinned_as("旧机关")])


@given(st.binary())
def test_a_signature_verifies_and_names_the_pinned_issuer(message: bytes) -> None:
    signing: Signer = signer(1)
    verifying: Verifier = RING
    assert verifying.verify(signing.key_id, message, signing.sign(message)) == ISSUER


def test_a_changed_message_is_refused() -> None:
    with pytest.raises(SignatureWrongError):
        RING.verify(signer(1).key_id, b"other", signer(1).sign(b"message"))


@pytest.mark.parametrize("signature", [b"", b"short", bytes(64), bytes(65)])
def test_what_is_no_signature_is_refused(signature: bytes) -> None:
    with pytest.raises(SignatureWrongError):
        RING.verify(signer(1).key_id, b"message", signature)


def test_one_pinned_key_cannot_speak_for_another() -> None:
    with pytest.raises(SignatureWrongError):
        RING.verify(signer(2).key_id, b"message", signer(1).sign(b"message"))


def test_a_key_that_is_not_pinned_is_unknown() -> None:
    stranger = signer(3)
    with pytest.raises(KeyUnknownError) as caught:
        RING.verify(stranger.key_id, b"message", stranger.sign(b"message"))
    assert caught.value.fields == {"key_id": stranger.key_id.hex()}


def test_the_key_id_is_the_head_of_the_digest_of_the_public_key() -> None:
    assert signer(1).key_id == hashlib.sha256(signer(1).public).digest()[:8]
    assert signer(1).pinned_as(ISSUER).key_id == key_id_of(signer(1).public)


def test_rfc_8032_test_2_gives_the_published_signature(tmp_path: Path) -> None:
    seed = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    path = tmp_path / "key.pem"
    der = bytes.fromhex("302e020100300506032b657004220420") + seed
    pem = serialization.load_der_private_key(der, None).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(pem)
    path.chmod(0o600)
    loaded = load_key_file(path)
    assert loaded.public.hex() == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    assert loaded.sign(b"\x72").hex() == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )


def test_a_new_key_file_belongs_to_its_owner_alone_and_loads_again(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    created = create_key_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_key_file(path).public == created.public


def test_an_existing_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text("kept")
    with pytest.raises(FileExistsError):
        create_key_file(path)
    assert path.read_text() == "kept"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_file_that_others_can_open_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key.pem"
    create_key_file(path)
    path.chmod(mode)
    with pytest.raises(KeyFileUnusableError) as caught:
        load_key_file(path)
    assert caught.value.fields["reason"] == "mode"


def test_a_damaged_key_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text("-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----\n")
    path.chmod(0o600)
    with pytest.raises(KeyFileUnusableError) as caught:
        load_key_file(path)
    assert caught.value.fields["reason"] == "format"


def test_a_key_of_another_algorithm_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(
        ec.generate_private_key(ec.SECP384R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    path.chmod(0o600)
    with pytest.raises(KeyFileUnusableError) as caught:
        load_key_file(path)
    assert caught.value.fields["reason"] == "algorithm"


def test_a_ring_survives_its_file() -> None:
    again = KeyRing.from_json(RING.to_json())
    assert again.keys == RING.keys
    assert again.verify(signer(2).key_id, b"m", signer(2).sign(b"m")) == "旧机关"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"{}",
        b'{"version": 2, "keys": []}',
        b'{"version": 1, "keys": [], "more": 1}',
        b'{"version": 1, "keys": [{"issuer": "x", "public": "AAAA"}]}',
        b'{"version": 1, "keys": [{"algorithm": "none", "issuer": "x", "public": ""}]}',
    ],
)
def test_a_file_that_is_no_ring_is_refused(data: bytes) -> None:
    with pytest.raises(KeyRingMalformedError):
        KeyRing.from_json(data)


def test_the_ring_file_holds_no_private_byte() -> None:
    fields = msgspec.json.decode(RING.to_json())["keys"][0]
    assert set(fields) == {"algorithm", "issuer", "public"}
    assert set(PublicKey.__struct_fields__) == {"algorithm", "issuer", "public"}
