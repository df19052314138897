"""The algorithms that keys may have, behind one interface; pure. Every signature is two numbers or one, 64 bytes.

- Ed25519 (RFC 8032): public key of 32 bytes.
- ECDSA over P-256 with SHA-256 (FIPS 186-5), r and s of 32 bytes each: public key is the uncompressed point, 65 bytes.
- SM2 with SM3 (GB/T 32918, GB/T 32905), the same forms, for the identity of GB/T 35276: 1234567812345678.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol, Self

import msgspec
from asn1crypto import keys as asn1
from asn1crypto import pem
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from gmalg import SM2
from gmalg.base import Hash
from gmalg.sm2 import SM2Core

from exam.core.token_keys import TokenKey

SIGNATURE_BYTES = 64
_HALF = 32
_POINT = 65
_SM2_NAME = "sm2p256v1"
_SM2_CURVE = SM2()._core.ecdlp  # noqa: SLF001  # the package names its curve nowhere else
_SM2_IDENTITY = b"1234567812345678"
asn1.NamedCurve.register(_SM2_NAME, "1.2.156.10197.1.301", _HALF)


class Algorithm(StrEnum):
    """Names of the algorithms, as rings and the register have them."""

    ED25519 = "Ed25519"
    ECDSA_P256 = "ECDSA-P256"
    SM2 = "SM2"


class KeyKindError(ValueError):
    """A private key of an algorithm that nothing here signs with."""


class PrivateKey(Protocol):
    """Port for whatever can sign: a file's key in memory, or one that never leaves a module (PKCS#11, a signature server)."""

    @property
    def algorithm(self) -> Algorithm: ...
    @property
    def public(self) -> bytes: ...
    def sign(self, message: bytes) -> bytes: ...


class FileKey(PrivateKey, Protocol):
    """A private key that can be written down."""

    def to_pem(self) -> bytes:
        """Return PKCS#8 in PEM, without a passphrase."""


class Ed25519Private:
    """An Ed25519 key in memory."""

    algorithm = Algorithm.ED25519

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw()

    @classmethod
    def generate(cls) -> Self:
        return cls(Ed25519PrivateKey.generate())

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)

    def to_pem(self) -> bytes:
        return _pem(self._private)


class EcdsaPrivate:
    """A P-256 key in memory; its signatures are deterministic (RFC 6979), so that a weak random source gives no key away."""

    algorithm = Algorithm.ECDSA_P256

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )

    @classmethod
    def generate(cls) -> Self:
        return cls(ec.generate_private_key(ec.SECP256R1()))

    def sign(self, message: bytes) -> bytes:
        scheme = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        return joined(*decode_dss_signature(self._private.sign(message, scheme)))

    def to_pem(self) -> bytes:
        return _pem(self._private)


class _Sm3(Hash):  # type: ignore[misc]  # gmalg has no types
    """OpenSSL's SM3: the package's own takes nine seconds for a megabyte."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._hash = hashes.Hash(hashes.SM3())

    def update(self, data: bytes) -> None:
        self._hash.update(data)

    def value(self) -> bytes:
        return self._hash.finalize()


class _Sm2(SM2):  # type: ignore[misc]  # gmalg has no types
    """The scheme for one signature: it keeps the state of its digest, which threads must not share."""

    def __init__(self, secret: bytes | None, public: bytes) -> None:
        super().__init__(secret, _SM2_IDENTITY, public)
        self._core: SM2Core = SM2Core(_SM2_CURVE, _Sm3())


class Sm2Private:
    """An SM2 key in memory."""

    algorithm = Algorithm.SM2

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.public: bytes = SM2().generate_pk(secret)

    @classmethod
    def generate(cls) -> Self:
        return cls(SM2().generate_keypair()[0])

    def sign(self, message: bytes) -> bytes:
        r, s = _Sm2(self._secret, self.public).sign(message)
        return joined(int.from_bytes(r), int.from_bytes(s))

    def to_pem(self) -> bytes:
        point = {"private_key": int.from_bytes(self._secret), "public_key": self.public, "version": 1}
        kind = {"algorithm": "ec", "parameters": asn1.ECDomainParameters("named", _SM2_NAME)}
        info = {"version": 0, "private_key_algorithm": kind, "private_key": asn1.ECPrivateKey(point)}
        return bytes(pem.armor("PRIVATE KEY", asn1.PrivateKeyInfo(info).dump()))


class _Suite(msgspec.Struct, frozen=True):
    public_bytes: int
    generate: Callable[[], FileKey]
    holds: Callable[[bytes, bytes, bytes], bool]


class TokenPrivate:
    """A key in a token behind PKCS #11."""

    def __init__(self, key: TokenKey) -> None:
        self.algorithm, self.public, self.sign = Algorithm(key.curve.value), key.public, key.sign


def generate_key(algorithm: Algorithm) -> FileKey:
    """Return a new private key."""
    return _SUITES[algorithm].generate()


def is_public(algorithm: Algorithm, public: bytes) -> bool:
    """Say whether bytes have the form of a public key."""
    return len(public) == _SUITES[algorithm].public_bytes


def holds(algorithm: Algorithm, public: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether a signature of 64 bytes was made over the message by the key; a key that is no point holds nothing."""
    return len(signature) == SIGNATURE_BYTES and _SUITES[algorithm].holds(public, message, signature)


def read_pem(data: bytes) -> FileKey:
    """Read a PKCS#8 key; raises KeyKindError for other algorithms, ValueError and TypeError for other bytes."""
    if (secret := _sm2_secret(data)) is not None:
        return Sm2Private(secret)
    private = serialization.load_pem_private_key(data, password=None)
    if isinstance(private, Ed25519PrivateKey):
        return Ed25519Private(private)
    if isinstance(private, ec.EllipticCurvePrivateKey) and isinstance(private.curve, ec.SECP256R1):
        return EcdsaPrivate(private)
    raise KeyKindError


def joined(r: int, s: int) -> bytes:
    """Return both numbers of a signature, 32 bytes each."""
    return r.to_bytes(_HALF) + s.to_bytes(_HALF)


def _sm2_secret(data: bytes) -> bytes | None:
    _, _, der = pem.unarmor(data)
    info = asn1.PrivateKeyInfo.load(der, strict=True)
    kind = info["private_key_algorithm"]
    if kind["algorithm"].native != "ec" or kind["parameters"].chosen.native != _SM2_NAME:
        return None
    return int(info["private_key"].parsed["private_key"].native).to_bytes(_HALF)


def _ed25519_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _ecdsa_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    r, s = int.from_bytes(signature[:_HALF]), int.from_bytes(signature[_HALF:])
    try:
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
        point.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def _sm2_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    return bool(_Sm2(None, public).verify(message, signature[:_HALF], signature[_HALF:]))


def _pem(private: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


_SUITES = {
    Algorithm.ED25519: _Suite(32, Ed25519Private.generate, _ed25519_holds),
    Algorithm.ECDSA_P256: _Suite(_POINT, EcdsaPrivate.generate, _ecdsa_holds),
    Algorithm.SM2: _Suite(_POINT, Sm2Private.generate, _sm2_holds),
}
