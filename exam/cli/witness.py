"""`ankao witness`: another organisation's host, which signs that it saw a log grow; it needs no database."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import rich_click as click
import structlog
import uvicorn

from exam.core.audit.cosigning import SIZE_TYPE
from exam.core.audit.custody import Custody
from exam.core.audit.note import CosignatureSigner
from exam.core.audit.policy import parse_policy
from exam.core.audit.witness import (
    MAX_REQUEST_BYTES,
    ForkError,
    InconsistentError,
    LogKeyWrongError,
    LogUnknownError,
    SizeMismatchError,
    Witness,
    WitnessRequestError,
)
from exam.core.clock import SystemClock
from exam.core.errors import DomainError
from exam.core.log import configure_logging

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

STATUS: dict[type[DomainError], int] = {
    WitnessRequestError: 400,
    LogKeyWrongError: 403,
    LogUnknownError: 404,
    SizeMismatchError: 409,
    ForkError: 409,
    InconsistentError: 422,
}
TEXT = "text/plain; charset=utf-8"
_LATEST = re.compile(r"/([0-9a-f]{64})/checkpoint\Z")


def unix_now() -> int:
    """Return the second of this host's own clock: it is what a witness adds to what the log says."""
    return SystemClock().unix_us() // 1_000_000


def open_witness(folder: Path, name: str, logs: Path, *, may_create: bool) -> Witness:
    """Open a witness over its folder; `logs` is a policy file whose log lines it watches. Raises PolicyError."""
    custody = Custody.open(folder, name=name, may_create=may_create)
    watched = [peer.key for peer in parse_policy(logs.read_text(encoding="utf-8")).logs]
    return Witness(folder, CosignatureSigner(custody.name, custody.private, unix_now), watched)


class WitnessApp:
    """The protocol over HTTP: `POST /add-checkpoint`, `GET /<sha256 of origin>/checkpoint`, `GET /vkey`."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            body = await self._answer(scope["method"], scope["path"], receive)
        except DomainError as error:
            await _refuse(send, error)
        else:
            await _send(send, 200, body)

    async def _answer(self, method: str, path: str, receive: Receive) -> bytes:
        if (method, path) == ("POST", "/add-checkpoint"):
            data = await _body(receive)
            return (await asyncio.to_thread(self._witness.add_checkpoint, data)).encode()
        if method == "GET" and (asked := _LATEST.match(path)):
            return self._witness.latest(asked[1])
        if (method, path) == ("GET", "/vkey"):
            return f"{self._witness.key}\n".encode()
        raise LogUnknownError


async def _body(receive: Receive) -> bytes:
    data = b""
    while True:
        message = await receive()
        data += bytes(message.get("body", b""))
        if len(data) > MAX_REQUEST_BYTES or message["type"] == "http.disconnect":
            raise WitnessRequestError
        if not message.get("more_body"):
            return data


async def _refuse(send: Send, error: DomainError) -> None:
    structlog.get_logger().info("witness_refused", code=error.code, **error.fields)
    if isinstance(error, SizeMismatchError):
        await _send(send, 409, f"{error.fields['size']}\n".encode(), SIZE_TYPE)
    else:
        await _send(send, STATUS[type(error)], f"{error.code}\n".encode())


async def _send(send: Send, status: int, body: bytes, kind: str = TEXT) -> None:
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@click.command()
@click.option("--dir", "folder", type=click.Path(path_type=Path), required=True, help="Folder of key and memory.")
@click.option("--name", required=True, help="Name of the witness, such as audit.example.cn/witness; given once.")
@click.option(
    "--logs",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="Policy file; its log lines are watched.",
)
@click.option("--create", is_flag=True, help="Make the key if there is none.")
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", type=int, default=8090, help="Port to listen on.")
@click.option("--uds", default=None, help="Socket to listen on instead.")
@click.option("--show-key", is_flag=True, help="Print the verifier key for policies, and stop.")
def command(
    folder: Path, name: str, logs: Path, *, create: bool, host: str, port: int, uds: str | None, show_key: bool
) -> None:
    """Cosign the checkpoints of logs that only grow."""
    configure_logging()
    witness = open_witness(folder, name, logs, may_create=create)
    if show_key:
        click.echo(str(witness.key))
        return
    config = uvicorn.Config(
        WitnessApp(witness), host=host, port=port, uds=uds, lifespan="off", access_log=False, server_header=False
    )
    uvicorn.Server(config).run()
