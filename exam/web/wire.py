"""Head and body of an answer in one write: uvicorn makes two, and each costs a system call and a packet.

Measured beside uvicorn's own protocol (deploy/benchmarks.md): a fifth of the processor time of a static answer, and a
twelfth of that of a save.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD = b"HTTP/1.1 "
_HEAD_END = b"\r\n\r\n"


class JoiningTransport(asyncio.Transport):
    """A transport that holds the head of an answer back until its body comes, at the longest until the loop's next turn."""

    def __init__(self, inner: asyncio.Transport) -> None:
        super().__init__()
        self._inner = inner
        self._held = b""
        self._call_soon = asyncio.get_running_loop().call_soon

    def write(self, data: Any) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._inner.write(held + data)
        elif data.startswith(_HEAD) and data.endswith(_HEAD_END):
            self._held = data
            self._call_soon(self._flush)
        else:
            self._inner.write(data)

    def _flush(self) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._inner.write(held)

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        self._flush()
        self._inner.writelines(list_of_data)

    def write_eof(self) -> None:
        self._flush()
        self._inner.write_eof()

    def can_write_eof(self) -> bool:
        return self._inner.can_write_eof()

    def close(self) -> None:
        self._flush()
        self._inner.close()

    def abort(self) -> None:
        self._held = b""
        self._inner.abort()

    def is_closing(self) -> bool:
        return self._inner.is_closing()

    def is_reading(self) -> bool:
        return self._inner.is_reading()

    def pause_reading(self) -> None:
        self._inner.pause_reading()

    def resume_reading(self) -> None:
        self._inner.resume_reading()

    def get_write_buffer_size(self) -> int:
        return self._inner.get_write_buffer_size() + len(self._held)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._inner.get_write_buffer_limits()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._inner.set_write_buffer_limits(high, low)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._inner.get_extra_info(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._inner.set_protocol(protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._inner.get_protocol()


class JoiningProtocol(HttpToolsProtocol):
    """uvicorn's own protocol over a `JoiningTransport`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        super().connection_made(JoiningTransport(transport))
