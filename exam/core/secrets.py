"""Keys of one installation: generated once into a private file; a process of its own user gets a file with its part."""

import json
import secrets
from base64 import b64decode, b64encode
from pathlib import Path

import msgspec

from exam.core.config import Profile, Settings, SettingsError
from exam.core.db.roles import Role, RolePasswords
from exam.core.keyring import create_private, write_private

FILE_NAME = "secrets.json"
KEYS = ("lease", "forms", "cookie")
NEEDS: dict[str, frozenset[Role]] = {
    "web": frozenset({Role.APP, Role.ANSWER, Role.BANK, Role.LEDGER, Role.PUBLIC}),
    "worker": frozenset({Role.APP, Role.ANSWER, Role.BANK}),
    "signer": frozenset({Role.LEDGER}),
    "monitor": frozenset({Role.MONITOR}),
}
"""The database roles of each kind of process; the owner's is for migrations alone, and no process that serves has it."""


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """Secret keys, 32 random bytes each; never logged, never in the database."""

    lease: bytes
    """Signs leases and save receipts."""
    forms: bytes
    """Wraps the keys of sealed forms while seal=local."""
    cookie: bytes
    """Keys the cross-site request forgery token."""
    roles: RolePasswords
    """The passwords of the database roles that this process may log in as."""

    def __repr__(self) -> str:
        """Show nothing."""
        return "Secrets(…)"


def load_secrets(settings: Settings) -> Secrets:
    """Read the secrets of `settings.data_dir`, making them on the first start of a demo.

    Production refuses to invent keys: an empty file there would mean that a volume was not mounted.
    """
    path = settings.data_dir / FILE_NAME
    if not path.exists():
        if settings.profile is Profile.PRODUCTION:
            raise SettingsError(reason=f"{FILE_NAME} is missing in the data directory")
        _create(path)
    raw = json.loads(path.read_text(encoding="utf-8"))
    keys = {name: b64decode(raw[name]) for name in KEYS}
    return Secrets(**keys, roles=_passwords(raw["roles"]))


def _passwords(raw: str | dict[str, str]) -> RolePasswords:
    if isinstance(raw, str):
        return RolePasswords(master=b64decode(raw))
    return RolePasswords(given={Role(name): password for name, password in raw.items()})


def store_share(known: Secrets, kind: str, path: Path) -> None:
    """Write what one kind of process needs into a private file, without the secret that all passwords derive from."""
    keys = {name: b64encode(getattr(known, name)).decode() for name in KEYS}
    given = {role.value: password for role, password in known.roles.only(NEEDS[kind]).given.items()}
    write_private(path, json.dumps({**keys, "roles": given}).encode())


def _create(path: Path) -> None:
    text = json.dumps({name: b64encode(secrets.token_bytes(32)).decode() for name in (*KEYS, "roles")})
    create_private(path, text.encode())
