"""The same question twice: exact twins by normalised text, near ones by similarity."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Final

import msgspec
import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Indel

from questionbank.items.content import ItemContent, ItemDraft

NEAR: Final = 0.9
"""Similarity of normalised stems (1 − indel distance / total length) from which a reviewer should look."""

_CHUNK: Final = 128
_WORDS: Final = 4
_ROUNDING: Final = 1e-9
_SUPERSCRIPTS: Final = str.maketrans({digit: f"^{number}" for number, digit in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")})
_KEPT: Final = frozenset("%‰/*#&@^")
"""Punctuation by category that carries meaning in technical text."""
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[.:,\-~](?=\d)|(?<![\w)])-(?=\d)")


Words = np.ndarray[tuple[int, ...], np.dtype[np.uint64]]
Counts = np.ndarray[tuple[int, ...], np.dtype[np.uint16]]


class ExistingItem(msgspec.Struct, frozen=True):
    """An item of the bank, to compare with; `item` is its id."""

    item: str
    content: ItemContent


class Twin(msgspec.Struct, frozen=True, kw_only=True):
    """What a draft repeats: an earlier `row` of its file or an `item` of the bank.

    `percent` is None for an exact twin; `same_key` tells whether an exact twin also has the same right answers.
    """

    row: int | None = None
    item: str | None = None
    percent: int | None = None
    same_key: bool = True


class _Entry(msgspec.Struct, frozen=True):
    twin: Twin
    answers: frozenset[str]


def normalise_stem(text: str) -> str:
    """Return a stem without width variants, blanks, brackets and punctuation.

    What tells 1.5 from 15, −5 from 5 and 10² from 102 stays; a stem of nothing but signs stays whole.
    """
    folded = unicodedata.normalize("NFKC", text.translate(_SUPERSCRIPTS)).replace("−", "-")
    meant = {match.start() for match in _BETWEEN_DIGITS.finditer(folded)}
    kept = "".join(character for place, character in enumerate(folded) if place in meant or not _is_noise(character))
    return kept or folded.strip()


def _asked(content: ItemContent) -> str:
    """Return the normalised stem, with the digests of the photo that it is asked of and of its figures."""
    files = [] if content.photo is msgspec.UNSET else [content.photo.jpeg]
    files += [] if content.figures is msgspec.UNSET else [figure.data for figure in content.figures]
    return normalise_stem(content.stem) + "".join(sha256(data).hexdigest() for data in files)


def _is_noise(character: str) -> bool:
    return unicodedata.category(character)[0] in "PZC" and character not in _KEPT


def silent(done: int) -> None:
    """Tell nobody."""
    del done


def find_duplicates(
    drafts: Sequence[ItemDraft], existing: Sequence[ExistingItem], told: Callable[[int], None] = silent
) -> tuple[Twin | None, ...]:
    """Return, for every draft, the exact twin, else the nearest near one, else None.

    Exact means the same normalised stem and the same set of options, in whatever order; the first of a file wins.
    Near twins are looked for in the bank and among the earlier rows that are no exact twins themselves. `told` hears now
    and then how many drafts have been compared.
    """
    twins = list(_find_exact(drafts, existing))
    fresh = [place for place, twin in enumerate(twins) if twin is None]
    stems = [_asked(drafts[place].content) for place in fresh]
    old_stems = [_asked(one.content) for one in existing]
    in_bank = _find_nearest(stems, old_stems, lambda done: told(done // 2), earlier_only=False)
    in_file = _find_nearest(stems, stems, lambda done: told((len(stems) + done) // 2), earlier_only=True)
    for order, place in enumerate(fresh):
        (bank_score, bank_at), (file_score, file_at) = in_bank[order], in_file[order]
        if bank_score >= max(NEAR, file_score):
            twins[place] = Twin(item=existing[bank_at].item, percent=round(100 * bank_score))
        elif file_score >= NEAR:
            twins[place] = Twin(row=drafts[fresh[file_at]].row, percent=round(100 * file_score))
    return tuple(twins)


def _find_exact(drafts: Sequence[ItemDraft], existing: Sequence[ExistingItem]) -> Iterator[Twin | None]:
    seen: dict[tuple[str, frozenset[str]], _Entry] = {}
    for one in existing:
        seen.setdefault(_fingerprint(one.content), _Entry(Twin(item=one.item), _answers(one.content)))
    for draft in drafts:
        fingerprint, answers = _fingerprint(draft.content), _answers(draft.content)
        entry = seen.setdefault(fingerprint, _Entry(Twin(row=draft.row), answers))
        if entry.twin.row == draft.row and entry.twin.item is None:
            yield None
        else:
            yield msgspec.structs.replace(entry.twin, same_key=entry.answers == answers)


def _fingerprint(content: ItemContent) -> tuple[str, frozenset[str]]:
    return _asked(content), frozenset(_normalise_option(option.text) for option in content.options)


def _normalise_option(text: str) -> str:
    """Options are often symbols: only width, blanks and a final stop are of no meaning."""
    return "".join(unicodedata.normalize("NFKC", text.translate(_SUPERSCRIPTS)).split()).rstrip("。.;")


def _answers(content: ItemContent) -> frozenset[str]:
    """Return the right answers as text, because the same options may stand in another order."""
    texts = {option.id: _normalise_option(option.text) for option in content.options}
    return frozenset(texts.get(key, key) for key in content.key)


def _find_nearest(
    new: Sequence[str], old: Sequence[str], told: Callable[[int], None], *, earlier_only: bool
) -> list[tuple[float, int]]:
    """Return score and place of the most similar old stem for every new one, (0, −1) below NEAR."""
    nearest: list[tuple[float, int]] = [(0.0, -1)] * len(new)
    for number, (fresh, stored) in enumerate(_find_candidates(new, old, earlier_only=earlier_only)):
        told(min(number * _CHUNK, len(new)))
        scores = process.cpdist(
            [new[place] for place in fresh],
            [old[place] for place in stored],
            scorer=Indel.normalized_similarity,
            score_cutoff=NEAR,
            dtype=np.float64,
        )
        for score, place, other in zip(scores.tolist(), fresh, stored, strict=True):
            if score >= NEAR and score > nearest[place][0]:
                nearest[place] = (score, other)
    return nearest


def _find_candidates(
    new: Sequence[str], old: Sequence[str], *, earlier_only: bool
) -> Iterator[tuple[list[int], list[int]]]:
    """Yield places of pairs that may be near, and all that are.

    One inserted or deleted character changes the length by one and at most one bit of the set of characters, so a
    pair whose lengths or sets differ by more than the allowed distance cannot be near.
    """
    new_order = sorted(range(len(new)), key=lambda place: len(new[place]))
    old_order = np.array(sorted(range(len(old)), key=lambda place: len(old[place])), dtype=np.intp)
    old_lengths = np.array([len(old[place]) for place in old_order], dtype=np.intp)
    old_sets = _hash_sets([old[place] for place in old_order])
    for start in range(0, len(new), _CHUNK):
        band = np.array(new_order[start : start + _CHUNK], dtype=np.intp)
        lengths = np.array([len(new[place]) for place in band], dtype=np.intp)
        low = int(np.searchsorted(old_lengths, lengths[0] * NEAR / (2 - NEAR) - 1))
        high = int(np.searchsorted(old_lengths, lengths[-1] * (2 - NEAR) / NEAR + 1, side="right"))
        allowed = (1 - NEAR) * (lengths[:, np.newaxis] + old_lengths[np.newaxis, low:high]) + _ROUNDING
        possible = _differ(_hash_sets([new[place] for place in band]), old_sets[low:high]) <= allowed
        if earlier_only:
            possible &= old_order[np.newaxis, low:high] < band[:, np.newaxis]
        rows, columns = np.nonzero(possible)
        yield band[rows].tolist(), old_order[low:high][columns].tolist()


def _hash_sets(stems: Sequence[str]) -> Words:
    """Return the set of characters of each stem as 256 bits."""
    sets = np.zeros((len(stems), _WORDS), dtype=np.uint64)
    for row, stem in enumerate(stems):
        bits = 0
        for character in set(stem):
            bits |= 1 << ord(character) % (64 * _WORDS)
        sets[row] = np.frombuffer(bits.to_bytes(8 * _WORDS, "little"), dtype="<u8")
    return sets


def _differ(new: Words, old: Words) -> Counts:
    """Count the bits in which every new set differs from every old one."""
    counts: Counts = np.zeros((len(new), len(old)), dtype=np.uint16)
    for word in range(_WORDS):
        counts += np.bitwise_count(new[:, word, np.newaxis] ^ old[np.newaxis, :, word])
    return counts
