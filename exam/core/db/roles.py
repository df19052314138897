"""Database roles: what each process may do, decided by PostgreSQL and not by our care (DESIGN.md §6.6)."""

import hmac
from base64 import urlsafe_b64encode
from enum import StrEnum

from sqlalchemy.engine import URL, make_url


class Role(StrEnum):
    """Login roles of the database."""

    OWNER = "ankao_owner"
    """Owns the tables; migrations only."""
    APP = "ankao_app"
    """Web and worker; owns nothing, sees what the scope allows, cannot read items."""
    ANSWER = "ankao_answer"
    """The answer path: inserts response revisions and locks attempts."""
    BANK = "ankao_bank"
    """Items, keys and assembly."""
    LEDGER = "ankao_ledger"
    """Reads and orders audit entries."""
    MONITOR = "ankao_monitor"
    """Reads what the log speaks of, in every region, and writes nothing."""
    PUBLIC = "ankao_public"
    """Verification by strangers: a few functions only."""


def role_password(secret: bytes, role: Role) -> str:
    """Derive the password of a role, so that one secret file serves every process."""
    return urlsafe_b64encode(hmac.digest(secret, role.encode(), "sha256")).decode().rstrip("=")


def role_url(admin_url: str, secret: bytes, role: Role) -> URL:
    """Turn the administrator's URL into the one that `role` logs in with."""
    url = make_url(admin_url).set(drivername="postgresql+psycopg", username=role.value)
    return url.set(password=role_password(secret, role))
