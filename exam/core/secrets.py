"""Keys of one installation: generated once into a private file, read by every process."""

import json
import os
import secrets
from base64 import b64decode, b64encode
from pathlib import Path

import msgspec

from exam.core.config import Profile, Settings, SettingsError

FILE_NAME = "secrets.json"


class Secrets(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Secret keys, 32 random bytes each; never logged, never in the database."""

    sealing: bytes
    """Encrypts sealed columns (ID numbers, second-factor secrets)."""
    index: bytes
    """Keys the blind index over ID numbers."""
    lease: bytes
    """Signs leases and save receipts."""
    forms: bytes
    """Wraps the keys of sealed forms while seal=local."""
    cookie: bytes
    """Keys the cross-site request forgery token."""
    roles: bytes
    """Derives the passwords of the database roles."""

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
    return Secrets(**{name: b64decode(raw[name]) for name in Secrets.__struct_fields__})


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    text = json.dumps({name: b64encode(secrets.token_bytes(32)).decode() for name in Secrets.__struct_fields__})
    fresh = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    try:
        os.link(fresh, path)  # the first process wins; a second one reads what the first has made
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
