"""Instances whose processes are forked from one that has everything imported, and die where they are told; for it forks."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any, Literal, Self, TypeVar

import httpx
import msgspec
import psycopg
from litestar import Litestar
from sqlalchemy import event
from sqlalchemy.engine import Engine

from exam.app import compose_runtime
from exam.cli.bench.stack import HOST, free_port
from exam.cli.node import serve_node
from exam.cli.web import serve
from exam.core.config import Settings
from exam.core.embedded.process import die_with_parent
from exam.core.runtime import Runtime
from exam.identity.sessions import COOKIE
from exam.records.nodes import carrying
from exam.web.shell import bind_runtime
from exam.worker import run_worker
from tests.builders.desks import session_of
from tests.builders.ports import READY_S, await_port
from tests.faults.finalisation_kills import forgive_the_dead

R = TypeVar("R")
FINISHED = 0


class Death(msgspec.Struct, frozen=True):
    """Where a process dies by SIGKILL: before its first statement of this beginning, or after the commit that follows it."""

    statement: str
    when: Literal["before", "after"] = "before"

    def arm(self) -> None:
        """Let this process die there."""
        struck = False

        def look(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            nonlocal struck
            if statement.lower().startswith(self.statement):
                struck = True
                if self.when == "before":
                    die()

        commit = psycopg.AsyncConnection.commit

        async def committed(connection: psycopg.AsyncConnection[Any]) -> None:
            await commit(connection)
            if struck:
                die()

        event.listen(Engine, "before_cursor_execute", look)
        psycopg.AsyncConnection.commit = committed  # type: ignore[method-assign,assignment]


def die() -> None:
    """End this process as a crash does."""
    os.kill(os.getpid(), signal.SIGKILL)


class Child:
    """A forked process; `main` ends it where it returns."""

    def __init__(self, main: Callable[[], None], death: Death | None) -> None:
        self.pid = os.fork()
        if self.pid == 0:
            die_with_parent()
            if death:
                death.arm()
            main()
            os._exit(FINISHED)

    def wait(self) -> bool:
        """Wait for its end and tell whether it was killed; any other failure is an error."""
        _, status = os.waitpid(self.pid, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        if not killed and status != FINISHED:
            message = f"a process failed by itself: {status}"
            raise RuntimeError(message)
        return killed


class Instance:
    """County, city or province: a database, a web process, a process that other nodes call, and a worker by rounds."""

    def __init__(self, settings: Settings, app: Litestar) -> None:
        self.port, self.node_port = free_port(), free_port()
        self.settings = msgspec.structs.replace(settings, base_url=f"https://{HOST}:{self.node_port}")
        self._app = app
        self._children: dict[int, Child] = {}
        self._client: httpx.Client | None = None

    def do(self, act: Callable[[Runtime], Coroutine[Any, Any, None]], death: Death | None = None) -> bool:
        """Do one act in a process of its own; tell whether it died."""
        return Child(lambda: asyncio.run(self._within(act)), death).wait()

    async def _within(self, act: Callable[[Runtime], Coroutine[Any, Any, R]]) -> R:
        runtime = compose_runtime(self.settings)
        try:
            return await act(runtime)
        finally:
            await runtime.close()

    def ask(self, act: Callable[[Runtime], Coroutine[Any, Any, R]]) -> R:
        """Do one act in this process, which has no loop and no connection afterwards."""
        return asyncio.run(self._within(act))

    def work(self, death: Death | None = None) -> bool:
        """Let a worker do what is due, as it is each minute, until nothing is left; tell whether it died."""
        forgive_the_dead(self.settings)
        return Child(lambda: asyncio.run(self._minute()), death).wait()

    async def _minute(self) -> None:
        await self._within(carrying.sweep)
        await run_worker(self.settings, until_empty=True)

    def start(self, *, node: Death | None = None, web: Death | None = None) -> Self:
        """Start the web and the process for other nodes, or whichever of them is not running."""
        settings = msgspec.structs.replace(self.settings, base_url=f"http://{HOST}:{self.port}")

        def pages() -> None:
            bind_runtime(self._app, compose_runtime(settings))
            serve(self._app, HOST, self.port)

        mains = {
            self.port: (pages, web),
            self.node_port: (lambda: serve_node(self.settings, HOST, self.node_port), node),
        }
        fresh = [port for port in mains if port not in self._children]
        self._children |= {port: Child(*mains[port]) for port in fresh}
        for port in fresh:
            await_port(port)
        return self

    def armed(self, *, node: Death | None = None, web: Death | None = None) -> None:
        """Replace the running processes that are to die by such ones."""
        self.stop(*[port for port, death in ((self.node_port, node), (self.port, web)) if death])
        self.start(node=node, web=web)

    def buried(self, *, node: bool = False) -> bool:
        """Wait for a process that was to die, start another in its place and tell whether it did."""
        died = self._children.pop(self.node_port if node else self.port).wait()
        self.start()
        return died

    def stop(self, *ports: int) -> None:
        """End the processes of some ports, or all, at once."""
        for port in ports or list(self._children):
            child = self._children.pop(port)
            os.kill(child.pid, signal.SIGKILL)
            os.waitpid(child.pid, 0)

    def log_in(self, role: str, region: str) -> None:
        """Be somebody of a role on the pages."""

        async def open_session(runtime: Runtime) -> str:
            return (await session_of(runtime, role=role, region=region))[1]

        address, headers = f"http://{HOST}:{self.port}", {"accept": "text/html"}
        cookies = {COOKIE: self.ask(open_session)}
        self._client = httpx.Client(base_url=address, headers=headers, cookies=cookies, timeout=READY_S)
        self._client.get("/regulator/batches").raise_for_status()

    def page(self, path: str) -> str:
        return self._browser.get(path).raise_for_status().text

    def post(self, path: str, **fields: str | list[str]) -> httpx.Response | None:
        """Post a form; None where the process died over it."""
        try:
            return self._browser.post(path, data={"_csrf_token": self._browser.cookies["csrftoken"], **fields})
        except httpx.TransportError:
            return None

    @property
    def _browser(self) -> httpx.Client:
        if self._client is None:
            message = "nobody has logged in"
            raise RuntimeError(message)
        return self._client

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what the database's owner finds."""
        with psycopg.connect(self.settings.database_url, options="-csearch_path=public,jobs") as connection:
            return connection.execute(query.encode()).fetchall()
