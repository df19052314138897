"""Signed notes (C2SP signed-note) and who may sign one; pure but for the clock that a cosigner is given.

A note is a text, an empty line, and signature lines `— <key name> <base64 of key id and signature>`. Name and key id
choose the key, and the key alone chooses the algorithm, so no signed text can say how it wants to be checked. Two
algorithms are known: a log's Ed25519 signature (type 1) and a witness's timestamped cosignature (type 4, C2SP
tlog-cosignature). A further one, such as SM2 over SM3, is a `NoteSigner` and a `NoteVerifier` with another type byte;
it needs no change of what is stored.
"""

import base64
import binascii
import struct
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Final, Protocol

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from exam.core.errors import DomainError

ED25519: Final = 1
COSIGNATURE: Final = 4
MAX_NOTE_BYTES = 16_384
MAX_SIGNATURES = 64
KEY_ID_BYTES, PUBLIC_BYTES, SIGNATURE_BYTES = 4, 32, 64

_DASH = "— "
_TIMESTAMP = struct.Struct(">Q")
_LATEST = 2**63 - 1


class NoteError(DomainError):
    """The bytes are no signed note, or a key is not written as one writes keys."""

    code = "log_note"
    message = "日志签名文本或密钥的格式有误。"


class UnsignedNoteError(NoteError):
    """A known key's signature does not hold, or the wanted key has not signed."""

    code = "log_note_unsigned"
    message = "日志检查点没有可信的签名。"


class Signature(msgspec.Struct, frozen=True):
    """One signature line; `value` is what follows the key id."""

    name: str
    key_id: bytes
    value: bytes

    def line(self) -> str:
        """Return the line as a note has it."""
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.value).decode()}\n"


class Note(msgspec.Struct, frozen=True):
    """A text that ends in a newline, and what was signed over it."""

    text: str
    signatures: tuple[Signature, ...]

    def to_bytes(self) -> bytes:
        """Return the note as it is stored and served."""
        return (self.text + "\n" + "".join(each.line() for each in self.signatures)).encode()


class Ed25519Key(Protocol):
    """Port for a private key: one in memory, or one that never leaves its token."""

    def public_key(self) -> Ed25519PublicKey: ...
    def sign(self, data: bytes, /) -> bytes: ...


class NoteSigner(Protocol):
    """Port for whatever holds a key that signs notes: a file here, a hardware module elsewhere."""

    @property
    def verifier_key(self) -> str: ...
    def sign(self, text: str) -> Signature: ...


class VerifierKey(msgspec.Struct, frozen=True):
    """A public key with the name it signs under (`vkey`): `name+hex of key id+base64 of type and key`."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        body = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return sha256(body).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"

    def verify(self, text: str, signature: Signature) -> int | None:
        """Return the Unix second that a cosignature states, None for a plain one; raises UnsignedNoteError."""
        stated, value, message = None, signature.value, text.encode()
        if self.kind == COSIGNATURE:
            stated, value = _read_time(value)
            message = _timed(text, stated)
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(value, message)
        except InvalidSignature as error:
            raise UnsignedNoteError(name=self.name) from error
        return stated


class Signed(msgspec.Struct, frozen=True):
    """A signature that holds; `at` is the Unix second of a cosignature."""

    name: str
    at: int | None = None


class Ed25519NoteSigner:
    """Signs as a log."""

    kind: int = ED25519

    def __init__(self, name: str, private: Ed25519Key) -> None:
        self._private = private
        self.key = VerifierKey(require_name(name), self.kind, private.public_key().public_bytes_raw())

    @property
    def verifier_key(self) -> str:
        return str(self.key)

    def sign(self, text: str) -> Signature:
        return Signature(self.key.name, self.key.key_id, self._private.sign(text.encode()))


class CosignatureSigner(Ed25519NoteSigner):
    """Signs as a witness: the text and the second in which it was seen; `unix_s` gives that second."""

    kind = COSIGNATURE

    def __init__(self, name: str, private: Ed25519Key, unix_s: Callable[[], int]) -> None:
        super().__init__(name, private)
        self._unix_s = unix_s

    def sign(self, text: str) -> Signature:
        second = self._unix_s()
        value = _TIMESTAMP.pack(second) + self._private.sign(_timed(text, second))
        return Signature(self.key.name, self.key.key_id, value)


def _timed(text: str, second: int) -> bytes:
    return f"cosignature/v1\ntime {second}\n{text}".encode()


def _read_time(value: bytes) -> tuple[int, bytes]:
    if len(value) != _TIMESTAMP.size + SIGNATURE_BYTES:
        raise UnsignedNoteError
    (second,) = _TIMESTAMP.unpack_from(value)
    if second > _LATEST:
        raise UnsignedNoteError
    return second, value[_TIMESTAMP.size :]


def require_name(name: str) -> str:
    """Pass on what may name a key; raises NoteError."""
    if not name or "+" in name or any(letter.isspace() or ord(letter) < ord(" ") for letter in name):
        raise NoteError
    return name


def parse_verifier_key(text: str) -> VerifierKey:
    """Read a `vkey`; raises NoteError for anything that another writer would write otherwise."""
    try:
        name, key_id, body = text.strip().split("+", 2)
        raw = base64.b64decode(body, validate=True)
    except (ValueError, binascii.Error) as error:
        raise NoteError from error
    if len(raw) != 1 + PUBLIC_BYTES or raw[0] not in {ED25519, COSIGNATURE}:
        raise NoteError
    key = VerifierKey(require_name(name), raw[0], raw[1:])
    if key.key_id.hex() != key_id:
        raise NoteError
    return key


def parse_note(data: bytes) -> Note:
    """Read a note; the text ends at the last empty line. Raises NoteError."""
    if len(data) > MAX_NOTE_BYTES:
        raise NoteError
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise NoteError from error
    if any(ord(letter) < ord(" ") and letter != "\n" for letter in whole):
        raise NoteError
    text, gap, lines = whole.rpartition("\n\n")
    if not gap or not lines.endswith("\n"):
        raise NoteError
    return Note(text + "\n", parse_signatures(lines))


def parse_signatures(lines: str) -> tuple[Signature, ...]:
    """Read signature lines; raises NoteError."""
    found = tuple(_signature(line) for line in lines.removesuffix("\n").split("\n"))
    if len(found) > MAX_SIGNATURES:
        raise NoteError
    return found


def _signature(line: str) -> Signature:
    try:
        name, body = line.removeprefix(_DASH).split(" ")
        raw = base64.b64decode(body, validate=True)
    except (ValueError, binascii.Error) as error:
        raise NoteError from error
    # spare bits of the last letter must be zero, or one signature would have several spellings
    if not line.startswith(_DASH) or len(raw) <= KEY_ID_BYTES or base64.b64encode(raw).decode() != body:
        raise NoteError
    return Signature(require_name(name), raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])


def verified_by(note: Note, keys: Iterable[VerifierKey]) -> dict[VerifierKey, Signed]:
    """Return which of the known keys have signed; strangers' signatures are passed over.

    Raises UnsignedNoteError when a known key's signature does not hold: such a note was tampered with. Of several
    cosignatures by one key the latest counts.
    """
    known = {(key.name, key.key_id): key for key in keys}
    found: dict[VerifierKey, Signed] = {}
    for each in note.signatures:
        key = known.get((each.name, each.key_id))
        if key is None:
            continue
        signed = Signed(key.name, key.verify(note.text, each))
        if key not in found or (signed.at or 0) > (found[key].at or 0):
            found[key] = signed
    return found


def with_signatures(note: Note, more: Sequence[Signature]) -> Note:
    """Return the note with further signatures; a newer one takes the place of its key's older one."""
    fresh = {(each.name, each.key_id): each for each in (*note.signatures, *more)}
    return Note(note.text, tuple(fresh.values()))
