"""HTTP over the joining protocol, byte by byte, as uvicorn serves it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import connect

from exam.web.wire import JoiningProtocol

HOST = "127.0.0.1"
PATIENCE_S = 10


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        told = await receive()
        await send({"type": "websocket.send", "text": told["text"].upper()})
        await send({"type": "websocket.close"})
        return
    message = await receive() if scope["method"] == "POST" else {"body": b"-"}
    if scope["path"] == "/chunks":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await asyncio.sleep(0.01)
        await send({"type": "http.response.body", "body": b"two"})
        return
    if scope["path"] == "/nothing":
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    length = [(b"content-length", b"%d" % len(message["body"]))]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": message["body"]})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    listening = socket.create_server((HOST, 0))
    config = uvicorn.Config(application, http=JoiningProtocol, lifespan="off", log_level="warning", date_header=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    yield listening.getsockname()[1]
    server.should_exit = True
    await serving


async def talk(port: int, *exchanges: tuple[bytes, bytes], closed: bool = False) -> None:
    """Send each request on one connection and require exactly its answer before the next."""
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection(HOST, port)
        for request, expected in exchanges:
            writer.write(request)
            assert await reader.readexactly(len(expected)) == expected
        if not closed:
            writer.write_eof()
        assert await reader.read() == b""
        writer.close()


def post(body: bytes, *headers: bytes, path: bytes = b"/") -> bytes:
    head = [b"POST %b HTTP/1.1" % path, b"host: x", b"content-length: %d" % len(body), *headers]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def answer(body: bytes, *headers: bytes) -> bytes:
    head = [b"HTTP/1.1 200 OK", b"server: uvicorn", b"content-length: %d" % len(body), *headers]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


async def test_a_kept_connection_serves_one_answer_after_another(port: int) -> None:
    await talk(port, (post(b"a"), answer(b"a")), (post(b"bc"), answer(b"bc")))


async def test_pipelined_requests_are_answered_in_order(port: int) -> None:
    await talk(port, (post(b"a") + post(b"bc"), answer(b"a") + answer(b"bc")))


async def test_a_body_is_asked_for_before_it_is_sent(port: int) -> None:
    whole = post(b"abc", b"expect: 100-continue")
    await talk(port, (whole[:-3], b"HTTP/1.1 100 Continue\r\n\r\n"), (whole[-3:], answer(b"abc")))


async def test_chunks_arrive_as_they_are_made(port: int) -> None:
    head = b"HTTP/1.1 200 OK\r\nserver: uvicorn\r\ntransfer-encoding: chunked\r\n\r\n"
    await talk(port, (post(b"", path=b"/chunks"), head + b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"))


async def test_a_connection_that_is_to_close_closes_after_the_answer(port: int) -> None:
    await talk(port, (post(b"a", b"connection: close"), answer(b"a", b"connection: close")), closed=True)


async def test_answers_without_a_body_end_with_their_head(port: int) -> None:
    nothing = b"HTTP/1.1 204 No Content\r\nserver: uvicorn\r\n\r\n"
    await talk(
        port,
        (b"HEAD / HTTP/1.1\r\nhost: x\r\n\r\n", answer(b"-")[:-1]),
        (post(b"", path=b"/nothing"), nothing),
        (post(b"b"), answer(b"b")),
    )


async def test_a_malformed_request_is_refused_and_the_connection_closed(port: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"nonsense\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        writer.close()


async def test_a_connection_becomes_a_websocket(port: int) -> None:
    async with connect(f"ws://{HOST}:{port}/") as channel:
        await channel.send("hello")
        assert await channel.recv() == "HELLO"
