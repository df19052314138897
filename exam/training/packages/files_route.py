"""A package's files at their own origin: raw ASGI, no session, only what the key in the address opens."""

from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import unquote

from litestar import Litestar
from litestar.types import Receive, Scope, Send

from exam.core.errors import NotFoundError
from exam.core.runtime import Runtime
from exam.training.lessons.package import file_name
from exam.training.packages.origin import PREFIX, PackageKey, check_package

PLAYER: Final = ""
"""The path of the page that holds the package's frame."""
KINDS: Final = {
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "application/xhtml+xml",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".xml": "application/xml",
    ".xsd": "application/xml",
    ".txt": "text/plain",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".webm": "video/webm",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".ogg": "audio/ogg",
    ".wav": "audio/wav",
    ".vtt": "text/vtt",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".ttf": "font/ttf",
    ".otf": "font/otf",
    ".pdf": "application/pdf",
    ".wasm": "application/wasm",
}
ENGINES: Final = {"scorm12": "scorm12.min.js", "scorm2004": "scorm2004.min.js"}
"""What a part's interface is made of; a unit of cmi5 talks to the statement store itself."""
STORE: Final = {"cmi5": "/xapi/"}
"""What beside its own files a package may connect to, at its own host, by its standard."""
_PAGE: Final = (
    '<!doctype html><html lang="zh-CN" data-home="{home}" data-standard="{standard}"><head><meta charset="utf-8">'
    '<title>课件包</title><link rel="stylesheet" href="/static/training/package.css">'
    "{engine}"
    '<script type="module" src="/static/training/package-player.js"></script></head><body></body></html>'
)


class PackagePath:
    """`GET /package/{key}/{path}` at the packages' own host."""

    def __init__(self, app: Litestar) -> None:
        self._runtime: Runtime = app.state.runtime

    async def __call__(self, place: str, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Serve the player's page or a file; anything else is not found, whatever the reason."""
        token, _, path = place.partition("/")
        host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")
        try:
            at, secret = self._runtime.clock.now(), self._runtime.secrets.lease
            key = check_package(token, host, at=at, secret=secret)
            kind, body = await self._read(key, unquote(path))
        except NotFoundError:
            await _send(send, 404, b"", [])
            return
        policy = _player_policy(key) if path == PLAYER else _file_policy(f"{key.origin}{PREFIX}{token}/", key)
        await _answer(send, scope, body, [(b"content-type", kind.encode()), (b"content-security-policy", policy)])

    async def _read(self, key: PackageKey, path: str) -> tuple[str, bytes]:
        if path == PLAYER:
            name = ENGINES.get(key.standard)
            engine = f'<script src="/static/vendor/{name}"></script>' if name else ""
            page = _PAGE.format(home=key.home, standard=key.standard, engine=engine)
            return "text/html; charset=utf-8", page.encode()
        kind = KINDS.get(PurePosixPath(path).suffix.lower(), "application/octet-stream")
        return kind, await self._runtime.storage.get(f"{key.folder}/{file_name(path)}")


def _player_policy(key: PackageKey) -> bytes:
    own = key.origin
    policy = (
        f"default-src 'none'; script-src {own}/static/; style-src {own}/static/; frame-src {own}{PREFIX};"
        f" base-uri 'none'; form-action 'none'; frame-ancestors {key.home}"
    )
    return policy.encode()


def _file_policy(base: str, key: PackageKey) -> bytes:
    """Let a package use its own files, a cmi5 unit its store too, and nothing else: no other address, no third party."""
    store = f" {key.origin}{STORE[key.standard]}" if key.standard in STORE else ""
    policy = (
        f"default-src {base} data: blob:; script-src {base} blob: 'unsafe-inline' 'unsafe-eval';"
        f" style-src {base} 'unsafe-inline'; connect-src {base}{store} data: blob:; frame-src {base} data: blob:;"
        f" worker-src {base} blob:; object-src 'none'; base-uri {base}; form-action 'none';"
        f" frame-ancestors 'self' {key.home}"
    )
    return policy.encode()


async def _answer(send: Send, scope: Scope, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    """Answer with the whole or the one range that is asked: films inside packages are fetched piece by piece."""
    asked = next((value for name, value in scope["headers"] if name == b"range"), b"").decode("latin-1")
    first, last = _span(asked, len(body))
    if (first, last) == (0, len(body)):
        await _send(send, 200, body, [*headers, (b"accept-ranges", b"bytes")])
        return
    span = f"bytes {first}-{last - 1}/{len(body)}".encode()
    await _send(send, 206, body[first:last], [*headers, (b"content-range", span)])


def _span(asked: str, size: int) -> tuple[int, int]:
    unit, _, span = asked.partition("=")
    first, _, last = span.partition("-")
    if unit != "bytes" or not first.isdigit() or int(first) >= size:
        return 0, size
    return int(first), min(int(last) + 1, size) if last.isdigit() else size


async def _send(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    always = [
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cache-control", b"private, max-age=3600"),
    ]
    start: Any = {"type": "http.response.start", "status": status, "headers": [*always, *headers]}
    await send(start)
    await send({"type": "http.response.body", "body": body, "more_body": False})
