"""The peer of group commit: the product's own web process, but every request commits by itself over a pool."""

import asyncio
import sys
from functools import partial
from uuid import UUID

from litestar import Litestar

from exam.app import compose_runtime, create_app
from exam.cli.web import serve
from exam.core.config import load_settings
from exam.core.db.roles import Role, role_url
from exam.core.log import configure_logging
from exam.core.runtime import Runtime
from exam.delivery.api import Batcher, PendingSave, Verdict


class Single(Batcher):
    """A connection that commits each request as it comes."""

    async def save(self, saves: list[PendingSave]) -> list[Verdict]:
        return await self._commit(saves)


class Pool:
    """Stands in for the batcher: a request waits for a free connection and then for its own commit."""

    def __init__(self, conninfo: str, connections: int) -> None:
        self._all = [Single(conninfo, queue=1) for _ in range(connections)]
        self._free: asyncio.LifoQueue[Single] = asyncio.LifoQueue()
        for each in self._all:
            self._free.put_nowait(each)

    async def save(self, saves: list[PendingSave]) -> list[Verdict]:
        """Return the verdicts in order, after a commit of their own."""
        single = await self._free.get()
        try:
            return await single.save(saves)
        finally:
            self._free.put_nowait(single)

    async def read_shape(self, attempt_id: UUID) -> str:
        return await self._all[0].read_shape(attempt_id)

    async def stop(self) -> None:
        await asyncio.gather(*(each.stop() for each in self._all))


async def replace_batcher(app: Litestar, connections: int) -> None:
    """Put a pool of so many connections where the batcher stands; called when the application has started."""
    runtime: Runtime = app.state.runtime
    await app.state.batcher.stop()
    url = role_url(runtime.settings.database_url, runtime.secrets.roles, Role.ANSWER).set(drivername="postgresql")
    app.state.batcher = Pool(url.render_as_string(hide_password=False), connections)


def main(connections: int) -> None:
    """Serve under the same options as `ankao web`, with so many connections to the database."""
    configure_logging()
    settings = load_settings()
    app = create_app(compose_runtime(settings))
    app.on_startup.append(partial(replace_batcher, connections=connections))
    serve(app, settings.host, settings.port)


if __name__ == "__main__":
    main(int(sys.argv[1]))
