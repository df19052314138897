"""The tree laid out as tiles (C2SP tlog-tiles): 256 hashes of every eighth level side by side; pure.

A tile is append-only and so is a tree, hence a stored tile is one file that grows to 8,192 bytes and never changes
after: every partial tile that was ever published is a beginning of it.
"""

import re
from collections.abc import Mapping, Sequence

import msgspec

from exam.core.audit.merkle import HASH_BYTES, Node, fold, node_hash, perfect_nodes
from exam.core.errors import NotFoundError

HEIGHT = 8
WIDTH = 1 << HEIGHT
TILE_BYTES = WIDTH * HASH_BYTES

_PATH = re.compile(r"(0|[1-9]\d?)/((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d{0,2}))?\Z", re.ASCII)
_MAX_LEVEL = 63


class Tile(msgspec.Struct, frozen=True, order=True):
    """Which tile: `level` counts tiles and not tree levels."""

    level: int
    index: int

    @property
    def name(self) -> str:
        """Return `<L>/<N>` as the address has it."""
        return f"{self.level}/{index_path(self.index)}"


def index_path(index: int) -> str:
    """Return a tile's index in groups of three digits, all but the last marked with an x."""
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03}")
    return "/".join(groups)


def parse_tile_path(path: str) -> tuple[Tile, int]:
    """Return tile and width of `<L>/<N>[.p/<W>]`; raises NotFoundError for every other spelling."""
    found = _PATH.match(path)
    if found is None:
        raise NotFoundError(tile=path[:64])
    tile = Tile(int(found[1]), int(found[2].replace("x", "").replace("/", "")))
    width = int(found[3] or WIDTH)
    # one tile has one address: no leading groups of zeros, no partial of full width
    if tile.level > _MAX_LEVEL or index_path(tile.index) != found[2] or (found[3] and width >= WIDTH):
        raise NotFoundError(tile=path[:64])
    return tile, width


def tile_of(node: Node) -> Tile:
    """Return the tile whose hashes make the node."""
    level, height = divmod(node.level, HEIGHT)
    return Tile(level, (node.index << height) // WIDTH)


def node_in_tile(node: Node, data: bytes) -> bytes:
    """Return a node's hash from the bytes of its tile; raises NotFoundError where the tile is not that far."""
    height = node.level % HEIGHT
    first = (node.index << height) % WIDTH
    return perfect_hash(data, first, 1 << height)


def perfect_hash(data: bytes, first: int, count: int) -> bytes:
    """Return the hash over `count` (a power of two) neighbouring hashes of a tile."""
    cut = data[first * HASH_BYTES : (first + count) * HASH_BYTES]
    if len(cut) != count * HASH_BYTES:
        raise NotFoundError(hash=first + count)
    hashes = split_hashes(cut)
    while len(hashes) > 1:
        hashes = [node_hash(*hashes[at : at + 2]) for at in range(0, len(hashes), 2)]
    return hashes[0]


def split_hashes(data: bytes) -> list[bytes]:
    """Return the hashes that stand side by side in some bytes."""
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """The unfinished tile of every level: all that is needed of a tree of any size to go on growing it."""

    size: int = 0
    tiles: tuple[bytes, ...] = ()

    def root(self) -> bytes:
        """Return the root of the tree."""
        hashes = []
        for node in perfect_nodes(0, self.size):
            data = self.tiles[node.level // HEIGHT]
            hashes.append(node_in_tile(node, data))
        return fold(hashes)


def extend(edge: Edge, leaves: Sequence[bytes]) -> tuple[Edge, Mapping[Tile, bytes]]:
    """Return the edge after some more leaf hashes, and the new content of every tile that grew."""
    tiles, grown = list(edge.tiles), dict[Tile, bytes]()
    fresh, level = list(leaves), 0
    while fresh:
        if level == len(tiles):
            tiles.append(b"")
        index = (edge.size >> (HEIGHT * level)) // WIDTH
        tiles[level], fresh = _append(grown, Tile(level, index), tiles[level], fresh)
        level += 1
    return Edge(size=edge.size + len(leaves), tiles=tuple(tiles)), grown


def _append(grown: dict[Tile, bytes], tile: Tile, data: bytes, hashes: Sequence[bytes]) -> tuple[bytes, list[bytes]]:
    """Append to a level from `tile` on; return what is left unfinished and the hashes of the tiles that were filled."""
    data += b"".join(hashes)
    above, index = [], tile.index
    while len(data) >= TILE_BYTES:
        full, data = data[:TILE_BYTES], data[TILE_BYTES:]
        grown[Tile(tile.level, index)] = full
        above.append(perfect_hash(full, 0, WIDTH))
        index += 1
    if data:
        grown[Tile(tile.level, index)] = data
    return data, above


def tile_width(size: int, tile: Tile) -> int:
    """Return how many hashes a tile has in a tree of `size` leaves."""
    return max(0, min(WIDTH, (size >> (HEIGHT * tile.level)) - tile.index * WIDTH))
