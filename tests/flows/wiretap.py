"""A tap in the line: a TCP proxy that keeps every byte from the server, and a search through all their wrappings."""

import asyncio
import gzip
import html
import io
import zipfile
import zlib
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import cast
from urllib.parse import unquote_to_bytes

import msgspec
import pypdf

CHUNK = 65_536
HANG_UP_S = 10
DEPTH = 4
"""Wrappings within each other: an archive in a compressed body, a picture in a file in an archive."""
NO_BODY = frozenset({b"204", b"304"})


class Answer(msgspec.Struct, frozen=True):
    """One HTTP answer as it went over the wire: status line and headers, and the body without its transfer coding."""

    head: bytes
    body: bytes

    @property
    def status(self) -> bytes:
        return self.head.split(b" ", 2)[1]

    def header(self, name: bytes) -> bytes:
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.strip().lower() == name:
                return value.strip()
        return b""


class Tap:
    """What one person's connections have carried from the server, connection by connection."""

    def __init__(self) -> None:
        self.url = ""
        self.streams: list[bytearray] = []

    def answers(self) -> list[Answer]:
        """Return every answer in full; bytes that are no part of one would mean that the tap misreads the line."""
        found: list[Answer] = []
        for stream in self.streams:
            found += read_answers(bytes(stream))
        return found


@asynccontextmanager
async def tapped(host: str, port: int) -> AsyncIterator[Tap]:
    """Listen on a port of its own and pass everything on to the server, until everybody has hung up."""
    tap = Tap()
    lines: set[asyncio.Task[None]] = set()

    async def line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stream = bytearray()
        tap.streams.append(stream)
        there, back = await asyncio.open_connection(host, port)
        try:
            await asyncio.gather(_pump(reader, back, bytearray()), _pump(there, writer, stream))
        finally:
            back.close()
            writer.close()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.add(asyncio.create_task(line(reader, writer)))

    server = await asyncio.start_server(connected, host, 0)
    tap.url = f"http://{host}:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield tap
        await asyncio.wait_for(asyncio.gather(*lines), HANG_UP_S)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: bytearray) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(CHUNK):
            kept += data  # before it is passed on: what was sent has been seen
            writer.write(data)
            await writer.drain()
    writer.close()


def read_answers(stream: bytes) -> list[Answer]:
    """Split a connection's bytes into answers (RFC 9112)."""
    found = []
    while stream:
        head, end, rest = stream.partition(b"\r\n\r\n")
        assert end, stream[:200]
        assert head.startswith(b"HTTP/1.1 "), head[:200]
        answer = Answer(head, b"")
        if answer.status in NO_BODY:
            body, stream = b"", rest
        elif answer.header(b"transfer-encoding") == b"chunked":
            body, stream = _chunks(rest)
        else:
            length = int(answer.header(b"content-length"))
            body, stream = rest[:length], rest[length:]
            assert len(body) == length
        found.append(Answer(head, body))
    return found


def _chunks(rest: bytes) -> tuple[bytes, bytes]:
    """Return a body of chunks and what follows it; an event stream that was hung up on ends where the bytes do."""
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        body, rest = body + rest[:length], rest[length + 2 :]
        if not length:
            break
    return body, rest


def unwrapped(data: bytes, depth: int = DEPTH) -> Iterator[bytes]:
    """Yield the data and everything that is packed in them: compression, archives, PDF objects and their drawn text."""
    yield data
    if depth == 0:
        return
    for opener, unpack in OPENERS:
        if data.startswith(opener):
            for inner in unpack(data):
                yield from unwrapped(inner, depth - 1)


def _gunzip(data: bytes) -> Iterator[bytes]:
    with suppress(OSError, EOFError, zlib.error):
        yield gzip.decompress(data)


def _unzip(data: bytes) -> Iterator[bytes]:
    with suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            yield name.encode()
            yield archive.read(name)


def _inflate(data: bytes) -> Iterator[bytes]:
    with suppress(zlib.error):
        yield zlib.decompress(data)


def _read_pdf(data: bytes) -> Iterator[bytes]:
    reader = pypdf.PdfReader(io.BytesIO(data))
    for number in range(1, cast("int", reader.trailer["/Size"])):
        with suppress(pypdf.errors.PyPdfError):
            stored = pypdf.generic.IndirectObject(number, 0, reader).get_object()
            yield repr(stored).encode()
            if isinstance(stored, pypdf.generic.StreamObject):
                yield stored.get_data()
    for page in reader.pages:
        yield page.extract_text().encode()
    for name, files in reader.attachments.items():
        yield name.encode()
        yield from files


Unpack = Callable[[bytes], Iterator[bytes]]
OPENERS: tuple[tuple[bytes, Unpack], ...] = (
    (b"\x1f\x8b", _gunzip),
    (b"PK\x03\x04", _unzip),
    (b"%PDF-", _read_pdf),
    (b"\x78", _inflate),
)
"""By their first bytes, whatever the headers call them."""


def spellings(secret: bytes) -> Iterator[bytes]:
    """Yield the ways in which a secret may stand in other bytes: plain, wide, hexadecimal, and at each place of base64."""
    yield secret
    yield secret.decode("latin-1").encode("utf-16-le")
    yield secret.hex().encode()
    for shift in range(3):
        # the first and last letters depend on the neighbours and are left out
        start, end = -(-shift * 4 // 3), (shift + len(secret)) // 3 * 4
        yield b64encode(bytes(shift) + secret)[start:end]


def everything_in(answers: Iterable[Answer]) -> bytes:
    """Return heads and bodies of answers with all that is packed in them, each once."""
    return b"\0".join(dict.fromkeys(part for answer in answers for part in _parts(answer)))


def find_secrets(sent: bytes, secrets: dict[str, bytes]) -> set[str]:
    """Return the names of the secrets that stand in the bytes in any spelling."""
    folded = sent.lower()
    return {
        name
        for name, secret in secrets.items()
        if secret.lower() in folded or any(spelling in sent for spelling in spellings(secret))
    }


def _parts(answer: Answer) -> Iterator[bytes]:
    yield answer.head
    for body in unwrapped(answer.body):
        yield body
        if b"%" in body:
            yield unquote_to_bytes(body)
        if b"&#" in body:
            yield html.unescape(body.decode("latin-1")).encode("latin-1", "replace")
        for picture in _data_urls(body):
            yield from unwrapped(picture)


def _data_urls(body: bytes) -> Iterator[bytes]:
    for rest in body.split(b";base64,")[1:]:
        text = rest[: next((at for at, byte in enumerate(rest) if byte in b"\"'<) \n"), len(rest))]
        with suppress(ValueError):
            yield b64decode(text)
