"""How others ask the signing desk: one question and one answer for each connection on a local socket.

A frame is its length in four bytes, big-endian, and MessagePack. An empty message asks for the public key alone.
"""

from typing import Final

import msgspec

from certs.envelope import MAX_FILE_BYTES
from certs.pades.message import DOCUMENT_DOMAIN
from certs.suites import Algorithm

LENGTH_BYTES: Final = 4
MAX_FRAME = MAX_FILE_BYTES + len(DOCUMENT_DOMAIN) + 16 * 1024


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message to be signed."""

    message: bytes = b""


class Answered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The public key, the certificates of the document key, and the signature or the code of the refusal."""

    public: bytes
    algorithm: Algorithm
    chain: tuple[bytes, ...]
    signature: bytes = b""
    refused: str = ""


encode = msgspec.msgpack.Encoder().encode
decode_asked = msgspec.msgpack.Decoder(Asked).decode
decode_answered = msgspec.msgpack.Decoder(Answered).decode


def frame(message: Asked | Answered) -> bytes:
    """Return a message with its length before it."""
    body = encode(message)
    return len(body).to_bytes(LENGTH_BYTES) + body
