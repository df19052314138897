"""A question to the provider, which the browser carries sealed while somebody is there, and who can answer it."""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable
from uuid import UUID

import msgspec

from exam.core.crypto import Sealer, SealError
from exam.core.errors import DomainError
from exam.identity.sso.errors import SsoRefusedError

COOKIE = "ankao_sso"
LIFE = timedelta(minutes=10)
_PLACE = "identity_sso.asking"


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """One question to the provider (OpenID Connect Core 3.1.2.1, RFC 7636); `binds` names the account that wants to be bound."""

    state: str
    nonce: str
    verifier: str
    next: str
    asked_at: datetime
    binds: UUID | None = None


class Identity(msgspec.Struct, frozen=True):
    """Who the provider says somebody is; `second_factor` is true where two factors stood behind it.

    `session` is the number of the log-in there (`sid`), empty where the provider gives none.
    """

    subject: str
    second_factor: bool
    session: str = ""


class Left(msgspec.Struct, frozen=True):
    """Whom the provider says to have logged out there: all of a subject's log-ins, or one; either may be empty."""

    subject: str
    session: str


@runtime_checkable
class Answerer(Protocol):
    """The provider, as the pages know it."""

    async def address_for(self, asking: Asking, *, at: datetime) -> str:
        """Return where a browser is sent with a question."""

    async def address_to_leave(self, *, at: datetime) -> str:
        """Return where a browser is sent to log out there too, empty where that is not offered."""

    async def identify(self, asking: Asking, code: str, *, at: datetime) -> Identity:
        """Exchange a code for the identity behind it; raises SsoRefusedError and SsoUnavailableError."""

    async def who_left(self, token: str, *, at: datetime) -> Left:
        """Return the subject that has logged out there; raises SsoRefusedError and SsoUnavailableError."""

    async def close(self) -> None:
        """Close the connections."""


def ask(*, target: str, at: datetime, binds: UUID | None = None) -> Asking:
    """Return a question with three fresh secrets of 256 bits."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Asking(state=state, nonce=nonce, verifier=verifier, next=target, asked_at=at, binds=binds)


def seal(sealer: Sealer, asking: Asking) -> str:
    """Return the cookie's value."""
    return urlsafe_b64encode(sealer.seal(msgspec.json.encode(asking).decode(), _PLACE)).decode()


def unseal(sealer: Sealer, cookie: str | None, state: str, *, at: datetime) -> Asking:
    """Return the question that an answer with this state belongs to; raises SsoRefusedError."""
    try:
        asking = msgspec.json.decode(sealer.open(urlsafe_b64decode(cookie or ""), _PLACE), type=Asking)
    except (SealError, DomainError, ValueError) as error:
        raise SsoRefusedError from error
    if not hmac.compare_digest(asking.state.encode(), state.encode()) or asking.asked_at + LIFE < at:
        raise SsoRefusedError
    return asking
