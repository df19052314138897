"""Claims in addresses that this server alone can make: msgspec and an HMAC over them; pure."""

import base64
import hmac
from typing import TypeVar

import msgspec

from exam.core.errors import NotFoundError

_MOST = 1024
Claim = TypeVar("Claim", bound=msgspec.Struct)


def seal(claim: msgspec.Struct, purpose: bytes, secret: bytes) -> str:
    """Return a claim as one segment of an address."""
    text = base64.urlsafe_b64encode(msgspec.json.encode(claim)).decode().rstrip("=")
    return f"{text}.{mac_of(purpose + text.encode(), secret)}"


def unseal(token: str, kind: type[Claim], purpose: bytes, secret: bytes) -> Claim:
    """Return the claim of a segment; raises NotFoundError for one that was not made here for this purpose."""
    text, _, mac = token.rpartition(".")
    genuine = token.isascii() and hmac.compare_digest(mac, mac_of(purpose + text.encode(), secret))
    if len(token) > _MOST or not genuine:
        raise NotFoundError
    return msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=kind)


def mac_of(message: bytes, secret: bytes) -> str:
    """Return the HMAC-SHA256 of a message as URL-safe text."""
    return base64.urlsafe_b64encode(hmac.digest(secret, message, "sha256")).decode().rstrip("=")
