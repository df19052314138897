"""The limit of the web server itself: a fixed answer to every request, nothing read and nothing decided."""

import os
import sys

from litestar.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from exam.cli.web import serve
from exam.web.wire import JoiningProtocol

BODY = b'{"hello":"world"}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
START: Message = {"type": "http.response.start", "status": 200, "headers": HEADERS}
END: Message = {"type": "http.response.body", "body": BODY, "more_body": False}


async def hello(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer at once."""
    await send(START)
    await send(END)


def main(kind: str) -> None:
    """Serve with uvicorn's own protocol class ("plain") or the product's ("joined"): the better one is the limit."""
    http = JoiningProtocol if kind == "joined" else HttpToolsProtocol
    serve(hello, os.environ["ANKAO_HOST"], int(os.environ["ANKAO_PORT"]), http=http, lifespan="off")


if __name__ == "__main__":
    main(sys.argv[1])
