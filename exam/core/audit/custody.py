"""The signer's own folder: its key, and what it last put its name to.

The folder belongs to the signer's system user and to nobody else. What is remembered here comes from no database: a
database that was put back to yesterday cannot make the signer forget what it signed today.
"""

import os
import stat
from pathlib import Path
from typing import Self

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from exam.core.audit.checkpoint import Checkpoint, open_checkpoint
from exam.core.audit.note import ED25519, Ed25519Key, VerifierKey
from exam.core.audit.tiles import Edge
from exam.core.config import SettingsError
from exam.core.token_keys import Curve, TokenKey

KEY_FILE, NAME_FILE, STATE_FILE = "key.pem", "name", "state.json"


class SignedState(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tree that was last signed, and the signed note; written before the note is shown to anybody."""

    version: int = 1
    edge: Edge = Edge()
    note: bytes = b""


class Custody:
    """One key and its memory in a folder that only their owner can open."""

    def __init__(self, folder: Path, name: str, private: Ed25519Key) -> None:
        self.folder = folder
        self.name = name
        self.private = private

    @classmethod
    def open(cls, folder: Path, *, name: str, may_create: bool, key: Ed25519Key | None = None) -> Self:
        """Open the folder; where `may_create`, its key and name are made on the first start. A `key` is one in a token.

        The name is given once and kept with the key: a log that changes its name is another log. Raises SettingsError
        where there is no key and none may be made: a folder that was not mounted must not become a new log.
        """
        private = key or _key_in(folder, may_create=may_create)
        named = folder / NAME_FILE
        if key and not named.exists():
            if not may_create:
                raise SettingsError(reason=f"{NAME_FILE} is missing in {folder}")
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not named.exists():
            write_durably(named, name.encode(), mode=0o644)
        return cls(folder, named.read_text(encoding="utf-8").strip(), private)

    @property
    def verifier_key(self) -> VerifierKey:
        """Return the public key under the log's name."""
        return VerifierKey(self.name, ED25519, self.private.public_key().public_bytes_raw())

    def load(self) -> SignedState:
        """Return what was last signed; the empty tree at first."""
        try:
            return msgspec.json.decode((self.folder / STATE_FILE).read_bytes(), type=SignedState)
        except FileNotFoundError:
            return SignedState()

    def head(self) -> Checkpoint | None:
        """Return the head that was last signed, from here alone; None before the first."""
        note = self.load().note
        return open_checkpoint(note, self.verifier_key)[0] if note else None

    def save(self, state: SignedState) -> None:
        """Remember what is about to be signed for the world; it is on disk when this returns."""
        write_durably(self.folder / STATE_FILE, msgspec.json.encode(state))


class LogTokenKey:
    """The log's key in a token."""

    def __init__(self, key: TokenKey) -> None:
        if key.curve is not Curve.ED25519:
            raise SettingsError(reason="the log's key must be one of Ed25519")
        self.sign = key.sign
        self._public = Ed25519PublicKey.from_public_bytes(key.public)

    def public_key(self) -> Ed25519PublicKey:
        return self._public


def _key_in(folder: Path, *, may_create: bool) -> Ed25519PrivateKey:
    if not (folder / KEY_FILE).exists():
        if not may_create:
            raise SettingsError(reason=f"{KEY_FILE} is missing in {folder}")
        create_key(folder)
    return load_key(folder / KEY_FILE)


def create_key(folder: Path) -> None:
    """Make a folder and an Ed25519 key in it that only their owner can read."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_durably(folder / KEY_FILE, pem)


def load_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key; raises SettingsError where others may read it or it is of another kind."""
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise SettingsError(reason=f"{path.name} may be read by others than its owner")
    try:
        private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise SettingsError(reason=f"{path.name} is no private key") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise SettingsError(reason=f"{path.name} is no Ed25519 key")
    return private


def write_durably(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Replace a file so that it is the old one or the new one after any crash, and the new one after returning."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
