"""A terminal's key and signatures, as the browser makes them."""

import time
from base64 import urlsafe_b64encode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

COORDINATE_BYTES = 32


def _b64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


class TerminalKey:
    """One P-256 key and its growing nonce."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._nonce = 0

    @property
    def jwk(self) -> dict[str, str]:
        """The public key as the page sends it."""
        numbers = self._key.public_key().public_numbers()
        return {"x": _b64(numbers.x.to_bytes(COORDINATE_BYTES)), "y": _b64(numbers.y.to_bytes(COORDINATE_BYTES))}

    def sign(self, *words: str) -> dict[str, int | str]:
        """Return the nonce and the signature over `words|nonce`."""
        self._nonce = max(self._nonce + 1, time.time_ns() // 1_000_000)
        message = "|".join([*words, str(self._nonce)]).encode()
        r, s = decode_dss_signature(self._key.sign(message, ec.ECDSA(hashes.SHA256())))
        raw = r.to_bytes(COORDINATE_BYTES) + s.to_bytes(COORDINATE_BYTES)
        return {"nonce": self._nonce, "signature": _b64(raw)}
