"""`ankao exchange`: what a neighbouring system may try its side of the contract with."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import rich_click as click
import uvicorn

from exam.cli.node import serve_node
from exam.core.clock import Clock, SystemClock
from exam.core.config import load_settings
from exam.core.log import configure_logging
from exam.records.api import Receiver, Verdict

MOST_BYTES = 1_000_000
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Print = Callable[[Verdict], None]


class ReceiverApp:
    """Takes every POST as one delivery and answers what a correct receiver would."""

    def __init__(self, receiver: Receiver, show: Print, clock: Clock) -> None:
        self._receiver = receiver
        self._show = show
        self._clock = clock

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = await _body(receive)
        status = 405
        if scope["method"] == "POST" and body is not None:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            verdict = self._receiver.receive(headers, body, now_s=self._clock.unix_us() // 1_000_000)
            self._show(verdict)
            status = verdict.status
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


async def _body(receive: Receive) -> bytes | None:
    data = b""
    while True:
        message = await receive()
        data += bytes(message.get("body", b""))
        if len(data) > MOST_BYTES or message["type"] == "http.disconnect":
            return None
        if not message.get("more_body"):
            return data


def show_line(verdict: Verdict) -> None:
    """Print a verdict for people."""
    faults = f" ({'; '.join(verdict.faults)})" if verdict.faults else ""
    click.echo(f"{verdict.verdict:<10} {verdict.kind} {verdict.subject} #{verdict.sequence} {verdict.id}{faults}")


def show_json(verdict: Verdict) -> None:
    """Print a verdict for programs, one JSON object a line."""
    click.echo(msgspec.json.encode(verdict))


@click.group()
def command() -> None:
    """Try the exchange of messages with neighbouring systems."""


@command.command()
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", type=int, default=8443, help="Port to listen on.")
def node(host: str, port: int) -> None:
    """Serve what lower nodes and neighbours call, by TLS that asks for their certificates; settings as of `ankao web`."""
    configure_logging()
    settings = load_settings()
    serve_node(settings, host, port)


@command.command()
@click.option(
    "--secret-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True),
    required=True,
    help="File with the secret that was shown when the neighbour was registered; - for standard input.",
)
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", type=int, default=8095, help="Port to listen on.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each delivery.")
def receiver(secret_file: Path, host: str, port: int, *, as_json: bool) -> None:
    """Check the signature, form, schema and order of every message that is pushed here, and print verdicts."""
    configure_logging()
    with click.open_file(str(secret_file)) as file:
        secret = file.read().strip()
    app = ReceiverApp(Receiver(secret), show_json if as_json else show_line, SystemClock())
    config = uvicorn.Config(app, host=host, port=port, lifespan="off", access_log=False, server_header=False)
    uvicorn.Server(config).run()
