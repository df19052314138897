"""The application called as a server calls it: a client library takes half the time where a test asks 50,000 times."""

import asyncio
from collections.abc import Mapping
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Litestar

HOST = b"testserver.local"
_QUERY = "%&=+/:;,?@!$'()*~[]"


class Answer(msgspec.Struct, frozen=True):
    """What came back; header names are in lower case, of several with one name the last counts."""

    status_code: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        """Return the body's one value."""
        return msgspec.json.decode(self.body)


class BareCaller:
    """Sends requests with `headers` and the cookies that it was given and has received."""

    def __init__(self, app: Litestar, headers: Mapping[str, str], cookies: Mapping[str, str] | None = None) -> None:
        self.cookies = dict(cookies or {})
        self._app: Any = app
        self._headers = dict(headers)

    async def request(
        self, method: str, address: str, *, headers: Mapping[str, str] | None = None, content: bytes = b""
    ) -> Answer:
        """Return the answer, 500 where the application has raised."""
        messages: list[dict[str, Any]] = []
        over, given = asyncio.Event(), [{"type": "http.request", "body": content, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if given:
                return given.pop()
            await over.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:  # the signature is ASGI's
            messages.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                over.set()

        try:
            await self._app(self._scope(method, address, {**self._headers, **(headers or {})}, content), receive, send)
        except Exception as error:  # noqa: BLE001  # a server answers for whatever is raised
            if not messages:
                return Answer(500, {}, repr(error).encode())
        return self._answer(messages)

    def _scope(self, method: str, address: str, headers: Mapping[str, str], content: bytes) -> dict[str, Any]:
        path, _, query = address.partition("?")
        lines = [(b"host", HOST), *((name.encode(), value.encode()) for name, value in headers.items())]
        if content or method not in {"GET", "HEAD"}:
            lines.append((b"content-length", str(len(content)).encode()))
        if self.cookies:
            lines.append((b"cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()).encode()))
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "headers": lines,
            "scheme": "http",
            "path": path,
            "raw_path": quote(path).encode(),
            "query_string": quote(query, safe=_QUERY).encode(),
            "server": (HOST.decode(), 80),
            "client": ("127.0.0.1", 123),
            "root_path": "",
            "state": {},
        }

    def _answer(self, messages: list[dict[str, Any]]) -> Answer:
        begun, *rest = messages
        headers: dict[str, str] = {}
        for name, value in begun["headers"]:
            headers[name.decode().lower()] = value.decode("latin-1")
            if name.lower() == b"set-cookie":
                self._keep(value.decode("latin-1"))
        return Answer(begun["status"], headers, b"".join(each.get("body", b"") for each in rest))

    def _keep(self, line: str) -> None:
        for name, morsel in SimpleCookie(line).items():
            if morsel["max-age"] == "0" or not morsel.value:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value
