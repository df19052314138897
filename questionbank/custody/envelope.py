"""A share for one custodian's eyes: ECDH on P-256, HKDF-SHA-256, AES-256-GCM (RFC 5869, NIST SP 800-56A, SP 800-38D).

The same three steps are in every browser's WebCrypto, where the custodian's private key lives (static/questionbank/custody.js):
the server seals shares and never opens one.
"""

import os
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from questionbank.forms.canonical import canonical

_NONCE_BYTES: Final = 12
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
    nonce = os.urandom(_NONCE_BYTES)
    secret = ephemeral.exchange(ec.ECDH(), read_public(public))
    key = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=context).derive(secret)
    return point + nonce + AESGCM(key).encrypt(nonce, share, context)
