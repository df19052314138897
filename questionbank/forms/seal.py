"""Sealed envelopes for forms and the wrapping of their keys (AES-256-GCM, NIST SP 800-38D).

An envelope is one version byte, a random 96-bit nonce, and the ciphertext with its 128-bit tag. Sitting, form and view
are bound as associated data, so that an envelope can be neither swapped nor opened in another's place.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from exam.core.errors import ConflictError
from questionbank.forms.canonical import canonical

ALGORITHM = "aes-256-gcm"
KEY_BYTES = 32

_VERSION = b"\x01"
_NONCE_BYTES = 12
_TAG_BYTES = 16
_VIEW, _KEY = b"ankao-view\x00", b"ankao-key\x00"


class SealBrokenError(ConflictError):
    """An envelope does not open: wrong key, wrong place, or altered bytes; which of them is never said."""

    code = "seal_broken"
    message = "密封内容无法打开:密钥不符或内容已被改动。请停止使用并联系考务中心。"


def new_key() -> bytes:
    """Return a fresh 256-bit key, for one view of one sitting."""
    return AESGCM.generate_key(256)


def view_aad(*, sitting: str, form: str, view: str) -> bytes:
    """Return the associated data of one view of one form."""
    return canonical({"algorithm": ALGORITHM, "sitting": sitting, "form": form, "view": view})


def key_aad(*, sitting: str, view: str, custodian: str = "") -> bytes:
    """Return the associated data of the wrapped key of one view; `custodian` names the holder of the wrapping key."""
    return canonical({"algorithm": ALGORITHM, "sitting": sitting, "view": view, "custodian": custodian})


def seal(key: bytes, view: bytes, aad: bytes) -> bytes:
    """Return the envelope of a rendered view; a key of another length than 32 bytes is a `ValueError`."""
    return _seal(key, view, _VIEW + aad)


def open_sealed(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """Return what `seal` was given, or raise `SealBrokenError`."""
    return _open(key, sealed, _VIEW + aad)


def wrap_key(kek: bytes, key: bytes, aad: bytes) -> bytes:
    """Return a view key sealed under a key-encryption key; no envelope of a view opens as a wrapped key."""
    return _seal(kek, key, _KEY + aad)


def unwrap_key(kek: bytes, wrapped: bytes, aad: bytes) -> bytes:
    """Return the key that `wrap_key` was given, or raise `SealBrokenError`."""
    return _open(kek, wrapped, _KEY + aad)


def _cipher(key: bytes) -> AESGCM:
    if len(key) != KEY_BYTES:
        message = "an AES-256 key has 32 bytes"
        raise ValueError(message)
    return AESGCM(key)


def _seal(key: bytes, data: bytes, aad: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return _VERSION + nonce + _cipher(key).encrypt(nonce, data, _VERSION + aad)


def _open(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    if sealed[:1] != _VERSION or len(sealed) < 1 + _NONCE_BYTES + _TAG_BYTES or len(key) != KEY_BYTES:
        raise SealBrokenError
    nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return _cipher(key).decrypt(nonce, body, _VERSION + aad)
    except InvalidTag:
        raise SealBrokenError from None
