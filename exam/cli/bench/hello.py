"""The limit of the web server itself: a fixed answer to every request, nothing read and nothing decided."""

import gc
import os

import uvicorn
from litestar.types import Message, Receive, Scope, Send

from exam.cli.web import GC_THRESHOLD

BODY = b'{"hello":"world"}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
START: Message = {"type": "http.response.start", "status": 200, "headers": HEADERS}
END: Message = {"type": "http.response.body", "body": BODY, "more_body": False}


async def hello(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer at once."""
    await send(START)
    await send(END)


def serve() -> None:
    """Serve under the same options as `ankao web`."""
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLD)
    uvicorn.run(
        hello,
        host=os.environ["ANKAO_HOST"],
        port=int(os.environ["ANKAO_PORT"]),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        server_header=False,
        log_level="warning",
    )


if __name__ == "__main__":
    serve()
