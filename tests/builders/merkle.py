"""RFC 6962 §2.1 and the checking of RFC 9162 §2.1 a second time, word by word and slowly, to judge the product's own."""

from collections.abc import Sequence
from hashlib import sha256


def tree_head(entries: Sequence[bytes]) -> bytes:
    """MTH(D[n])."""
    if not entries:
        return sha256().digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = _k(len(entries))
    return sha256(b"\x01" + tree_head(entries[:k]) + tree_head(entries[k:])).digest()


def _k(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def audit_path(m: int, entries: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n])."""
    n = len(entries)
    if n == 1:
        return []
    k = _k(n)
    if m < k:
        return [*audit_path(m, entries[:k]), tree_head(entries[k:])]
    return [*audit_path(m - k, entries[k:]), tree_head(entries[:k])]


def consistency_proof(m: int, entries: Sequence[bytes]) -> list[bytes]:
    """PROOF(m, D[n])."""
    return _subproof(m, entries, whole=True)


def _subproof(m: int, entries: Sequence[bytes], *, whole: bool) -> list[bytes]:
    n = len(entries)
    if m == n:
        return [] if whole else [tree_head(entries)]
    k = _k(n)
    if m <= k:
        return [*_subproof(m, entries[:k], whole=whole), tree_head(entries[k:])]
    return [*_subproof(m - k, entries[k:], whole=False), tree_head(entries[:k])]


def includes(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Verify an inclusion by the bits of the index (RFC 9162 §2.1.3.2)."""
    if index >= size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = sha256(b"\x01" + p + r).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha256(b"\x01" + r + p).digest()
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def consistent(first: int, first_hash: bytes, second: int, second_hash: bytes, path: Sequence[bytes]) -> bool:
    """Verify a consistency by the bits of the sizes (RFC 9162 §2.1.4.2), for 0 < first < second."""
    steps = list(path)
    if first & (first - 1) == 0:
        steps.insert(0, first_hash)
    if not steps:
        return False
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = steps.pop(0)
    for c in steps:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = sha256(b"\x01" + c + fr).digest(), sha256(b"\x01" + c + sr).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = sha256(b"\x01" + sr + c).digest()
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == first_hash and sr == second_hash
