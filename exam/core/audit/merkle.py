"""Merkle trees of RFC 6962 §2: hashes, which subtrees a proof is made of, and checking proofs; pure.

A tree of n leaves is written as the range [0, n). Everything a proof asks for is the hash of such a range, and every
range is the fold of perfect subtrees, each of which is one `Node`: `level` counts from the leaves, `index` from the
left. Whoever stores nodes can therefore make every proof, and nothing else needs to be stored.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256

import msgspec

from exam.core.errors import DomainError

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
MAX_SIZE = 2**63 - 1

Range = tuple[int, int]


class ProofError(DomainError):
    """A proof does not lead to the root it is said to lead to, or asks about no such tree."""

    code = "log_proof"
    message = "日志证明不成立:内容、位置或树根不相符。"


class Node(msgspec.Struct, frozen=True, order=True):
    """A perfect subtree: the leaves [index · 2^level, (index + 1) · 2^level)."""

    level: int
    index: int


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf; its prefix keeps a leaf from passing as a node."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the hash of a range from those of its perfect subtrees, left to right, as `perfect_nodes` lists them."""
    if not hashes:
        return EMPTY_ROOT
    *rest, folded = hashes
    for each in reversed(rest):
        folded = node_hash(each, folded)
    return folded


def perfect_nodes(start: int, end: int) -> Iterator[Node]:
    """Yield the perfect subtrees of [start, end), the greatest first; `start` is where a proof may cut a tree."""
    while start < end:
        level = (end - start).bit_length() - 1
        yield Node(level, start >> level)
        start += 1 << level


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Return the ranges whose hashes are PATH(index, D[size]), from the leaf's sibling upward (RFC 6962 §2.1.1).

    Raises ProofError for an index outside the tree.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise ProofError(index=index, size=size)
    start, end, downward = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            downward.append((middle, end))
            end = middle
        else:
            downward.append((start, middle))
            start = middle
    return downward[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """Return the ranges whose hashes are PROOF(old, D[new]) (RFC 6962 §2.1.2); empty for `old` of 0 or `new`.

    Raises ProofError where the old tree is the greater one.
    """
    if not 0 <= old <= new <= MAX_SIZE:
        raise ProofError(old=old, new=new)
    if old in {0, new}:
        return []
    start, end, downward = 0, new, []
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            downward.append((middle, end))
            end = middle
        else:
            downward.append((start, middle))
            start = middle
    # the old tree itself is known to whoever asks: it is listed only where it is a part and not the whole
    return ([(start, end)] if start else []) + downward[::-1]


def root_of_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Return the root that a path leads to from a leaf's hash (RFC 9162 §2.1.3.2).

    Raises ProofError for a path that is too short or too long for the tree.
    """
    ranges = inclusion_ranges(index, size)
    if len(ranges) != len(path) or not _are_hashes([leaf, *path]):
        raise ProofError(index=index, size=size, length=len(path))
    root = leaf
    for (start, _), sibling in zip(ranges, path, strict=True):
        root = node_hash(root, sibling) if index < start else node_hash(sibling, root)
    return root


def check_consistency(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> None:
    """Check that the tree of `old` leaves is a beginning of the one of `new` leaves (RFC 9162 §2.1.4.2).

    Raises ProofError. A proof from the empty tree is empty and always holds; so does one from a tree to itself.
    """
    ranges = consistency_ranges(old, new)
    if len(ranges) != len(path) or not _are_hashes([old_root, new_root, *path]):
        raise ProofError(old=old, new=new, length=len(path))
    if ranges:
        holds = _roots(old, old_root, ranges, path) == (old_root, new_root)
    else:
        holds = (old > 0 or old_root == EMPTY_ROOT) and (old < new or old_root == new_root)
    if not holds:
        raise ProofError(old=old, new=new)


def _roots(old: int, old_root: bytes, ranges: list[Range], path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return the old and the new root that the proof's hashes lead to."""
    hashes = list(path)
    if ranges[0][1] == old:
        seen_old = seen_new = hashes.pop(0)
        ranges = ranges[1:]
    else:
        seen_old = seen_new = old_root
    for (start, _), sibling in zip(ranges, hashes, strict=True):
        if start >= old:
            seen_new = node_hash(seen_new, sibling)
        else:
            seen_old, seen_new = node_hash(sibling, seen_old), node_hash(sibling, seen_new)
    return seen_old, seen_new


def _split(count: int) -> int:
    """Return the greatest power of two below a count of leaves."""
    return 1 << ((count - 1).bit_length() - 1)


def _are_hashes(values: Sequence[bytes]) -> bool:
    return all(len(value) == HASH_BYTES for value in values)
