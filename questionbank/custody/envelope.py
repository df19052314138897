"""A share for one custodian's eyes: ECDH on P-256, HKDF-SHA-256, AES-256-GCM (RFC 5869, NIST SP 800-56A, SP 800-38D).

The same three steps are in every browser's WebCrypto, where the custodian's private key lives: the server seals shares
and can never open one.
"""

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from questionbank.forms.canonical import canonical
from questionbank.forms.seal import SealBrokenError

POINT_BYTES: Final = 65
NONCE_BYTES: Final = 12
_CURVE: Final = ec.SECP256R1()


def share_context(*, sitting: str, view: str, number: int) -> bytes:
    """Return the bytes that bind a share to its sitting, view and number."""
    return canonical({"share": "ankao-share-1", "sitting": sitting, "view": view, "number": number})


def read_public(data: bytes) -> ec.EllipticCurvePublicKey:
    """Return an uncompressed point as a key; ValueError when it is none of the curve."""
    return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, data)


def seal_share(public: bytes, share: bytes, context: bytes) -> bytes:
    """Return ephemeral point (65 bytes), nonce (12), ciphertext and tag."""
    ephemeral = ec.generate_private_key(_CURVE)
    point = ephemeral.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    nonce = os.urandom(NONCE_BYTES)
    key = _derive(ephemeral.exchange(ec.ECDH(), read_public(public)), context)
    return point + nonce + AESGCM(key).encrypt(nonce, share, context)


def open_share(private: ec.EllipticCurvePrivateKey, sealed: bytes, context: bytes) -> bytes:
    """Return the share as a custodian's device does; raises SealBrokenError."""
    point, nonce, body = (
        sealed[:POINT_BYTES],
        sealed[POINT_BYTES : POINT_BYTES + NONCE_BYTES],
        sealed[POINT_BYTES + NONCE_BYTES :],
    )
    try:
        key = _derive(private.exchange(ec.ECDH(), read_public(point)), context)
        return AESGCM(key).decrypt(nonce, body, context)
    except (InvalidTag, ValueError):
        raise SealBrokenError from None


def _derive(secret: bytes, context: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=context).derive(secret)
