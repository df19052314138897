"""Keys of one installation: generated once into a private file, read by every process."""

import json
import secrets
from base64 import b64decode, b64encode
from pathlib import Path

import msgspec

from exam.core.config import Profile, Settings, SettingsError
from exam.core.keyring import create_private

FILE_NAME = "secrets.json"


class Secrets(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Secret keys, 32 random bytes each; never logged, never in the database."""

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
    text = json.dumps({name: b64encode(secrets.token_bytes(32)).decode() for name in Secrets.__struct_fields__})
    create_private(path, text.encode())
