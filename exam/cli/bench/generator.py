"""Our own load generator, for machines without wrk and for loads of a fixed rate; runs as a process of its own.

At a fixed rate an answer's time counts from the moment its request was due, so a server that stalls is not spared the
requests that the stall held back (coordinated omission).
"""

import asyncio
import sys
import time
from collections import deque
from itertools import cycle
from pathlib import Path

import msgspec
import uvloop

from exam.cli.bench.load import Candidate, Outcome, Spec
from exam.cli.bench.stack import HOST

SLOTS = 100
OK = b"HTTP/1.1 200 "
TICK_S = 0.001
DRAIN_S = 5.0
_LENGTH = b"content-length: "


class Sender:
    """One candidate's requests, one answer each."""

    def __init__(self, candidate: Candidate) -> None:
        self._head = (
            f"POST {candidate.path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
            f"Ankao-Lease: {candidate.lease}\r\nContent-Length: "
        ).encode()
        self._seq = candidate.first_seq

    def request(self) -> bytes:
        self._seq += 1
        body = b'{"saves":[{"slot":%d,"seq":%d,"response":["%c"]}]}' % (
            self._seq % SLOTS + 1,
            self._seq,
            b"ABCD"[self._seq % 4],
        )
        return b"%b%d\r\n\r\n%b" % (self._head, len(body), body)


class Run:
    """All connections of a run, and what they have met; times in seconds."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.senders = cycle([Sender(each) for each in spec.candidates])
        self.times: list[float] = []
        self.errors = 0
        self.open = True
        self.idle: deque[Connection] = deque()
        self.due: deque[float] = deque()

    def answered(self, connection: "Connection", since: float, *, ok: bool) -> None:
        """Note an answer and give the connection its next request."""
        self.times.append(time.perf_counter() - since)
        self.errors += not ok
        if not self.open:
            return
        if not self.spec.rate:
            connection.send(time.perf_counter())
        elif self.due:
            connection.send(self.due.popleft())
        else:
            self.idle.append(connection)

    async def pace(self, until: float) -> None:
        """Send at the fixed rate until the time is over."""
        started, sent = time.perf_counter(), 0
        while (now := time.perf_counter()) < until:
            for number in range(sent, int((now - started) * self.spec.rate)):
                due = started + number / self.spec.rate
                if self.idle:
                    self.idle.popleft().send(due)
                else:
                    self.due.append(due)
                sent = number + 1
            await asyncio.sleep(TICK_S)

    async def catch_up(self, connections: int) -> None:
        """Wait for what was sent or due when the time was over; what a stalled server still owes then is an error."""
        for _ in range(int(DRAIN_S / TICK_S)):
            if len(self.idle) == connections:
                return
            await asyncio.sleep(TICK_S)

    def outcome(self, seconds: float) -> Outcome:
        ranked = sorted(self.times) or [0.0]
        return Outcome(
            requests=len(self.times) - self.errors,
            errors=self.errors + len(self.due),
            seconds=seconds,
            p50_ms=ranked[len(ranked) // 2] * 1000,
            p99_ms=ranked[len(ranked) * 99 // 100] * 1000,
        )


class Connection(asyncio.Protocol):
    """One kept connection with at most one request under way."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._since = 0.0
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.WriteTransport = transport  # type: ignore[assignment]  # TCP gives a full transport

    def send(self, since: float) -> None:
        self._since = since
        self._transport.write(next(self._run.senders).request())

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, ended, body = self._read.partition(b"\r\n\r\n")
        if not ended or len(body) < _content_length(head):
            return
        self._read = b""
        self._run.answered(self, self._since, ok=head.startswith(OK))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # the signature is the protocol's
        self._run.errors += self._run.open

    def close(self) -> None:
        self._transport.close()


def _content_length(head: bytes) -> int:
    return int(head.lower().partition(_LENGTH)[2].partition(b"\r\n")[0] or 0)


async def run_load(spec: Spec) -> Outcome:
    """Drive the server and return what came back."""
    run = Run(spec)
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(lambda: Connection(run), HOST, spec.port) for _ in range(spec.connections)]
    connections = [connection for _, connection in made]
    started = time.perf_counter()
    if spec.rate:
        run.idle.extend(connections)
        await run.pace(started + spec.seconds)
    else:
        for connection in connections:
            connection.send(time.perf_counter())
        await asyncio.sleep(spec.seconds)
    seconds = time.perf_counter() - started
    if spec.rate:
        await run.catch_up(len(connections))
    outcome = run.outcome(seconds)
    run.open = False
    await asyncio.sleep(min(DRAIN_S, spec.seconds / 10))
    for connection in connections:
        connection.close()
    return outcome


if __name__ == "__main__":
    _spec = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Spec)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as _runner:
        sys.stdout.buffer.write(msgspec.json.encode(_runner.run(run_load(_spec))))
