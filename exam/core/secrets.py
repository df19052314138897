"""Keys of one installation: generated once into a private file; a process of its own user gets a file with its part."""

import hmac
import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path

import msgspec

from exam.core.config import Profile, Settings, SettingsError
from exam.core.db.roles import Role, RolePasswords
from exam.core.keyring import create_private, write_private

FILE_NAME = "secrets.json"
KEYS = ("lease", "forms", "cookie")
_TICKETS = b"ankao-media-ticket\x00"


class Need(msgspec.Struct, frozen=True):
    """What one kind of process is given; the owner's role is for migrations alone, and no process that serves has it."""

    roles: frozenset[Role]
    keys: frozenset[str] = frozenset()
    seals: bool = False
    """Whether it seals and opens personal data, and so needs the key ring."""


NEEDS = {
    "web": Need(
        frozenset({Role.APP, Role.ANSWER, Role.BANK, Role.LEDGER, Role.PUBLIC}),
        frozenset(KEYS),
        seals=True,
    ),
    "worker": Need(frozenset({Role.APP, Role.ANSWER, Role.BANK}), frozenset({"forms"}), seals=True),
    "media": Need(frozenset({Role.APP}), frozenset({"tickets"}), seals=True),
    "analyse": Need(frozenset({Role.APP}), seals=True),
    "signer": Need(frozenset({Role.LEDGER, Role.MONITOR})),
    "monitor": Need(frozenset({Role.MONITOR})),
}


class Secrets:
    """Secret keys, 32 random bytes each, and role passwords; never logged, never in the database.

    A process that was given a part of them raises SettingsError at the first use of another: an empty key would pass
    for one.
    """

    def __init__(self, keys: Mapping[str, bytes], roles: RolePasswords, *, seals: bool = True) -> None:
        self._keys = keys
        self.roles = roles
        self.seals = seals

    @property
    def lease(self) -> bytes:
        """Signs leases and save receipts."""
        return self._key("lease")

    @property
    def forms(self) -> bytes:
        """Wraps the keys of sealed forms while seal=local."""
        return self._key("forms")

    @property
    def cookie(self) -> bytes:
        """Keys the cross-site request forgery token."""
        return self._key("cookie")

    @property
    def tickets(self) -> bytes:
        """Signs media tickets: derived from the lease's key, so that a media node never holds that."""
        given = self._keys.get("tickets")
        return given or hmac.digest(self.lease, _TICKETS, "sha256")

    def _key(self, name: str) -> bytes:
        if name not in self._keys:
            raise SettingsError(reason=f"this process was not given the key {name}")
        return self._keys[name]

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
        create_secrets(path)
    raw = json.loads(path.read_text(encoding="utf-8"))
    keys = {name: b64decode(raw[name]) for name in (*KEYS, "tickets") if name in raw}
    return Secrets(keys, _passwords(raw["roles"]), seals=raw.get("seals", True))


def _passwords(raw: str | dict[str, str]) -> RolePasswords:
    if isinstance(raw, str):
        return RolePasswords(master=b64decode(raw))
    return RolePasswords(given={Role(name): password for name, password in raw.items()})


def store_share(known: Secrets, kind: str, path: Path) -> None:
    """Write what one kind of process needs into a private file, without the secret that all passwords derive from."""
    need = NEEDS[kind]
    keys = {name: b64encode(getattr(known, name)).decode() for name in sorted(need.keys)}
    given = {role.value: password for role, password in known.roles.only(need.roles).given.items()}
    write_private(path, json.dumps({**keys, "roles": given, "seals": need.seals}).encode())


def create_secrets(path: Path) -> None:
    """Make an installation's secrets; a file that is there stays as it is."""
    text = json.dumps({name: b64encode(secrets.token_bytes(32)).decode() for name in (*KEYS, "roles")})
    create_private(path, text.encode())
