"""The way around a network that lets no UDP through: a TURN server of the operator's, and who may use it for how long.

Credentials are coturn's time-limited ones (draft-uberti-behave-turn-rest-00): the user is "end:name", the end in Unix
seconds, the password base64(HMAC-SHA1(secret, user)). They go out with an answer alone, so only who was given a media
ticket has them; the relay counts quotas by the name.
"""

import base64
import hmac
from uuid import UUID

import msgspec

from exam.core.config import Settings, SettingsError, variable_of

LEAST_SECRET = 32
AFTER_S = 600
"""A candidate's credentials end so long after the exam."""
WATCH_S = 3600
"""A wall's; it connects anew with fresh ones."""


class Relay(msgspec.Struct, frozen=True):
    """What a page gives its next connection (RTCIceServer), if the one that it has now does not come about."""

    urls: list[str]
    username: str
    credential: str


class Relays:
    """Mints credentials for the operator's relay; none where no relay is set."""

    def __init__(self, settings: Settings) -> None:
        self._urls = settings.turn_urls.split(",") if settings.turn_urls else []
        self._secret = _read_secret(settings) if self._urls else b""

    def until(self, ends_at: int, who: UUID) -> Relay | None:
        """Return credentials for an attempt or an account, good until a Unix second."""
        if not self._urls:
            return None
        username = f"{ends_at}:{who}"
        password = hmac.digest(self._secret, username.encode(), "sha1")
        return Relay(self._urls, username, base64.b64encode(password).decode())


def _read_secret(settings: Settings) -> bytes:
    """Return the secret that the relay has too; raises SettingsError where it is missing or short."""
    name = variable_of("turn_secret_file")
    try:
        secret = settings.turn_secret_file.read_bytes().strip()
    except OSError as error:
        raise SettingsError(reason=f"{name} cannot be read") from error
    if len(secret) < LEAST_SECRET:
        raise SettingsError(reason=f"{name} must hold {LEAST_SECRET} characters or more")
    return secret
