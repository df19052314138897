"""Binding an authenticator at the first log-in: the secret travels sealed in the page until a code proves it."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from uuid import UUID

import pyotp
import segno

from exam.core.crypto import Sealer, SealError
from exam.identity.accounts import TOTP_PLACE, accepted_step
from exam.identity.errors import EnrolmentExpiredError
from exam.identity.models import Account

ISSUER = "安考"
OFFER_LIFE = timedelta(minutes=15)


def make_offer(sealer: Sealer, account_id: UUID, *, at: datetime) -> tuple[str, str]:
    """Return a fresh secret (RFC 6238, 160 bits) and the sealed text that the form carries back."""
    secret = pyotp.random_base32()
    sealed = sealer.seal(f"{secret} {int(at.timestamp())}", _place(account_id))
    return secret, urlsafe_b64encode(sealed).decode()


def open_offer(sealer: Sealer, account_id: UUID, offer: str, *, at: datetime) -> str:
    """Return the secret of an offer made to this account lately; raises EnrolmentExpiredError."""
    try:
        secret, _, made = sealer.open(urlsafe_b64decode(offer), _place(account_id)).partition(" ")
    except (SealError, ValueError) as error:
        raise EnrolmentExpiredError from error
    if int(made) + OFFER_LIFE.total_seconds() < at.timestamp():
        raise EnrolmentExpiredError
    return secret


def bind_second_factor(account: Account, sealer: Sealer, secret: str, code: str, *, at: datetime) -> None:
    """Store an offered secret once a code has proved that the person holds it; raises SecondFactorError."""
    account.totp_last_step = accepted_step(secret, code, None, at=at)
    account.totp_sealed = sealer.seal(secret, TOTP_PLACE)


def qr_image(login: str, secret: str) -> str:
    """Return the otpauth address as an SVG data address, black on white in every theme."""
    address = pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)
    image: str = segno.make_qr(address, error="m").svg_data_uri(scale=5, border=4, light="#fff")
    return image


def in_fours(secret: str) -> str:
    """Return the secret in groups of four, for typing it."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def _place(account_id: UUID) -> str:
    return f"second-factor-offer.{account_id}"
