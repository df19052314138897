"""Asking the signing desk, from whatever process makes documents."""

import socket
from pathlib import Path
from typing import Self

import msgspec

from certs.desk.errors import NotLoggedYetError, SignerAwayError, SigningRefusedError
from certs.desk.wire import LENGTH_BYTES, MAX_FRAME, Answered, Asked, decode_answered, frame
from certs.signing import Ed25519Key

TIMEOUT_S = 30.0


class RemoteSigner(Ed25519Key):
    """Signs by the signer process; the calls block and belong into a thread."""

    def __init__(self, path: Path, public: bytes) -> None:
        super().__init__(public)
        self._path = path

    @classmethod
    def open(cls, path: Path) -> Self:
        """Ask for the public key; raises SignerAwayError."""
        return cls(path, _ask(path, Asked()).public)

    def sign(self, message: bytes) -> bytes:
        """Return the signature; raises SignerAwayError, NotLoggedYetError and SigningRefusedError."""
        answer = _ask(self._path, Asked(message))
        if answer.refused == NotLoggedYetError.code:
            raise NotLoggedYetError
        if answer.refused or answer.public != self.public:
            raise SigningRefusedError(reason=answer.refused or "key_changed")
        return answer.signature


def _ask(path: Path, asked: Asked) -> Answered:
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(TIMEOUT_S)
            link.connect(str(path))
            link.sendall(frame(asked))
            size = int.from_bytes(_read(link, LENGTH_BYTES))
            if size > MAX_FRAME:
                raise SignerAwayError
            return decode_answered(_read(link, size))
    except (OSError, msgspec.DecodeError) as error:
        raise SignerAwayError from error


def _read(link: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        if not (part := link.recv(count - len(data))):
            raise ConnectionResetError
        data += part
    return bytes(data)
