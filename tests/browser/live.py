"""The real application in a thread of its own, for the browser to talk to."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec
import uvicorn

from exam.app import compose_runtime
from exam.core.clock import Clock, SystemClock
from exam.core.config import Settings
from exam.core.runtime import Runtime
from tests.builders.web import application

T = TypeVar("T")
PATIENCE_S = 30


class MovedClock(SystemClock):
    """The server's clock, which runs, and can be set forward: nobody has to wait for a start or a deadline."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self._ahead

    def unix_us(self) -> int:
        return super().unix_us() + self._ahead // timedelta(microseconds=1)

    def jump(self, step: timedelta) -> None:
        """Set the clock forward."""
        self._ahead += step


class LiveServer:
    """A served application: its address, its runtime, and a way to work in its loop."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._clock = clock
        self._settings = msgspec.structs.replace(settings, port=port, base_url=self.url)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.runtime: Runtime
        self._loop: asyncio.AbstractEventLoop
        self._server: uvicorn.Server

    def _serve(self) -> None:
        asyncio.run(self._run())

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.runtime = compose_runtime(self._settings, clock=self._clock)
        with application(self.runtime) as app:
            config = uvicorn.Config(app, host="127.0.0.1", port=self._settings.port, log_level="warning", lifespan="on")
            self._server = uvicorn.Server(config)
            serving = asyncio.create_task(self._server.serve())
            while not self._server.started and not serving.done():  # noqa: ASYNC110  # the server offers no event
                await asyncio.sleep(0.02)
            self._ready.set()
            await serving
        await self.runtime.close()

    def start(self) -> None:
        self._thread.start()
        if not self._ready.wait(PATIENCE_S):
            message = "the application did not start"
            raise TimeoutError(message)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(PATIENCE_S)

    def do(self, work: Callable[[Runtime], Awaitable[T]]) -> T:
        """Run a coroutine function over the server's own runtime and return its result."""

        async def run() -> T:
            return await work(self.runtime)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(PATIENCE_S)


@contextmanager
def serving(settings: Settings, clock: Clock | None = None) -> Iterator[LiveServer]:
    """Serve the application over a database for as long as the block lasts."""
    server = LiveServer(settings, clock)
    server.start()
    try:
        yield server
    finally:
        server.stop()
