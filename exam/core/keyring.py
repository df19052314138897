"""The generations of keys that seal and index personal data: one is in use, the older ones still open what they made.

Every process reads the ring from one private file and looks at the file again at most once a second, so that a key can
be changed while the processes run: first all know the new generation, then it is used (`ankao keys rotate`).
"""

import json
import os
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

import msgspec

from exam.core.config import Profile, Settings, SettingsError
from exam.core.errors import DomainError

FILE_NAME = "keyring.json"
KEY_BYTES = 32
LAST_GENERATION = 255
REFRESH_S = 1.0


class GenerationUnknownError(DomainError):
    """A sealed value names a generation of keys that the ring does not hold."""

    code = "key_generation_unknown"
    message = "密钥环中没有第 {generation} 代密钥,请联系管理员。"


class SealAlgorithm(StrEnum):
    """Authenticated ciphers for sealed columns; SM4 (GB/T 32907) where commercial cryptography is prescribed."""

    AES_256_GCM = "aes-256-gcm"
    SM4_GCM = "sm4-gcm"


class Generation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One generation: `number` (1…255) stands as the first byte of everything that it seals or indexes."""

    number: int
    algorithm: SealAlgorithm
    sealing: bytes
    index: bytes

    def __repr__(self) -> str:
        """Show no key."""
        return f"Generation({self.number}, {self.algorithm})"


class Ring(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All generations, oldest first, and the number of the one in use."""

    in_use: int
    generations: tuple[Generation, ...]

    def generation(self, number: int) -> Generation:
        """Return one generation; raises GenerationUnknownError."""
        for each in self.generations:
            if each.number == number:
                return each
        raise GenerationUnknownError(generation=number)

    @property
    def current(self) -> Generation:
        return self.generation(self.in_use)

    def with_new(self, algorithm: SealAlgorithm) -> "Ring":
        """Return a ring that also knows a fresh generation, not yet in use; raises GenerationUnknownError at the last."""
        number = self.generations[-1].number + 1
        if number > LAST_GENERATION:
            raise GenerationUnknownError(generation=number)
        return msgspec.structs.replace(self, generations=(*self.generations, new_generation(number, algorithm)))

    def using(self, number: int) -> "Ring":
        """Return a ring in which a known generation is in use."""
        return msgspec.structs.replace(self, in_use=self.generation(number).number)


def new_generation(number: int, algorithm: SealAlgorithm) -> Generation:
    """Return a generation of fresh random keys."""
    return Generation(
        number=number,
        algorithm=algorithm,
        sealing=secrets.token_bytes(KEY_BYTES),
        index=secrets.token_bytes(KEY_BYTES),
    )


class KeyRing:
    """The ring of an installation as its file has it now."""

    def __init__(self, path: Path, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._monotonic = monotonic
        self._stamp, self._ring = _read(path)
        self._looked_at = monotonic()

    def current(self) -> Ring:
        """Return the ring, read anew when the file has changed since the last look, a second ago or more."""
        now = self._monotonic()
        if now - self._looked_at >= REFRESH_S:
            self._looked_at = now
            # between two looks the old ring stays good; a file that cannot be read is told at the next start
            with suppress(OSError):
                if _stamp(self._path) != self._stamp:
                    self._stamp, self._ring = _read(self._path)
        return self._ring

    def store(self, ring: Ring) -> None:
        """Replace the file at once and for good; it stays where a link points, and its owner's."""
        write_private(self._path.resolve(), _encode(ring))
        self._stamp, self._ring = _read(self._path)


def load_keyring(settings: Settings) -> KeyRing:
    """Read the ring of `settings.data_dir`, making it on the first start of a demo; production refuses to invent keys."""
    path = settings.data_dir / FILE_NAME
    if not path.exists():
        if settings.profile is Profile.PRODUCTION:
            raise SettingsError(reason=f"{FILE_NAME} is missing in the data directory")
        create_keyring(settings)
    return KeyRing(path)


def create_keyring(settings: Settings) -> None:
    """Make a ring of one generation; a file that is there stays as it is."""
    first = Ring(in_use=1, generations=(new_generation(1, SealAlgorithm(settings.seal_algorithm)),))
    create_private(settings.data_dir / FILE_NAME, _encode(first))


def create_private(path: Path, data: bytes) -> None:
    """Write a file for the owner's eyes unless it exists: the first process wins, a second one reads what it made."""
    fresh = _write_beside(path, data)
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def write_private(path: Path, data: bytes) -> None:
    """Replace a file for the owner's eyes: a reader sees the old bytes or the new ones, never a part."""
    _write_beside(path, data).replace(path)


def _write_beside(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with suppress(FileNotFoundError):
            known = path.stat()
            os.fchown(descriptor, known.st_uid, known.st_gid)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return fresh


def _encode(ring: Ring) -> bytes:
    return json.dumps(msgspec.to_builtins(ring), indent=1).encode()


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_ino


def _read(path: Path) -> tuple[tuple[int, int], Ring]:
    stamp = _stamp(path)
    raw: Mapping[str, object] = json.loads(path.read_bytes())
    return stamp, msgspec.convert(raw, Ring)
