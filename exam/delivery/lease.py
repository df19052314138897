"""The lease that lets one terminal write one attempt: an HMAC (RFC 2104), checked without any store.

Token: `v1.<attempt, 32 hex>.<epoch>.<terminal key thumbprint>.<HMAC-SHA256, base64url without padding>`. A transfer to another terminal
raises the epoch in the database, and every token of an older epoch is refused there; the lease itself never expires.

Before admission there is no lease: a terminal that waits holds a pass of the same form, `w1.…`, made for another purpose, so
that neither serves for the other. It opens nothing of the exam; by it the candidate is told of the camera and tries it.
"""

import base64
import hmac
import re
from collections.abc import Sequence
from uuid import UUID

import msgspec

from exam.core.errors import DomainError, Kind

_PURPOSE, _WAITING = b"ankao-lease\x00", b"ankao-waiting\x00"
_MAX_TOKEN = 256
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{1,64}")


class LeaseInvalidError(DomainError):
    """The token was not made by this server, or was altered."""

    kind = Kind.UNAUTHENTICATED
    code = "lease_invalid"
    message = "本终端的作答凭证无效,请举手联系监考员。您已保存的答案不受影响。"


class Lease(msgspec.Struct, frozen=True):
    """Who may write: `epoch` is the fencing number, `terminal` the RFC 7638 thumbprint of the terminal's key."""

    attempt_id: UUID
    epoch: int
    terminal: str


def mint(lease: Lease, secret: bytes) -> str:
    """Return the token of a lease; a negative epoch or a thumbprint that is not base64url is a `ValueError`."""
    return _token(lease, "v1", secret, _PURPOSE)


def mint_pass(lease: Lease, secret: bytes) -> str:
    """Return the pass of a terminal that waits for the lease named."""
    return _token(lease, "w1", secret, _WAITING)


def _token(lease: Lease, version: str, secret: bytes, purpose: bytes) -> str:
    if lease.epoch < 0 or not _THUMBPRINT.fullmatch(lease.terminal):
        message = "a lease needs an epoch from 0 and a base64url thumbprint"
        raise ValueError(message)
    claim = f"{version}.{lease.attempt_id.hex}.{lease.epoch}.{lease.terminal}"
    return f"{claim}.{_mac(claim.encode(), secret, purpose).decode()}"


def check(token: str, secrets: Sequence[bytes]) -> Lease:
    """Return the lease in a token made under any of the secrets, newest first, or raise `LeaseInvalidError`.

    Comparison takes constant time; more than one secret is needed only while keys rotate.
    """
    return _read(token, secrets, _PURPOSE)


def check_pass(token: str, secrets: Sequence[bytes]) -> Lease:
    """Return the lease that a waiting terminal's pass waits for; raises `LeaseInvalidError`."""
    return _read(token, secrets, _WAITING)


def _read(token: str, secrets: Sequence[bytes], purpose: bytes) -> Lease:
    claim, _, mac = token.rpartition(".")
    if not claim or len(token) > _MAX_TOKEN or not token.isascii():
        raise LeaseInvalidError
    given, body = mac.encode(), claim.encode()
    genuine = False
    for secret in secrets:
        genuine |= hmac.compare_digest(given, _mac(body, secret, purpose))
    if not genuine:
        raise LeaseInvalidError
    _, attempt, epoch, terminal = claim.split(".")
    return Lease(UUID(int=int(attempt, 16)), int(epoch), terminal)


def _mac(claim: bytes, secret: bytes, purpose: bytes) -> bytes:
    return base64.urlsafe_b64encode(hmac.digest(secret, purpose + claim, "sha256"))[:-1]
