"""Sealing of personal data: authenticated encryption for reading, a keyed blind index for finding."""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from exam.core.errors import DomainError

NONCE_BYTES = 12
VERSION = b"\x01"


class SealError(DomainError):
    """A sealed value does not open: wrong key, wrong place or changed bytes."""

    code = "seal_broken"
    message = "加密数据无法读取,请联系管理员。"


class Sealer:
    """AES-256-GCM over one value; `place` (table.column) is authenticated, so that a value cannot be moved."""

    def __init__(self, sealing_key: bytes, index_key: bytes) -> None:
        self._cipher = AESGCM(sealing_key)
        self._index_key = index_key

    def seal(self, text: str, place: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return VERSION + nonce + self._cipher.encrypt(nonce, text.encode(), place.encode())

    def open(self, sealed: bytes, place: str) -> str:
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, body, place.encode()).decode()
        except InvalidTag as error:
            raise SealError(place=place) from error

    def blind_index(self, text: str, place: str) -> bytes:
        """Return a 32-byte keyed digest: equal values of one place have equal indexes, and nothing else shows."""
        return hmac.digest(self._index_key, place.encode() + b"\0" + text.encode(), "sha256")


def digest(data: bytes) -> bytes:
    """Return the SHA-256 of bytes."""
    return hashlib.sha256(data).digest()
