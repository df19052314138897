"""Database roles: what each process may do, decided by PostgreSQL and not by our care (DESIGN.md §6.6)."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from enum import StrEnum

import msgspec
from sqlalchemy.engine import URL, make_url

from exam.core.config import SettingsError


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


class RolePasswords(msgspec.Struct, frozen=True):
    """What a process knows of the roles' passwords: the secret that all derive from, or only those it was given."""

    master: bytes = b""
    given: Mapping[Role, str] = {}

    def __repr__(self) -> str:
        """Show nothing."""
        return "RolePasswords(…)"

    def of(self, role: Role) -> str:
        """Return a role's password; raises SettingsError where this process may not know it."""
        if self.master:
            return urlsafe_b64encode(hmac.digest(self.master, role.encode(), "sha256")).decode().rstrip("=")
        if role not in self.given:
            raise SettingsError(reason=f"this process was not given the database role {role}")
        return self.given[role]

    def only(self, roles: frozenset[Role]) -> "RolePasswords":
        """Return what a process of lesser rights may know."""
        return RolePasswords(given={role: self.of(role) for role in sorted(roles)})


def role_url(admin_url: str, passwords: RolePasswords, role: Role) -> URL:
    """Turn the administrator's URL into the one that `role` logs in with."""
    url = make_url(admin_url).set(drivername="postgresql+psycopg", username=role.value)
    return url.set(password=passwords.of(role))
