"""What the log shows the world, in the file storage: its policy, its newest checkpoints, its tiles; and proofs from it.

Keys: `tlog/policy`, `tlog/checkpoint` (the newest that was signed), `tlog/witnessed` (the newest that satisfies the
policy), `tlog/tile/<L>/<N>` (what there is of a tile: it only grows, see `exam.core.audit.tiles`), and `tlog/alarm`
(what keeps the signer from signing, or null).
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from exam.core.audit.merkle import HASH_BYTES, Node, Range, consistency_ranges, fold, inclusion_ranges, perfect_nodes
from exam.core.audit.policy import Policy, Witnessed, parse_policy
from exam.core.audit.proof import LogProof
from exam.core.audit.tiles import Tile, node_in_tile, tile_of
from exam.core.errors import NotFoundError
from exam.core.storage import Storage

PREFIX = "tlog"
POLICY, CHECKPOINT, WITNESSED, ALARM = (f"{PREFIX}/{name}" for name in ("policy", "checkpoint", "witnessed", "alarm"))


class LogPublication:
    """The published log over a storage."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def find(self, key: str) -> bytes | None:
        """Return a published file, None before there is one."""
        try:
            return await self._storage.get(key)
        except NotFoundError:
            return None

    async def policy(self) -> Policy | None:
        """Return the policy under which the log publishes; who verifies for others pins a copy of it."""
        data = await self.find(POLICY)
        return parse_policy(data.decode()) if data else None

    async def newest(self) -> Witnessed | None:
        """Return the newest signed checkpoint with what cosignatures it has; None while there is no log."""
        return await self._read(CHECKPOINT)

    async def witnessed(self) -> Witnessed | None:
        """Return the newest checkpoint that the policy accepts."""
        return await self._read(WITNESSED)

    async def _read(self, key: str) -> Witnessed | None:
        policy, data = await self.policy(), await self.find(key)
        return policy.read(data) if policy and data else None

    async def write(self, files: Mapping[str, bytes]) -> None:
        """Publish files by key."""
        for key, data in files.items():
            await self._storage.put(key, data)

    async def write_tiles(self, tiles: Mapping[Tile, bytes]) -> None:
        """Publish the new content of tiles."""
        await self.write({tile_key(tile): data for tile, data in tiles.items()})

    async def tile(self, tile: Tile, width: int) -> bytes:
        """Return the first `width` hashes of a tile; raises NotFoundError where there are fewer."""
        data = await self._storage.get(tile_key(tile))
        if len(data) < width * HASH_BYTES:
            raise NotFoundError(tile=tile.name, width=width)
        return data[: width * HASH_BYTES]

    async def prove(self, index: int, under: Witnessed) -> LogProof:
        """Return the proof that an entry stands in the tree of a checkpoint; raises ProofError where it does not."""
        path = await self.hashes(inclusion_ranges(index, under.checkpoint.size))
        return LogProof(index=index, path=tuple(path), checkpoint=under.note.to_bytes())

    async def consistency(self, old: int, new: int) -> list[bytes]:
        """Return the proof that the tree of `old` leaves is a beginning of the one of `new`."""
        return await self.hashes(consistency_ranges(old, new))

    async def root(self, size: int) -> bytes:
        """Return the root of the first `size` leaves, as the tiles have it."""
        (found,) = await self.hashes([(0, size)])
        return found

    async def hashes(self, ranges: Sequence[Range]) -> list[bytes]:
        """Return the hash of each range of leaves from the tiles; raises NotFoundError where they do not reach."""
        nodes = [list(perfect_nodes(*each)) for each in ranges]
        tiles = await self._load({tile_of(node) for row in nodes for node in row})
        return [fold([_hash(node, tiles) for node in row]) for row in nodes]

    async def _load(self, wanted: Iterable[Tile]) -> dict[Tile, bytes]:
        ordered = sorted(wanted)
        found = await asyncio.gather(*(self._storage.get(tile_key(tile)) for tile in ordered))
        return dict(zip(ordered, found, strict=True))


def _hash(node: Node, tiles: Mapping[Tile, bytes]) -> bytes:
    return node_in_tile(node, tiles[tile_of(node)])


def tile_key(tile: Tile) -> str:
    """Return a tile's key in the storage."""
    return f"{PREFIX}/tile/{tile.name}"
