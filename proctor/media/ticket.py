"""The media ticket: what one connection may do, minted by the web process, accepted by the media node alone.

Token: base64url(JSON) "." base64url(HMAC-SHA256), good for sixty seconds and for one connection; it names the DTLS
certificate, so that who overhears it cannot use it.
"""

import base64
import hmac
from typing import Literal
from uuid import UUID

import msgspec

from proctor.media.errors import MediaTicketError

TICKET_S = 60
_PURPOSE = b"ankao-media-ticket\x00"
_MAX_TOKEN = 8192


class MediaTicket(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may send or see what; `id` makes it good once."""

    id: UUID
    node: str
    """The node that alone accepts it."""
    direction: Literal["publish", "watch"]
    sitting_id: UUID
    room_id: UUID
    region: str
    attempt_id: UUID | None = None
    epoch: int = 0
    """Of the lease that published: a transfer ends the connection."""
    account_id: UUID | None = None
    """Of who watches: a disabled account ends the connection."""
    listening_id: UUID | None = None
    """The act of listening that lets sound be heard: its end ends the connection."""
    ends_at: int | None = None
    """Unix second at which the connection ends whatever else is known."""
    sources: tuple[str, ...]
    """One for each media section of the offer, in order."""
    fingerprint: str
    expires_at: int
    """Unix seconds."""


_decode = msgspec.json.Decoder(MediaTicket).decode


def mint(ticket: MediaTicket, key: bytes) -> str:
    """Return the token of a ticket."""
    body = base64.urlsafe_b64encode(msgspec.json.encode(ticket))
    return f"{body.decode()}.{_mac(body, key).decode()}"


def check(token: str, key: bytes, *, node: str, now: int, fingerprint: str) -> MediaTicket:
    """Return the ticket if it is ours, in time, for this node and for the certificate of the offer."""
    body, _, mac = token.rpartition(".")
    if not body or len(token) > _MAX_TOKEN or not token.isascii():
        raise MediaTicketError
    if not hmac.compare_digest(mac.encode(), _mac(body.encode(), key)):
        raise MediaTicketError
    try:
        ticket = _decode(base64.urlsafe_b64decode(body))
    except (msgspec.DecodeError, ValueError) as error:
        raise MediaTicketError from error
    if ticket.node != node or not now < ticket.expires_at <= now + TICKET_S or ticket.fingerprint != fingerprint:
        raise MediaTicketError
    return ticket


def _mac(body: bytes, key: bytes) -> bytes:
    return base64.urlsafe_b64encode(hmac.digest(key, _PURPOSE + body, "sha256"))
