"""A right that is gone ends its connection; a node that dies is replaced by another."""

import asyncio
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from exam.core.config import Settings
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.runtime import Runtime
from exam.identity.roles import Role as StaffRole
from proctor.media.names import Track, seat_source
from proctor.media.registry import living_nodes
from tests.builders import identity as make
from tests.builders.attempts import attempts_in_progress
from tests.builders.media import Publisher, Viewer, until
from tests.media.stage import MediaProcess, media_process, tile


async def _run(runtime: Runtime, statement: str, key: UUID) -> None:
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await session.execute(text(statement), {"id": key})


async def test_a_transfer_a_hand_in_and_a_disabled_account_end_their_connections(
    runtime: Runtime, settings: Settings, tmp_path: Path
) -> None:
    await runtime.valkey.flushdb()
    moved, ended, stays = await attempts_in_progress(runtime, 3, slots=2)
    proctor = await make.account(runtime, login="proctor", roles=(StaffRole.PROCTOR,), region="33/3301")
    with media_process(settings, tmp_path / "media.log", first_port=43200) as node:
        publishers = [Publisher() for _ in range(3)]
        for publisher, attempt in zip(publishers, (moved, ended, stays), strict=True):
            await publisher.connect(node.exchange(tile(attempt), direction="publish", attempt_id=attempt, epoch=1))
        viewer = Viewer()
        await viewer.connect(node.exchange(tile(stays), account_id=proctor))
        await viewer.until(3)
        assert (await node.gauge()).publishers == 3
        await _run(runtime, "update delivery_attempt set epoch = 2 where id = :id", moved)
        await _run(runtime, "update delivery_attempt set state = 'voided' where id = :id", ended)
        await until(lambda: _count(node, publishers=1, viewers=1))
        await _run(runtime, "update identity_account set enabled = false where id = :id", proctor)
        await until(lambda: _count(node, publishers=1, viewers=0))
        await asyncio.gather(viewer.close(), *(publisher.close() for publisher in publishers))


async def _count(node: MediaProcess, *, publishers: int, viewers: int) -> bool:
    gauge = await node.gauge()
    return gauge.publishers == publishers and gauge.viewers == viewers


async def test_the_terminal_is_told_to_send_the_full_track_while_somebody_looks(
    runtime: Runtime, settings: Settings, tmp_path: Path
) -> None:
    await runtime.valkey.flushdb()
    [attempt] = await attempts_in_progress(runtime, 1, slots=2)
    sources = [seat_source(attempt, track) for track in (Track.TILE, Track.FULL)]
    with media_process(settings, tmp_path / "media.log", first_port=43200) as node:
        publisher, viewer = Publisher(2), Viewer()
        exchange = node.exchange(*sources, direction="publish", attempt_id=attempt, epoch=1)
        await publisher.connect(exchange)
        await _told(runtime, attempt, '{"want":["tile"]}')
        await viewer.connect(node.exchange(sources[1]))
        await _told(runtime, attempt, '{"want":["tile","full"]}')
        await viewer.until(3)
        await viewer.close()
        await _told(runtime, attempt, '{"want":["tile"]}')
        await publisher.close()


async def _told(runtime: Runtime, attempt: UUID, words: str) -> None:
    async def said() -> bool:
        return bool(await runtime.valkey.get(f"media:want:{attempt}") == words)

    await until(said)


async def test_a_killed_node_is_forgotten_and_a_stopped_one_at_once(
    runtime: Runtime, settings: Settings, tmp_path: Path
) -> None:
    await runtime.valkey.flushdb()
    with media_process(settings, tmp_path / "media.log", first_port=43200) as node:
        assert [each.name for each in await living_nodes(runtime.valkey)] == [node.name]
        node.kill()

        async def gone() -> bool:
            return not await living_nodes(runtime.valkey)

        await until(gone)
        node.start()
        assert [each.name for each in await living_nodes(runtime.valkey)] == [node.name]
        node.stop()
        assert await living_nodes(runtime.valkey) == []
        node.start()
