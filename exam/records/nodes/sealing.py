"""The sealed file that travels between nodes, over the network or on a disk: signed by one, readable by the other.

Three lines of text and the sealed content: the format, the header as JSON, the sender's Ed25519 signature over both in
base64; then HPKE (RFC 9180: X25519, HKDF-SHA-256, AES-256-GCM) of the gzipped content, its encapsulated key in front.
"""

import base64
import binascii
import gzip
import zlib
from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from exam.core.crypto import digest
from exam.records.nodes.errors import CardUnreadableError, SealedForeignError, SealedUnreadableError

FORMAT: Final = b"ankao-sealed/1"
CARD: Final = "ankao-node:1:"
KEY_BYTES: Final = 32
MOST_HEADER: Final = 4096
MOST_CONTENT: Final = 128 * 1024 * 1024
"""Bytes that a sealed file may unfold to."""
_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class Card(msgspec.Struct, frozen=True):
    """The public keys of a node, 32 bytes each: what it signs with, and what is sealed for it."""

    signing: bytes
    sealing: bytes

    @property
    def text(self) -> str:
        """The written form, to be handed to the other side."""
        return CARD + base64.b64encode(self.signing + self.sealing).decode()

    @property
    def name(self) -> str:
        """What people compare over the telephone: sixteen hexadecimal digits."""
        return digest(self.signing + self.sealing).hex()[:16]


class NodeKeys(msgspec.Struct, frozen=True):
    """The private halves, 32 bytes each."""

    signing: bytes
    sealing: bytes

    @property
    def card(self) -> Card:
        signing = Ed25519PrivateKey.from_private_bytes(self.signing).public_key()
        sealing = X25519PrivateKey.from_private_bytes(self.sealing).public_key()
        return Card(signing.public_bytes_raw(), sealing.public_bytes_raw())


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands open on a sealed file; `digest` is the SHA-256 of the sealed bytes in hexadecimal.

    `number` counts the batches of a lower node from 1; of answers it is the first that the file holds.
    """

    type: Literal["batch", "answers"]
    id: UUID
    number: Annotated[int, msgspec.Meta(ge=0)]
    sender: str
    recipient: str
    made_at: datetime
    rows: Annotated[int, msgspec.Meta(ge=0)]
    supersedes: UUID | None = None
    digest: str = ""


def new_keys() -> NodeKeys:
    """Return fresh keys."""
    return NodeKeys(
        Ed25519PrivateKey.generate().private_bytes_raw(),
        X25519PrivateKey.generate().private_bytes_raw(),
    )


def read_card(text: str) -> Card:
    """Read a card as it was handed over; raises CardUnreadableError."""
    try:
        raw = base64.b64decode(text.strip().removeprefix(CARD), validate=True)
    except binascii.Error as error:
        raise CardUnreadableError from error
    if not text.strip().startswith(CARD) or len(raw) != 2 * KEY_BYTES:
        raise CardUnreadableError
    return Card(raw[:KEY_BYTES], raw[KEY_BYTES:])


def seal(content: bytes, header: Header, keys: NodeKeys, recipient: Card) -> bytes:
    """Return the sealed file; who sent it and for whom it is are written into the header here."""
    header = msgspec.structs.replace(header, sender=keys.card.name, recipient=recipient.name)
    public = X25519PublicKey.from_public_bytes(recipient.sealing)
    sealed = _SUITE.encrypt(gzip.compress(content, 6, mtime=0), public, info=_info(header))
    header = msgspec.structs.replace(header, digest=digest(sealed).hex())
    signed = FORMAT + b"\n" + msgspec.json.encode(header)
    signature = Ed25519PrivateKey.from_private_bytes(keys.signing).sign(signed)
    return b"\n".join((signed, base64.b64encode(signature), sealed))


def read_header(data: bytes) -> Header:
    """Return what stands open on a file, not yet proved; raises SealedUnreadableError."""
    return _parts(data)[0]


def unseal(data: bytes, keys: NodeKeys, sender: Card) -> bytes:
    """Return the content of a file that the sender signed for us.

    Raises SealedUnreadableError for what is no such file or was cut off, SealedForeignError for another sender's or
    recipient's and for changed bytes.
    """
    header, signed, signature, sealed = _parts(data)
    if (header.sender, header.recipient) != (sender.name, keys.card.name):
        raise SealedForeignError
    try:
        Ed25519PublicKey.from_public_bytes(sender.signing).verify(signature, signed)
        if digest(sealed).hex() != header.digest:
            raise SealedForeignError
        private = X25519PrivateKey.from_private_bytes(keys.sealing)
        return _unfold(_SUITE.decrypt(sealed, private, info=_info(header)))
    except (InvalidSignature, InvalidTag) as error:
        raise SealedForeignError from error


def _info(header: Header) -> bytes:
    """Return what the content is bound to: it opens under no other header."""
    return FORMAT + msgspec.json.encode(msgspec.structs.replace(header, digest=""))


def _parts(data: bytes) -> tuple[Header, bytes, bytes, bytes]:
    lines = data.split(b"\n", 3)
    if len(lines) != 4 or lines[0] != FORMAT or len(lines[1]) > MOST_HEADER:  # noqa: PLR2004  # three lines and the rest
        raise SealedUnreadableError
    try:
        header = msgspec.json.decode(lines[1], type=Header)
        signature = base64.b64decode(lines[2], validate=True)
    except (msgspec.MsgspecError, UnicodeDecodeError, binascii.Error) as error:
        raise SealedUnreadableError from error
    return header, lines[0] + b"\n" + lines[1], signature, lines[3]


def _unfold(data: bytes) -> bytes:
    """Unpack no more than a file may hold: a small one must not fill the memory."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        content = unpacker.decompress(data, MOST_CONTENT)
    except zlib.error as error:
        raise SealedUnreadableError from error
    if not unpacker.eof:
        raise SealedUnreadableError
    return content
