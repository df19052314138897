"""A small exam server for the terminal's own tests: page, bundle and API over HTTP, with faults that can be switched on."""

import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Self

import jinja2
import msgspec
from babel.messages.pofile import read_po

from exam.web.headers import CSP
from tests.browser.terminal_exam import ATTEMPT, Exam, RefusedError

DELIVERY = Path(__file__).resolve().parents[2] / "exam" / "delivery"
BUNDLE = DELIVERY / "static" / "delivery" / "terminal"
KINDS = {".js": "text/javascript", ".css": "text/css"}
ROUTES = re.compile(r"/api/attempts/([^/]+)/(lease|start|form|responses|state|hand|submit|result|messages/([^/]+)/ack)")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    exam: ClassVar[Exam]
    lock: ClassVar[threading.Lock]

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it so
        """Keep the test output quiet."""

    def _serve(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        faults = self.exam.faults
        if faults.delay_s and self.path.startswith("/api/attempts/"):
            time.sleep(faults.delay_s)
        if faults.submit_delay_s and self.path.endswith("/submit"):
            time.sleep(faults.submit_delay_s)
        if faults.drop:
            self.close_connection = True
            return
        if not self.path.startswith("/api/") or self.path.startswith("/api/receipts/"):
            self._file(self.path)
            return
        try:
            with self.lock:
                answer = self._call(method, msgspec.json.decode(body or b"{}"))
        except RefusedError as refusal:
            problem = {
                "type": "about:blank",
                "title": refusal.code,
                "status": refusal.status,
                "detail": "",
                "code": refusal.code,
            }
            self._send(refusal.status, "application/problem+json", msgspec.json.encode({**problem, **refusal.more}))
            return
        if faults.lost_acks and method == "POST" and self.path.endswith("/responses"):
            faults.lost_acks -= 1
            self.close_connection = True
            return
        self._send(200, "application/json", msgspec.json.encode(answer))

    def _call(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        exam = self.exam
        if self.path == "/api/terminals":
            return exam.enrol(body)
        if self.path.startswith("/api/terminals/"):
            if self.path.rpartition("/")[2] not in exam.terminals:
                raise RefusedError(404, "not_found")
            return exam.terminal()
        if self.path == "/api/checkin":
            return exam.check_in(body)
        found = ROUTES.fullmatch(self.path)
        if not found or found[1] != ATTEMPT:
            raise RefusedError(404, "not_found")
        if found[2] == "lease":
            return exam.lease(body)
        if self.headers.get("Ankao-Lease") != f"v1.{exam.epoch}":
            raise RefusedError(409, "lease_stale")
        if found[2] == "responses" and method == "POST" and exam.faults.busy_saves:
            exam.faults.busy_saves -= 1
            raise RefusedError(503, "busy")
        return exam.act(found[2], found[3], body, method)

    def _file(self, path: str) -> None:
        if path == "/terminal":
            self._send(200, "text/html; charset=utf-8", render(english="lang=en" in (self.headers.get("cookie") or "")))
        elif path == "/health/live":
            self._send(200, "application/json", b'{"status":"ok"}')
        elif path.startswith("/api/receipts/"):
            self._send(200, "image/svg+xml", QR.encode())
        elif (file := BUNDLE / path.partition("?")[0].rpartition("/terminal/")[2]).is_file():
            self._send(200, KINDS.get(file.suffix, "application/octet-stream"), file.read_bytes())
        else:
            self._send(404, "text/plain", b"not found")

    def _send(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", CSP)
        self.send_header("Service-Worker-Allowed", "/terminal")
        if status == 503:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(content)


QR = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 21 21"><path fill="#fff" d="M0 0h21v21H0z"/>'
    '<path d="M0 0h7v7H0zM14 0h7v7h-7zM0 14h7v7H0zM9 2h2v3H9zM8 8h4v2H8zM14 9h3v2h-3zM10 13h2v5h-2zM15 15h5v2h-5z"/></svg>'
)


def render(*, english: bool) -> bytes:
    """Render the terminal page as the server would."""
    with (DELIVERY / "locale" / "en.po").open("rb") as file:
        words = {str(message.id): str(message.string) for message in read_po(file, locale="en") if message.id}
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(DELIVERY / "templates"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.globals.update(
        _=lambda text: words[text] if english else text,
        language=lambda: "en" if english else "zh-CN",
        csrf_token=lambda: "token",
    )
    return environment.get_template("delivery/terminal.html").render(answer_package_key=PACKAGE_KEY.text).encode()


class PackageKey:
    """The public key that the page offers for emergency packages; empty until a test sets one."""

    text = ""


PACKAGE_KEY = PackageKey()


class StubServer:
    """The stub on a free port of 127.0.0.1, for one `with` block."""

    def __init__(self, exam: Exam) -> None:
        handler = type("Handler", (_Handler,), {"exam": exam, "lock": threading.Lock()})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/terminal"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
