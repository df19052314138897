"""Signatures of messages: Standard Webhooks (symmetric, v1): HMAC-SHA-256 over id, second and body."""

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from typing import Final

from exam.core.errors import DomainError, Kind

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
TOLERANCE_S: Final = 300
MEDIA_TYPES: Final = {"json": "application/json", "xml": "application/xml"}
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


class SignatureWrongError(DomainError):
    """Nobody who holds the secret has signed these bytes, or not lately; `why` says which."""

    kind = Kind.UNAUTHENTICATED
    code = "exchange_signature"
    message = "报文签名无效:{why}"


def new_secret() -> str:
    """Return a fresh secret in its written form."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def is_secret(text: str) -> bool:
    """Tell whether a text is a secret in its written form, of 24 to 64 bytes as the standard wants."""
    try:
        return text.startswith(PREFIX) and 24 <= len(_key(text)) <= 64  # noqa: PLR2004  # the standard's bounds
    except SignatureWrongError:
        return False


def headers_of(secret: str, message_id: str, unix_s: int, body: bytes, *, before: str = "") -> dict[str, str]:
    """Return the three headers of a signed message; `before` is the secret that is being replaced, which signs as well."""
    signatures = [_sign(_key(each), message_id, unix_s, body) for each in (secret, before) if each]
    return {ID: message_id, TIMESTAMP: str(unix_s), SIGNATURE: " ".join(signatures)}


def verify(secret: str, headers: Mapping[str, str], body: bytes, *, now_s: int, before: str = "") -> str:
    """Return the id of a message that was signed within five minutes; raises SignatureWrongError.

    `before` is the secret that is being replaced, and is good as well.
    """
    try:
        message_id, unix_s, given = headers[ID], int(headers[TIMESTAMP]), headers[SIGNATURE]
    except (KeyError, ValueError) as error:
        raise SignatureWrongError(why="headers are missing") from error
    if abs(now_s - unix_s) > TOLERANCE_S:
        raise SignatureWrongError(why="signed too long ago or in the future")
    wanted = [_sign(_key(known), message_id, unix_s, body).encode() for known in (secret, before) if known]
    # a secret that is being changed signs twice: the signatures stand side by side
    if not any(hmac.compare_digest(each.encode(), one) for each in given.split(" ") for one in wanted):
        raise SignatureWrongError(why="the signature is of another secret or of other bytes")
    return message_id


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.strip().removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise SignatureWrongError(why="the secret is not in its written form") from error


def _sign(key: bytes, message_id: str, unix_s: int, body: bytes) -> str:
    content = f"{message_id}.{unix_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode()
