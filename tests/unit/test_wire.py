import asyncio
from typing import Any

import pytest

from exam.web.wire import JoiningTransport

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Recorder(asyncio.Transport):
    """Notes what reaches the socket, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[Any] = []

    def write(self, data: Any) -> None:
        self.done.append(data)

    def writelines(self, list_of_data: Any) -> None:
        self.done.append(list(list_of_data))

    def close(self) -> None:
        self.done.append("close")

    def abort(self) -> None:
        self.done.append("abort")

    def write_eof(self) -> None:
        self.done.append("eof")

    def get_write_buffer_size(self) -> int:
        return 0


@pytest.fixture
async def wire() -> tuple[JoiningTransport, list[Any]]:
    recorder = Recorder()
    return JoiningTransport(recorder), recorder.done


async def test_head_and_body_become_one_write(wire: tuple[JoiningTransport, list[Any]]) -> None:
    transport, done = wire
    transport.write(HEAD)
    assert (done, transport.get_write_buffer_size()) == ([], len(HEAD))
    transport.write(b"ok")
    await asyncio.sleep(0)
    assert (done, transport.get_write_buffer_size()) == ([HEAD + b"ok"], 0)


async def test_a_head_without_a_body_goes_out_in_the_next_turn_of_the_loop(
    wire: tuple[JoiningTransport, list[Any]],
) -> None:
    transport, done = wire
    transport.write(HEAD)
    await asyncio.sleep(0)
    assert done == [HEAD]
    transport.write(b"late")
    assert done == [HEAD, b"late"]


async def test_an_interim_answer_is_never_lost_and_stays_in_front(wire: tuple[JoiningTransport, list[Any]]) -> None:
    transport, done = wire
    transport.write(CONTINUE)
    transport.write(HEAD)
    transport.write(b"ok")
    await asyncio.sleep(0)
    assert b"".join(done) == CONTINUE + HEAD + b"ok"


async def test_a_body_that_looks_like_a_head_is_delivered_unchanged(wire: tuple[JoiningTransport, list[Any]]) -> None:
    transport, done = wire
    transport.write(HEAD)
    transport.write(HEAD)
    transport.write(HEAD)
    await asyncio.sleep(0)
    assert b"".join(done) == HEAD * 3


@pytest.mark.parametrize(("act", "noted"), [("close", "close"), ("write_eof", "eof"), ("writelines", [b"a"])], ids=str)
async def test_what_was_held_goes_out_before_the_connection_does(
    wire: tuple[JoiningTransport, list[Any]], act: str, noted: Any
) -> None:
    transport, done = wire
    transport.write(HEAD)
    getattr(transport, act)(*([[b"a"]] if act == "writelines" else []))
    await asyncio.sleep(0)
    assert done == [HEAD, noted]


async def test_an_aborted_connection_writes_nothing_more(wire: tuple[JoiningTransport, list[Any]]) -> None:
    transport, done = wire
    transport.write(HEAD)
    transport.abort()
    await asyncio.sleep(0)
    assert done == ["abort"]
