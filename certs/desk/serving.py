"""The desk's socket, in the signer process."""

import asyncio
import socket
from pathlib import Path

import msgspec
import structlog

from certs.desk.errors import NotLoggedYetError
from certs.desk.examining import Examiner, Head
from certs.desk.wire import LENGTH_BYTES, MAX_FRAME, Answered, Asked, decode_asked, frame
from certs.keys import load_signer
from certs.signing import Ed25519Signer
from exam.core.errors import DomainError
from exam.core.runtime import Runtime

PATIENCE_S = 10.0
AT_ONCE = 4
SOCKET_MODE = 0o660
"""For its own user and the group of those who may ask; the folder decides which group that is."""

log = structlog.get_logger()


class SigningDesk:
    """Answers one question for each connection, a few at once."""

    def __init__(self, signer: Ed25519Signer, examiner: Examiner) -> None:
        self._signer = signer
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
        public = self._signer.public
        if not asked.message:
            return Answered(public)
        try:
            await self._examiner.require(asked.message)
        except NotLoggedYetError as error:
            return Answered(public, refused=error.code)
        except DomainError as error:
            log.warning("signing_refused", code=error.code, **error.fields)
            return Answered(public, refused=error.code)
        return Answered(public, self._signer.sign(asked.message))


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
    """Open the desk at the socket of the settings, with this process's key; `head` as `Examiner` takes it."""
    signer = load_signer(runtime.settings)
    await SigningDesk(signer, Examiner(runtime, signer, head)).serve(runtime.settings.signing_socket)
