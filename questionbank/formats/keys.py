"""The key of an item, from any notation of the field to option ids, T or F."""

import re
import unicodedata
from typing import Final

from questionbank.formats.options import LETTERS
from questionbank.formats.refusals import RowError
from questionbank.formats.words import find_truth, fold
from questionbank.items.content import Option

_KEY_SEPARATORS = re.compile(r"[\s,、;/|.。]+")
_VARIANT_SEPARATORS = re.compile(r"[|;；]")
_EXCERPT: Final = 40


def find_letters(key: str, options: tuple[Option, ...]) -> tuple[str, ...] | None:
    """Return the option ids of "A", "ABD", "A,B" or "A、C", or of an option quoted in full; None if it is neither."""
    letters = _KEY_SEPARATORS.sub("", unicodedata.normalize("NFKC", key)).upper()
    if letters and set(letters) <= set(LETTERS) and len(set(letters)) == len(letters):
        return tuple(sorted(letters))
    quoted = tuple(option.id for option in options if option.text == key.strip())
    return quoted or None


def require_letters(key: str, options: tuple[Option, ...]) -> tuple[str, ...]:
    """Return option ids, each of an option that exists."""
    if not key.strip():
        raise RowError("key_missing")
    letters = find_letters(key, options)
    if letters is None:
        raise RowError("key_unclear", key=key.strip()[:_EXCERPT])
    return letters


def check_ids(ids: tuple[str, ...], options: tuple[Option, ...], name: str, *, several: bool) -> tuple[str, ...]:
    """Return the ids in option order if they exist and are one, or `several`; `name` is the interaction's."""
    if not ids:
        raise RowError("key_missing")
    known = {option.id for option in options}
    missing = "".join(sorted(set(ids) - known))
    if missing:
        raise RowError("key_without_option", key=missing[:_EXCERPT])
    if (len(set(ids)) > 1) != several:
        raise RowError("key_count", kind=name, count=len(set(ids)))
    return tuple(sorted(set(ids)))


def require_truth(key: str, options: tuple[Option, ...]) -> str:
    """Return "T" or "F"; a letter counts only through its option, because A alone does not say what it stands for."""
    if not key.strip():
        raise RowError("key_missing")
    by_id = {option.id: find_truth(option.text) for option in options}
    if options and set(by_id.values()) != {"T", "F"}:
        raise RowError("judgement_options")
    truth = by_id.get(fold(key).upper()) or find_truth(key)
    if truth is None:
        raise RowError("key_unclear", key=key.strip()[:_EXCERPT])
    return truth


def split_variants(key: str) -> tuple[str, ...]:
    """Return the accepted answers of a text entry, divided by bars or semicolons."""
    variants = tuple(dict.fromkeys(part.strip() for part in _VARIANT_SEPARATORS.split(key) if part.strip()))
    if not variants:
        raise RowError("key_missing")
    return variants
