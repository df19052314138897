"""The lease by which a learner's page reports: an HMAC over visit, person and log-in, and a token chain over its beats; pure.

Token: `s2.<visit, 32 hex>.<person, 32 hex>.<log-in, 64 hex>.<region, base64url>.<HMAC-SHA256, base64url>`. Whether the
visit is still the person's open one and the log-in has not ended, only the database knows.
"""

import base64
import hmac
from uuid import UUID

import msgspec

from exam.training.lessons.errors import StudyLeaseError

_PURPOSE, _CHAIN = b"ankao-study\x00", b"ankao-beat\x00"
_MOST, _PARTS, _CHAIN_BYTES = 512, 6, 9


class StudyLease(msgspec.Struct, frozen=True):
    """Who reports on which visit; `login` is the digest of the session that opened the page."""

    visit: UUID
    person: UUID
    login: bytes
    region: str


def mint(lease: StudyLease, secret: bytes) -> str:
    """Return the token of a lease."""
    region = base64.urlsafe_b64encode(lease.region.encode()).decode()
    claim = f"s2.{lease.visit.hex}.{lease.person.hex}.{lease.login.hex()}.{region}"
    return f"{claim}.{_mac(_PURPOSE + claim.encode(), secret)}"


def check(token: str, secret: bytes) -> StudyLease:
    """Return the lease in a token; raises StudyLeaseError for anything this server did not make."""
    claim, _, mac = token.rpartition(".")
    parts = token.split(".")
    genuine = token.isascii() and hmac.compare_digest(mac.encode(), _mac(_PURPOSE + claim.encode(), secret).encode())
    if len(token) > _MOST or len(parts) != _PARTS or not genuine:
        raise StudyLeaseError
    _, visit, person, login, region, _ = parts
    return StudyLease(UUID(visit), UUID(person), bytes.fromhex(login), base64.urlsafe_b64decode(region).decode())


def chain(visit: UUID, seq: int, secret: bytes) -> str:
    """Return what the answer to beat `seq` of a visit holds; the next beat echoes it."""
    digest = hmac.digest(secret, _CHAIN + visit.bytes + seq.to_bytes(4, "big"), "sha256")
    return base64.urlsafe_b64encode(digest[:_CHAIN_BYTES]).decode()


def study_start(lease: StudyLease, secret: bytes) -> tuple[str, str]:
    """Return the token of a visit that has just been opened and what its first beat echoes."""
    return mint(lease, secret), chain(lease.visit, 0, secret)


def _mac(message: bytes, secret: bytes) -> str:
    return base64.urlsafe_b64encode(hmac.digest(secret, message, "sha256")).decode().rstrip("=")
