"""The desk's socket, in the signer process."""

import asyncio
import socket
from pathlib import Path

import msgspec
import structlog
from msgspec.structs import replace

from certs.desk.errors import NotLoggedYetError
from certs.desk.examining import Examiner, Head
from certs.desk.wire import LENGTH_BYTES, MAX_FRAME, Answered, Asked, decode_asked, frame
from certs.keys import load_documents, load_signer
from certs.pades.identity import LocalDocumentSigner
from certs.pades.message import DOCUMENT_DOMAIN, read_message
from certs.signing import LocalSigner
from exam.core.errors import DomainError
from exam.core.runtime import Runtime
from exam.core.token_keys import TokenAwayError

PATIENCE_S = 10.0
AT_ONCE = 4
SOCKET_MODE = 0o660
"""For its own user and the group of those who may ask; the folder decides which group that is."""

log = structlog.get_logger()


class SigningDesk:
    """Answers one question for each connection, a few at once."""

    def __init__(self, signer: LocalSigner, documents: LocalDocumentSigner, examiner: Examiner) -> None:
        self._signer, self._documents = signer, documents
        self._examiner = examiner
        self._places = asyncio.Semaphore(AT_ONCE)

    async def serve(self, path: Path) -> None:
        """Listen until cancelled; a socket that a killed desk left is replaced."""
        server = await asyncio.start_unix_server(self._meet, sock=_bound(path), limit=MAX_FRAME)
        await server.serve_forever()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with self._places, asyncio.timeout(PATIENCE_S):
                writer.write(frame(await self._answer(await _read(reader))))
                await writer.drain()
        except (OSError, EOFError, TimeoutError, msgspec.DecodeError) as error:
            log.warning("signing_question_lost", error=type(error).__name__)
        finally:
            writer.close()

    async def _answer(self, asked: Asked) -> Answered:
        told = Answered(self._signer.public, self._signer.algorithm, self._documents.chain)
        if not asked.message:
            return told
        try:
            await self._examiner.require(asked.message)
        except NotLoggedYetError as error:
            return replace(told, refused=error.code)
        except DomainError as error:
            log.warning("signing_refused", code=error.code, **error.fields)
            return replace(told, refused=error.code)
        try:
            return replace(told, signature=await asyncio.to_thread(self._sign, asked.message))
        except TokenAwayError as error:
            log.warning("signing_failed", code=error.code, **error.fields)
            return replace(told, refused=error.code)

    def _sign(self, message: bytes) -> bytes:
        if not message.startswith(DOCUMENT_DOMAIN):
            return self._signer.sign(message)
        asked = read_message(message, self._documents.chain[0])
        return self._documents.sign_document(asked.attributes, asked.covered)


def _bound(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX)
    bound.bind(str(path))
    path.chmod(SOCKET_MODE)
    return bound


async def _read(reader: asyncio.StreamReader) -> Asked:
    size = int.from_bytes(await reader.readexactly(LENGTH_BYTES))
    if size > MAX_FRAME:
        raise EOFError
    return decode_asked(await reader.readexactly(size))


async def serve_desk(runtime: Runtime, head: Head) -> None:
    """Open the desk at the socket of the settings, with this process's keys; `head` as `Examiner` takes it."""
    signer = load_signer(runtime.settings)
    documents = load_documents(runtime.settings)
    examiner = Examiner(runtime, signer, documents, head)
    await SigningDesk(signer, documents, examiner).serve(runtime.settings.signing_socket)
