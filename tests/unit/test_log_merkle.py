"""The tree against a second implementation and the published vectors."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam.core.audit.merkle import (
    EMPTY_ROOT,
    ProofError,
    Range,
    check_consistency,
    consistency_ranges,
    fold,
    inclusion_ranges,
    leaf_hash,
    perfect_nodes,
    root_of_inclusion,
)
from exam.core.audit.tiles import (
    Edge,
    Tile,
    extend,
    index_path,
    node_in_tile,
    parse_tile_path,
    tile_of,
    tile_width,
)
from exam.core.errors import NotFoundError
from tests.builders import merkle as second

# the eight inputs and roots of the Certificate Transparency reference tests
INPUTS = [
    bytes.fromhex(each)
    for each in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


class Stored:
    """A log's tiles after it grew in some steps."""

    def __init__(self, entries: Sequence[bytes], steps: Sequence[int] = ()) -> None:
        self.edge, self.tiles = Edge(), dict[Tile, bytes]()
        cuts = [0, *sorted({step for step in steps if 0 < step < len(entries)}), len(entries)]
        for start, end in pairwise(cuts):
            self.edge, grown = extend(self.edge, [leaf_hash(each) for each in entries[start:end]])
            for tile, data in grown.items():
                assert data.startswith(self.tiles.get(tile, b""))
            self.tiles.update(grown)

    def hashes(self, ranges: Sequence[Range]) -> list[bytes]:
        return [range_hash(self.tiles, each) for each in ranges]


def range_hash(tiles: Mapping[Tile, bytes], wanted: Range) -> bytes:
    return fold([node_in_tile(node, tiles[tile_of(node)]) for node in perfect_nodes(*wanted)])


def entries_of(count: int) -> list[bytes]:
    return [f"entry {number}".encode() for number in range(count)]


def test_published_roots() -> None:
    assert Edge().root() == EMPTY_ROOT == bytes.fromhex(sha256().hexdigest())
    for size, root in enumerate(ROOTS, 1):
        assert Stored(INPUTS[:size]).edge.root().hex() == root
        assert second.tree_head(INPUTS[:size]).hex() == root


def test_published_proofs_of_seven_leaves() -> None:
    """RFC 9162 §2.1.5: the paths of d0, d3, d4 and d6, and the proofs from 3, 4 and 6 leaves."""
    assert inclusion_ranges(0, 7) == [(1, 2), (2, 4), (4, 7)]
    assert inclusion_ranges(3, 7) == [(2, 3), (0, 2), (4, 7)]
    assert inclusion_ranges(4, 7) == [(5, 6), (6, 7), (0, 4)]
    assert inclusion_ranges(6, 7) == [(4, 6), (0, 4)]
    assert consistency_ranges(3, 7) == [(2, 3), (3, 4), (0, 2), (4, 7)]
    assert consistency_ranges(4, 7) == [(4, 7)]
    assert consistency_ranges(6, 7) == [(4, 6), (6, 7), (0, 4)]


def test_every_proof_of_every_small_tree() -> None:
    entries = entries_of(40)
    roots = [second.tree_head(entries[:size]) for size in range(41)]
    log = Stored(entries)
    for size in range(1, 41):
        for index in range(size):
            path = log.hashes(inclusion_ranges(index, size))
            assert path == second.audit_path(index, entries[:size])
            assert root_of_inclusion(leaf_hash(entries[index]), index, size, path) == roots[size]
        for old in range(size + 1):
            path = log.hashes(consistency_ranges(old, size))
            assert path == (second.consistency_proof(old, entries[:size]) if old else [])
            check_consistency(old, roots[old], size, roots[size], path)


@settings(max_examples=30)
@given(size=st.integers(1, 1500), steps=st.lists(st.integers(1, 1500), max_size=6), data=st.data())
def test_trees_that_span_tiles_agree_with_the_second_implementation(
    size: int, steps: list[int], data: st.DataObject
) -> None:
    entries = entries_of(size)
    log = Stored(entries, steps)
    root = second.tree_head(entries)
    assert log.edge.root() == root
    assert {tile: len(each) // 32 for tile, each in log.tiles.items()} == {
        tile: tile_width(size, tile) for tile in log.tiles
    }
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    path = log.hashes(inclusion_ranges(index, size))
    assert path == second.audit_path(index, entries)
    assert second.includes(leaf_hash(entries[index]), index, size, path, root)
    steps_between = log.hashes(consistency_ranges(old, size))
    assert steps_between == second.consistency_proof(old, entries)
    check_consistency(old, second.tree_head(entries[:old]), size, root, steps_between)


@settings(max_examples=300)
@given(size=st.integers(1, 70), data=st.data())
def test_a_proof_holds_for_one_implementation_as_for_the_other(size: int, data: st.DataObject) -> None:
    """Proofs bent in some way: both implementations decide alike, and accept only what was not bent."""
    entries = entries_of(size)
    root = second.tree_head(entries)
    index = data.draw(st.integers(0, size - 1))
    path = second.audit_path(index, entries)
    said_index, said_size, said_path = bend(data, index, size, path)
    accepted = holds_inclusion(leaf_hash(entries[index]), said_index, said_size, said_path, root)
    assert accepted == second.includes(leaf_hash(entries[index]), said_index, said_size, said_path, root)
    if (said_index, said_size, said_path) == (index, size, path):
        assert accepted


@settings(max_examples=300)
@given(new=st.integers(2, 70), data=st.data())
def test_a_consistency_holds_for_one_implementation_as_for_the_other(new: int, data: st.DataObject) -> None:
    entries = entries_of(new)
    old = data.draw(st.integers(1, new - 1))
    roots = second.tree_head(entries[:old]), second.tree_head(entries)
    path = second.consistency_proof(old, entries)
    said_old, said_new, said_path = bend(data, old, new, path)
    if not 0 < said_old < said_new:
        return
    accepted = holds_consistency(said_old, roots[0], said_new, roots[1], said_path)
    assert accepted == second.consistent(said_old, roots[0], said_new, roots[1], said_path)
    if (said_old, said_new, said_path) == (old, new, path):
        assert accepted


def bend(data: st.DataObject, small: int, great: int, path: list[bytes]) -> tuple[int, int, list[bytes]]:
    kind = data.draw(st.sampled_from(["none", "small", "great", "cut", "longer", "flip", "swap"]))
    bent = list(path)
    match kind:
        case "small":
            small = max(small + data.draw(st.integers(-2, 2)), 0)
        case "great":
            great = max(great + data.draw(st.integers(-3, 3)), 0)
        case "cut":
            bent = bent[:-1]
        case "longer":
            bent = [*bent, sha256(b"more").digest()]
        case "flip" if bent:
            at = data.draw(st.integers(0, len(bent) - 1))
            bent[at] = bytes([bent[at][0] ^ 1]) + bent[at][1:]
        case "swap" if bent:
            bent.reverse()
    return small, great, bent


def holds_inclusion(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    try:
        return root_of_inclusion(leaf, index, size, path) == root
    except ProofError:
        return False


def holds_consistency(old: int, old_root: bytes, new: int, new_root: bytes, path: list[bytes]) -> bool:
    try:
        check_consistency(old, old_root, new, new_root, path)
    except ProofError:
        return False
    return True


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 3), (3, 3)])
def test_a_proof_without_hashes_holds_for_equal_trees_only(old: int, new: int) -> None:
    entries = entries_of(3)
    roots = {size: second.tree_head(entries[:size]) for size in (0, 3)}
    check_consistency(old, roots[old], new, roots[new], [])
    with pytest.raises(ProofError):
        check_consistency(old, sha256(b"other").digest(), new, roots[new], [])


def test_an_odd_hash_is_refused() -> None:
    with pytest.raises(ProofError):
        root_of_inclusion(b"short", 0, 1, [])
    with pytest.raises(ProofError):
        inclusion_ranges(2**63, 2**63 + 1)


@pytest.mark.parametrize(
    ("index", "path"),
    [(0, "000"), (67, "067"), (999, "999"), (1000, "x001/000"), (1_234_067, "x001/x234/067")],
)
def test_addresses_of_tiles(index: int, path: str) -> None:
    assert index_path(index) == path
    assert parse_tile_path(f"0/{path}") == (Tile(0, index), 256)
    assert parse_tile_path(f"3/{path}.p/17") == (Tile(3, index), 17)


@pytest.mark.parametrize(
    "path",
    ["", "0", "0/", "0/1", "00/001", "64/001", "0/x000/001", "0/001.p/0", "0/001.p/256", "0/001.p/01", "0/../001",
     "0/001/002", "0/x001", "0/001.p/", "0/001\n", "-1/001", "0/\u0660\u0660\u0661"],
)  # fmt: skip
def test_other_spellings_of_an_address_are_refused(path: str) -> None:
    with pytest.raises(NotFoundError):
        parse_tile_path(path)


def test_a_tree_of_seventy_thousand_has_the_tiles_of_the_specification() -> None:
    """C2SP tlog-tiles: 273 full level 0 tiles and one of 112, one full level 1 tile and one of 17, one level 2 of 1."""
    edge, tiles = Edge(), dict[Tile, bytes]()
    leaves = [leaf_hash(str(number).encode()) for number in range(70_000)]
    for start in range(0, 70_000, 9_999):
        edge, grown = extend(edge, leaves[start : start + 9_999])
        tiles |= grown
    widths = {tile: len(data) // 32 for tile, data in tiles.items()}
    assert [widths[Tile(0, 273)], widths[Tile(1, 0)], widths[Tile(1, 1)], widths[Tile(2, 0)]] == [112, 256, 17, 1]
    assert sum(tile.level == 0 for tile in widths) == 274
    assert len(widths) == 277
