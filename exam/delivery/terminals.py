"""Terminals: known by a key that never leaves the browser, bound to a seat by the proctor."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.principal import Principal
from exam.delivery.errors import (
    SeatTakenError,
    TerminalBusyError,
    TerminalCodeError,
    TerminalKeyError,
    TerminalSignatureError,
)
from exam.delivery.models import Attempt, Terminal
from exam.delivery.state import OPEN_STATES
from exam.sitting.api import get_sitting, list_rooms

# without letters and digits that a tired eye mixes up
CODE_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 6
COORDINATE_BYTES = 32


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _public_key(jwk: dict[str, str]) -> ec.EllipticCurvePublicKey:
    try:
        x, y = (int.from_bytes(_bytes(jwk[name])) for name in ("x", "y"))
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except (KeyError, ValueError) as error:
        raise TerminalKeyError from error


def thumbprint(jwk: dict[str, str]) -> str:
    """Return the RFC 7638 thumbprint of an EC P-256 key, base64url."""
    members = json.dumps({"crv": "P-256", "kty": "EC", "x": jwk["x"], "y": jwk["y"]}, separators=(",", ":"))
    return urlsafe_b64encode(hashlib.sha256(members.encode()).digest()).decode().rstrip("=")


async def enrol_terminal(session: AsyncSession, jwk: dict[str, str], *, at: datetime) -> Terminal:
    """Return the terminal of a key, creating a pending one with a code for the proctor to type."""
    _public_key(jwk)
    print_ = thumbprint(jwk)
    known = await session.scalar(select(Terminal).where(Terminal.thumbprint == print_))
    if known is not None:
        return known
    terminal = Terminal(
        public_key={"x": jwk["x"], "y": jwk["y"]},
        thumbprint=print_,
        code="".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH)),
        state="pending",
        last_nonce=0,
        created_at=at,
    )
    session.add(terminal)
    await session.flush()
    return terminal


async def require_terminal(
    session: AsyncSession,
    terminal_id: UUID,
    words: tuple[str, ...],
    nonce: int,
    signature: str,
) -> Terminal:
    """Return the terminal that signed `words|nonce` (ECDSA P-256, SHA-256, r||s), each nonce once and growing."""
    terminal = await session.get(Terminal, terminal_id, with_for_update=True)
    if terminal is None or nonce <= terminal.last_nonce:
        raise TerminalSignatureError
    try:
        raw = _bytes(signature)
        r, s = (int.from_bytes(part) for part in (raw[:COORDINATE_BYTES], raw[COORDINATE_BYTES:]))
        message = "|".join([*words, str(nonce)]).encode()
        _public_key(terminal.public_key).verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError) as error:
        raise TerminalSignatureError from error
    terminal.last_nonce = nonce
    await session.flush()
    return terminal


async def bind_terminal(
    session: AsyncSession,
    principal: Principal,
    *,
    code: str,
    room_id: UUID,
    sitting_id: UUID,
    seat: str,
    at: datetime,
) -> UUID:
    """Bind the terminal that shows `code` to a seat of a room; raises TerminalCodeError, SeatTakenError.

    A terminal that stood at the seat before is retired unless a candidate is working on it.
    """
    wanted = code.strip().upper()
    terminal = await session.scalar(
        select(Terminal).where(Terminal.code == wanted, Terminal.state == "pending").with_for_update(),
    )
    if terminal is None:
        raise TerminalCodeError(code=wanted)
    sitting = await get_sitting(session, sitting_id)
    room = next(room for room in await list_rooms(session, sitting_id) if room.id == room_id)
    await _retire_at(session, room_id, seat)
    terminal.state, terminal.room_id, terminal.seat, terminal.region = "bound", room_id, seat, sitting.region
    terminal.bound_at, terminal.bound_by = at, principal.account
    terminal.place = {
        "room": room.name,
        "sitting": sitting.title,
        "sitting_id": str(sitting_id),
        "starts_at": int(sitting.starts_at.timestamp() * 1000),
    }
    await session.flush()
    facts = {"room": str(room_id), "seat": seat}
    subject = ("terminal", terminal.id)
    await record(session, principal, "terminal.bound", subject, at=at, region=sitting.region, facts=facts)
    return terminal.id


async def require_free(session: AsyncSession, terminal: Terminal, registration_id: UUID) -> None:
    """Refuse a terminal at which anybody but this registration's candidate has an open attempt."""
    others = select(Attempt.id).where(
        Attempt.terminal_id == terminal.id,
        Attempt.state.in_(OPEN_STATES),
        Attempt.registration_id != registration_id,
    )
    if await session.scalar(others.limit(1)):
        raise TerminalBusyError(seat=terminal.seat or "")


async def _retire_at(session: AsyncSession, room_id: UUID, seat: str) -> None:
    standing = await session.scalars(
        select(Terminal).where(Terminal.room_id == room_id, Terminal.seat == seat, Terminal.state == "bound"),
    )
    for terminal in standing.all():
        busy = select(Attempt.id).where(Attempt.terminal_id == terminal.id, Attempt.state.in_(OPEN_STATES))
        if await session.scalar(busy):
            raise SeatTakenError(seat=seat)
        terminal.state = "retired"
