"""What the log costs and what a proof weighs, beside the bare hash function and the bare path."""

import hashlib
import math
import time

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from exam.core.audit.checkpoint import Checkpoint
from exam.core.audit.merkle import (
    HASH_BYTES,
    ProofError,
    fold,
    inclusion_ranges,
    leaf_hash,
    perfect_nodes,
    root_of_inclusion,
)
from exam.core.audit.note import CosignatureSigner, Ed25519NoteSigner, Note
from exam.core.audit.proof import LogProof
from exam.core.audit.tiles import Edge, Tile, extend, node_in_tile, tile_of

BATCH = 1_000
WITNESSES = 3
_ENTRY = b'{"act":"credential.issued","subject":"0198","facts":{"digest":"' + b"a" * 64 + b'"}}'


class LogFigures(msgspec.Struct, frozen=True):
    """Appends per processor second, ours and of the hash function alone; bytes of a proof, as a file and as a path."""

    appends_per_cpu_s: float
    bare_per_cpu_s: float
    proof_bytes: int
    path_bytes: int


def measure_log(entries: int) -> LogFigures:
    """Grow a tree of so many entries by batches, prove one of them, and check the proof before it counts."""
    before = time.process_time()
    edge, tiles = Edge(), dict[Tile, bytes]()
    for first in range(0, entries, BATCH):
        leaves = [leaf_hash(_ENTRY + b"%d" % number) for number in range(first, min(first + BATCH, entries))]
        edge, grown = extend(edge, leaves)
        tiles |= grown
    spent = time.process_time() - before
    proof = _prove(edge, tiles, entries // 3)
    return LogFigures(
        appends_per_cpu_s=entries / spent,
        bare_per_cpu_s=_bare(entries),
        proof_bytes=len(proof.to_bytes()),
        path_bytes=HASH_BYTES * math.ceil(math.log2(entries)),
    )


def _prove(edge: Edge, tiles: dict[Tile, bytes], index: int) -> LogProof:
    """Return the proof of an entry under a head that its log and three witnesses have signed."""
    ranges = [list(perfect_nodes(*each)) for each in inclusion_ranges(index, edge.size)]
    path = tuple(fold([node_in_tile(node, tiles[tile_of(node)]) for node in nodes]) for nodes in ranges)
    if root_of_inclusion(leaf_hash(_ENTRY + b"%d" % index), index, edge.size, path) != edge.root():
        raise ProofError(index=index, size=edge.size)
    text = Checkpoint("bench.example/log", edge.size, edge.root()).text()
    log = Ed25519NoteSigner("bench.example/log", Ed25519PrivateKey.generate())
    witnesses = [CosignatureSigner(f"w{n}.example", Ed25519PrivateKey.generate(), lambda: 0) for n in range(WITNESSES)]
    note = Note(text, tuple(each.sign(text) for each in (log, *witnesses)))
    return LogProof(index=index, path=path, checkpoint=note.to_bytes())


def _bare(entries: int) -> float:
    """Hash as many leaves and as many pairs, and nothing else."""
    pair, hashed = bytes(2 * HASH_BYTES), hashlib.sha256
    before = time.process_time()
    for number in range(entries):
        hashed(b"\x00" + _ENTRY + b"%d" % number).digest()
        hashed(b"\x01" + pair).digest()
    return entries / (time.process_time() - before)
