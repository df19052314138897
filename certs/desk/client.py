"""Asking the signing desk, from whatever process makes documents."""

import socket
from pathlib import Path
from typing import Self

import msgspec

from certs.desk.errors import NotLoggedYetError, SignerAwayError, SigningRefusedError
from certs.desk.wire import LENGTH_BYTES, MAX_FRAME, Answered, Asked, decode_answered, frame
from certs.pades.identity import public_of
from certs.pades.message import compose
from certs.signing import KeyName
from certs.suites import Algorithm
from exam.core.token_keys import TokenAwayError

TIMEOUT_S = 30.0


class RemoteSigner(KeyName):
    """Signs by the signer process; the calls block and belong into a thread."""

    def __init__(self, path: Path, told: Answered) -> None:
        super().__init__(told.public, told.algorithm)
        self._path, self._told = path, told

    @classmethod
    def open(cls, path: Path) -> Self:
        """Ask for the public key; raises SignerAwayError."""
        return cls(path, _ask(path, Asked()))

    def sign(self, message: bytes) -> bytes:
        """Return the signature; raises SignerAwayError, TokenAwayError, NotLoggedYetError and SigningRefusedError."""
        return signature_of(self._path, message, self._told)


class RemoteDocumentSigner:
    """Signs documents by the signer process, as `RemoteSigner` does the rest."""

    def __init__(self, path: Path, told: Answered) -> None:
        self.chain, self.name = told.chain, KeyName(public_of(told.chain[0]), Algorithm.ECDSA_P256)
        self._path, self._told = path, told

    @classmethod
    def open(cls, path: Path) -> Self:
        """Ask for the certificates; raises SignerAwayError."""
        return cls(path, _ask(path, Asked()))

    def sign_document(self, attributes: bytes, covered: bytes) -> bytes:
        """Return the signature; raises as `RemoteSigner.sign`."""
        return signature_of(self._path, compose(attributes, covered), self._told)


def signature_of(path: Path, message: bytes, told: Answered) -> bytes:
    """Ask for a signature under the keys that were told of; raises as `RemoteSigner.sign`."""
    answer = _ask(path, Asked(message))
    if answer.refused == NotLoggedYetError.code:
        raise NotLoggedYetError
    if answer.refused == TokenAwayError.code:
        raise TokenAwayError
    if answer.refused or (answer.public, answer.chain) != (told.public, told.chain):
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
