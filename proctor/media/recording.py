"""The node's recording: a recorder for each tile, the spool, and what goes from there into storage and database."""

import asyncio
import contextlib
from collections.abc import Awaitable
from datetime import datetime
from uuid import UUID

from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from proctor.evidence.container import SegmentHead, open_segment
from proctor.evidence.keys import ensure_key, read_key
from proctor.evidence.recordings import store_segment
from proctor.media.names import Track, track_of
from proctor.media.node import Node
from proctor.media.peer import Peer
from proctor.media.recorder import Recorder, recover
from proctor.media.scribe import Scribe
from proctor.media.source import Source
from proctor.media.ticket import MediaTicket

TURNS = 2
"""Files that are in memory at once on their way to the storage: those of a room end together."""
RECOVER_S = 30.0


class Recording:
    """Records what the node's publishers send; whoever publishes is recorded from the first key frame on."""

    def __init__(self, runtime: Runtime, node: Node) -> None:
        self._runtime = runtime
        self._folder = runtime.settings.data_dir / "media" / "spool"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._scribe = Scribe()
        self._turns = asyncio.Semaphore(TURNS)
        self._keys: dict[UUID, bytes] = {}
        self._recorders: dict[UUID, list[Recorder]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        node.on_publisher.append(self.begin)
        node.on_gone.append(self.end)

    def begin(self, peer: Peer) -> None:
        """Record a publisher's tile; its other tracks are for looking."""
        recorders: list[Recorder] = []
        for source, receiver in peer.receivers():
            if track_of(source.name) in {Track.TILE, None}:
                recorder = self.recorder(peer.ticket, source)
                receiver.frame_sinks.append(recorder.take)
                recorders.append(recorder)
        self._recorders[peer.id] = recorders

    def recorder(self, ticket: MediaTicket, source: Source) -> Recorder:
        """Return what records a source from its next key frame on; who asks for it closes it."""
        return Recorder(
            ticket,
            source,
            folder=self._folder,
            scribe=self._scribe,
            segment_s=self._runtime.settings.media_segment_s,
            clock=self._runtime.clock,
            key=self._key,
            store=self._store,
            turns=self._turns,
        )

    def end(self, peer: Peer) -> None:
        """End the recordings of a publisher that has gone."""
        for recorder in self._recorders.pop(peer.id, []):
            self._spawn(recorder.close())

    async def write(self) -> None:
        """Write what the recorders take, until cancelled."""
        await self._scribe.run()

    async def tend(self) -> None:
        """Store what dead nodes have left, now and again."""
        while True:
            await recover(self._folder, self._store)
            await asyncio.sleep(RECOVER_S)

    async def close(self) -> None:
        """Finish every file."""
        for recorders in list(self._recorders.values()):
            for recorder in recorders:
                self._spawn(recorder.close())
        self._recorders.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10):
                await asyncio.gather(*self._closing, return_exceptions=True)
        self._scribe.close()

    async def _key(self, ticket: MediaTicket) -> bytes:
        if ticket.sitting_id not in self._keys:
            runtime = self._runtime
            async with runtime.databases.transaction(Scope(region=runtime.settings.root_region)) as session:
                self._keys[ticket.sitting_id] = await ensure_key(
                    session, runtime.sealer, ticket.sitting_id, ticket.region, at=runtime.clock.now()
                )
        return self._keys[ticket.sitting_id]

    async def _store(self, head: SegmentHead, data: bytes, ended_at: datetime, complete: bool) -> None:  # noqa: FBT001
        runtime = self._runtime
        async with runtime.databases.transaction(Scope(region=runtime.settings.root_region)) as session:
            if not complete:
                # a file from the spool is believed only if it opens
                key = await read_key(session, runtime.sealer, head.sitting_id)
                complete = (await asyncio.to_thread(open_segment, data, key)).complete
            await store_segment(session, runtime, head, data, ended_at=ended_at, complete=complete)

    def _spawn(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            await work

        task = asyncio.create_task(run())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
