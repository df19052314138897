"""A small HTTP/1.1 client: one kept connection, JSON in and out, cheap enough to drive thousands of candidates."""

import asyncio
import ssl
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

OK = 200
FORM = "application/x-www-form-urlencoded"
CLIENT_ERROR = 400
TIMEOUT_S = 30
KEPT_S = 2.0
"""Seconds for which an idle connection is used again."""


class Refused(Exception):  # noqa: N818  # an answer, not a failure of ours
    """The server answered with a problem."""

    def __init__(self, status: int, code: str, body: Any) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.body = body


class Unreachable(Exception):  # noqa: N818
    """No answer came: what the server did is not known."""


class Wire:
    """One person's browser: cookies and one connection, made again when it is lost."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self._host = parts.hostname or "127.0.0.1"
        self._secure = parts.scheme == "https"
        self._port = parts.port or (443 if self._secure else 80)
        self._cookies: dict[str, str] = {}
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self.last_ms = 0.0
        self._used_at = 0.0
        self._turn = asyncio.Lock()
        """Two sittings may share a clerk: what both ask goes one after the other."""

    @property
    def cookies(self) -> dict[str, str]:
        """Return what this browser is known by."""
        return dict(self._cookies)

    async def get(self, path: str, headers: dict[str, str] | None = None) -> Any:
        return await self.call("GET", path, None, headers)

    async def post(self, path: str, body: Any, headers: dict[str, str] | None = None) -> Any:
        return await self.call("POST", path, msgspec.json.encode(body), headers)

    async def send_form(self, path: str, fields: dict[str, str]) -> None:
        """Send a page's form, as a browser does."""
        await self.call("POST", path, urlencode(fields).encode(), {"content-type": FORM})

    async def call(self, method: str, path: str, body: bytes | None, headers: dict[str, str] | None) -> Any:
        """Send one request and return its decoded JSON, or a page as text; raises Refused or Unreachable."""
        async with self._turn:
            return await self._call(method, path, body, headers or {})

    async def _call(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Any:
        request = self._request(method, path, body, headers)
        started = time.perf_counter()
        if started - self._used_at > KEPT_S:
            await self.close()  # the server may have closed it in the same moment
        self._used_at = started
        try:
            status, kind, content = await asyncio.wait_for(self._exchange(request), TIMEOUT_S)
        except (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError) as error:
            await self.close()
            raise Unreachable(str(error)) from error
        self.last_ms = (time.perf_counter() - started) * 1000
        if "html" in kind and status < CLIENT_ERROR:
            return content.decode()
        decoded = msgspec.json.decode(content) if content and "json" in kind else None
        if status >= CLIENT_ERROR:
            raise Refused(status, (decoded or {}).get("code", ""), decoded)
        return decoded

    def _request(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", f"host: {self._host}:{self._port}", "accept: application/json"]
        if self._cookies:
            lines.append("cookie: " + "; ".join(f"{name}={value}" for name, value in self._cookies.items()))
        if token := self._cookies.get("csrftoken"):
            lines.append(f"x-csrftoken: {token}")
        if body is not None:
            headers = {"content-type": "application/json", "content-length": str(len(body)), **headers}
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + (body or b"")

    async def _exchange(self, request: bytes) -> tuple[int, str, bytes]:
        if self._writer is None or self._writer.is_closing():
            context = ssl.create_default_context() if self._secure else None
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port, ssl=context)
        reader = self._reader
        if reader is None:
            raise OSError
        self._writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split(" ", 2)[1])
        length, kind = 0, ""
        for line in head[1:]:
            name, _, value = line.partition(":")
            name, value = name.lower(), value.strip()
            if name == "content-length":
                length = int(value)
            elif name == "content-type":
                kind = value
            elif name == "set-cookie":
                cookie, _, content = value.split(";")[0].partition("=")
                self._cookies[cookie] = content.strip('"')
            elif name == "connection" and value.lower() == "close":
                self._writer.close()
        return status, kind, await reader.readexactly(length)

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None
