"""The two ends of video: what signalling adds to the web process, and the node as a process of its own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import structlog
from litestar import Controller, Litestar, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody
from redis.exceptions import RedisError

from exam.core.runtime import Runtime
from exam.web.plugin import Plugin
from exam.web.policy import BY_KEY
from proctor.analysis.feed import Feed
from proctor.cameras.keeper import Cameras
from proctor.media.commands import CommandBus
from proctor.media.install import install
from proctor.media.names import Track
from proctor.media.node import Answer, Gauge, Node
from proctor.media.recording import Recording
from proctor.media.registry import BEAT_S, beat, leave, new_node_name, note_seen, tell_tracks
from proctor.media.revocation import revoke
from proctor.media.schemas import Connect
from proctor.media.selftest import check_forwarding, check_versions
from proctor.media.signalling import Exchange
from proctor.media.transport import Address

SEEN_EVERY = 2
"""Beats between two notes of which pictures come in."""

log = structlog.get_logger(__name__)


class NodeController(Controller):
    """What the web process asks of a node; every call carries a ticket that says who asked for what."""

    opt = BY_KEY

    @post("/connect", status_code=200)
    async def connect(self, node: NamedDependency[Node], data: JSONBody[Connect]) -> Answer:
        return await node.connect(data.ticket, data.sdp)

    @get("/gauge")
    async def gauge(self, node: NamedDependency[Node]) -> Gauge:
        return node.gauge()


def build_node(runtime: Runtime) -> Node:
    """Return this process's node."""

    async def tell(attempt_id: UUID, tracks: list[Track]) -> None:
        await tell_tracks(runtime.valkey, attempt_id, tracks)

    key = runtime.secrets.tickets
    return Node(new_node_name(), key, unix_s=lambda: int(runtime.clock.now().timestamp()), tell=tell)


async def say_alive(runtime: Runtime, node: Node, url: str) -> None:
    """Beat once a second; without Valkey the connections that stand go on, and nobody new finds the node."""
    beats = 0
    while True:
        try:
            await beat(runtime.valkey, node.name, url, node.gauge())
            if beats % SEEN_EVERY == 0:
                await note_seen(runtime.valkey, [source.name for source in node.sources.values() if source.live])
        except (RedisError, OSError) as error:
            log.warning("media.beat_failed", error=type(error).__name__)
        beats += 1
        await asyncio.sleep(BEAT_S)


def node_plugin(runtime: Runtime, url: str) -> Plugin:
    """Return what a media process serves under `url`, which the web process finds in Valkey."""
    node = build_node(runtime)

    @asynccontextmanager
    async def forwarding(_app: Litestar) -> AsyncIterator[None]:
        settings = runtime.settings
        install(
            Address(
                bind=settings.media_bind,
                public=settings.media_address,
                first_port=settings.media_first_port,
                last_port=settings.media_last_port,
            )
        )
        check_versions()
        await check_forwarding()
        recording, feed = Recording(runtime, node), Feed(runtime, node)
        cameras = Cameras(runtime, node, recording, feed)
        work = (
            node.sweep(),
            say_alive(runtime, node, url),
            revoke(runtime, node),
            recording.write(),
            recording.tend(),
            feed.send(),
            cameras.tend(),
        )
        tasks = [asyncio.create_task(each) for each in work]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            with contextlib.suppress(RedisError, OSError):
                await leave(runtime.valkey, node.name)
            await node.close()
            await cameras.close()
            await recording.close()
            await feed.close()

    return Plugin(
        package="proctor.media",
        handlers=(NodeController,),
        dependencies={"node": Provide(lambda: node, sync_to_thread=False)},
        lifespan=(forwarding,),
    )


@asynccontextmanager
async def signalling(app: Litestar) -> AsyncIterator[None]:
    """Keep the way to the nodes and the way from them open beside the web process."""
    runtime: Runtime = app.state.runtime
    app.state.media_exchange = exchange = Exchange(runtime)
    app.state.media_commands = bus = CommandBus(runtime)
    listening = asyncio.create_task(bus.listen())
    try:
        yield
    finally:
        bus.closing.set()
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
        await exchange.close()
