"""Sealing of personal data: authenticated encryption for reading, a keyed blind index for finding.

Both carry the number of their generation of keys in the first byte, so that keys can be changed while people work.
"""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from exam.core.config import SettingsError
from exam.core.errors import DomainError
from exam.core.keyring import Generation, KeyRing, SealAlgorithm

NONCE_BYTES = 12
TAG_BYTES = 16
SM4_KEY_BYTES = 16
SHORTEST = 1 + NONCE_BYTES + TAG_BYTES


class SealError(DomainError):
    """A sealed value does not open: wrong key, wrong place or changed bytes."""

    code = "seal_broken"
    message = "加密数据无法读取,请联系管理员。"


class Sealer:
    """Seals one value at a time; `place` (table.column) is authenticated, so that a value cannot be moved."""

    def __init__(self, keys: KeyRing | None) -> None:
        self._known = keys

    @property
    def _keys(self) -> KeyRing:
        if self._known is None:
            raise SettingsError(reason="this process was not given the key ring")
        return self._known

    def seal(self, text: str, place: str) -> bytes:
        """Return generation (1 byte), nonce (12) and ciphertext with its tag (16)."""
        return self.seal_bytes(text.encode(), place)

    def seal_bytes(self, data: bytes, place: str) -> bytes:
        """Return a file sealed as `seal` seals a text; `place` is its key in the storage."""
        generation, nonce = self._keys.current().current, os.urandom(NONCE_BYTES)
        return bytes([generation.number]) + nonce + _encrypt(generation, nonce, data, place.encode())

    def open(self, sealed: bytes, place: str) -> str:
        """Return the text; raises SealError, and GenerationUnknownError where the ring has lost a key."""
        return self.open_bytes(sealed, place).decode()

    def open_bytes(self, sealed: bytes, place: str) -> bytes:
        """Return the file; raises as `open` does."""
        if len(sealed) < SHORTEST:
            raise SealError(place=place)
        generation = self._keys.current().generation(sealed[0])
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return _decrypt(generation, nonce, body, place.encode())
        except InvalidTag as error:
            raise SealError(place=place) from error

    def blind_index(self, text: str, place: str) -> bytes:
        """Return generation and keyed digest (33 bytes): equal values of one place and generation have equal indexes."""
        return _index(self._keys.current().current, text, place)

    def blind_indexes(self, text: str, place: str) -> list[bytes]:
        """Return the indexes under every generation: what was stored before a change of keys is found by an older one."""
        return [_index(each, text, place) for each in self._keys.current().generations]

    def lock_key(self, text: str, place: str) -> bytes:
        """Return the same bytes in every process, even while one has begun to use a new generation and another has not."""
        return _index(self._keys.current().generations[0], text, place)

    @property
    def generation(self) -> int:
        """The number of the generation in use."""
        return self._keys.current().in_use


def _index(generation: Generation, text: str, place: str) -> bytes:
    keyed = hmac.digest(generation.index, place.encode() + b"\0" + text.encode(), "sha256")
    return bytes([generation.number]) + keyed


def _encrypt(generation: Generation, nonce: bytes, data: bytes, place: bytes) -> bytes:
    if generation.algorithm is SealAlgorithm.AES_256_GCM:
        return AESGCM(generation.sealing).encrypt(nonce, data, place)
    encryptor = Cipher(_sm4(generation), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(place)
    return encryptor.update(data) + encryptor.finalize() + encryptor.tag


def _decrypt(generation: Generation, nonce: bytes, body: bytes, place: bytes) -> bytes:
    if generation.algorithm is SealAlgorithm.AES_256_GCM:
        return AESGCM(generation.sealing).decrypt(nonce, body, place)
    decryptor = Cipher(_sm4(generation), modes.GCM(nonce, body[-TAG_BYTES:])).decryptor()
    decryptor.authenticate_additional_data(place)
    return decryptor.update(body[:-TAG_BYTES]) + decryptor.finalize()


def _sm4(generation: Generation) -> algorithms.SM4:
    return algorithms.SM4(generation.sealing[:SM4_KEY_BYTES])


def digest(data: bytes) -> bytes:
    """Return the SHA-256 of bytes."""
    return hashlib.sha256(data).digest()
