"""The code that a classroom's QR shows: it changes by the clock, and only the server can make it; pure."""

import base64
import hmac
from uuid import UUID

_PURPOSE = b"ankao-roll\x00"
_BYTES = 12
KEPT_STEPS = 3
"""A code is good in its own step and the next two: scanning, loading the page and pressing the button take time."""


def code_at(secret: bytes, session_id: UUID, at_ms: int, step_s: int) -> str:
    """Return the code of a class session at an instant (Unix ms)."""
    return _code(secret, session_id, at_ms // (step_s * 1000))


def is_fresh(code: str, secret: bytes, session_id: UUID, at_ms: int, step_s: int) -> bool:
    """Say whether a code was shown in this step or one of the last; comparison takes constant time."""
    step = at_ms // (step_s * 1000)
    fresh = False
    for back in range(KEPT_STEPS):
        fresh |= hmac.compare_digest(code.encode(), _code(secret, session_id, step - back).encode())
    return fresh


def _code(secret: bytes, session_id: UUID, step: int) -> str:
    message = _PURPOSE + session_id.bytes + step.to_bytes(8, "big")
    return base64.urlsafe_b64encode(hmac.digest(secret, message, "sha256")[:_BYTES]).decode()
