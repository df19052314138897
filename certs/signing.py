"""Signatures over credentials: who may sign, and which public keys a verifier has pinned.

A key is named by the first eight bytes of the SHA-256 of its raw public key, and a key ring fixes the algorithm of
each key: a signed text can never choose how it is checked. The algorithms are in `certs.suites`.
"""

import hashlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, Protocol, Self

import msgspec

from certs.suites import Algorithm, KeyKindError, PrivateKey, generate_key, holds, is_public, read_pem
from exam.core.errors import DomainError

KEY_ID_BYTES = 8


class KeyUnknownError(DomainError):
    """The signature names a key that is not pinned here."""

    code = "key_unknown"
    message = "签名所用的密钥不在本机信任的名单中。"


class SignatureWrongError(DomainError):
    """The signature was not made by the named key over these bytes."""

    code = "signature_wrong"
    message = "数字签名不符,内容可能被改动过。"


class KeyFileUnusableError(DomainError):
    """The private key file is of another kind, damaged, or readable by others than its owner."""

    code = "key_file_unusable"
    message = "签名私钥文件不能使用:须为 PKCS#8 PEM 格式的 Ed25519、P-256 或 SM2 私钥,且只有属主可以读写。"


class KeyRingMalformedError(DomainError):
    """A ring of public keys is not what `KeyRing.to_json` writes, or an entry contradicts itself."""

    code = "key_ring_malformed"
    message = "公钥名单格式有误,请重新取得官方发布的文件。"


class Signer(Protocol):
    """Port for whatever signs under a pinned key: one in this process, or the signer process over its socket."""

    @property
    def algorithm(self) -> Algorithm: ...
    @property
    def key_id(self) -> bytes: ...
    @property
    def public(self) -> bytes: ...
    def sign(self, message: bytes) -> bytes: ...
    def pinned_as(self, issuer: str) -> "PublicKey": ...


class Verifier(Protocol):
    """Port for checking signatures against pinned keys."""

    def verify(self, key_id: bytes, message: bytes, signature: bytes) -> str:
        """Return the name pinned to the key; raises KeyUnknownError and SignatureWrongError."""


class PublicKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pinned key: `issuer` is the name that a verifier shows, `public` the key in the form of its algorithm."""

    algorithm: Algorithm = Algorithm.ED25519
    issuer: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        return key_id_of(self.public)


class _RingFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: Literal[1]
    keys: tuple[PublicKey, ...]


class KeyName:
    """The public half of a key that signs, wherever the private one is."""

    def __init__(self, public: bytes, algorithm: Algorithm = Algorithm.ED25519) -> None:
        self.public, self.algorithm = public, algorithm
        self.key_id = key_id_of(public)

    def pinned_as(self, issuer: str) -> PublicKey:
        """Return what others need to verify this key's signatures."""
        return PublicKey(algorithm=self.algorithm, issuer=issuer, public=self.public)


class LocalSigner(KeyName):
    """Signs with a key that this process can use."""

    def __init__(self, private: PrivateKey) -> None:
        super().__init__(private.public, private.algorithm)
        self._private = private

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


class KeyRing:
    """The public keys that a verifier trusts; the only trust anchor, never an address printed beside a signature."""

    def __init__(self, keys: Iterable[PublicKey]) -> None:
        self.keys = tuple(keys)
        for key in self.keys:
            if not is_public(key.algorithm, key.public):
                raise KeyRingMalformedError(issuer=key.issuer)
        self._by_id = {key.key_id: key for key in self.keys}

    def verify(self, key_id: bytes, message: bytes, signature: bytes) -> str:
        """Return the issuer pinned to the key; raises KeyUnknownError and SignatureWrongError."""
        if (key := self._by_id.get(key_id)) is None:
            raise KeyUnknownError(key_id=key_id.hex())
        if not holds(key.algorithm, key.public, message, signature):
            raise SignatureWrongError(key_id=key_id.hex())
        return key.issuer

    def to_json(self) -> bytes:
        """Return the ring as the file that verifiers pin."""
        return msgspec.json.format(msgspec.json.encode(_RingFile(1, self.keys)), indent=2)

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Read a ring; raises KeyRingMalformedError."""
        try:
            return cls(msgspec.json.decode(data, type=_RingFile).keys)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise KeyRingMalformedError from error


def key_id_of(public: bytes) -> bytes:
    """Return the eight bytes that name a raw public key."""
    return hashlib.sha256(public).digest()[:KEY_ID_BYTES]


def create_key_file(path: Path, algorithm: Algorithm = Algorithm.ED25519) -> LocalSigner:
    """Write a new private key that only its owner can read; an existing file is never overwritten (FileExistsError)."""
    private = generate_key(algorithm)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(private.to_pem())
        file.flush()
        os.fsync(file.fileno())
    return LocalSigner(private)


def load_key_file(path: Path) -> LocalSigner:
    """Read a private key; raises KeyFileUnusableError, also when group or others have any right to the file."""
    with path.open("rb") as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
            raise KeyFileUnusableError(path=str(path), reason="mode")
        pem = file.read()
    try:
        return LocalSigner(read_pem(pem))
    except KeyKindError as error:
        raise KeyFileUnusableError(path=str(path), reason="algorithm") from error
    except (ValueError, TypeError) as error:
        raise KeyFileUnusableError(path=str(path), reason="format") from error
