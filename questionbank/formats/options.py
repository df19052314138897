"""Options that a file keeps in one piece of text: `**A.…**B.…`, `A.…##B.…`, one per line, divided by bars."""

import re
from typing import Final

from questionbank.formats.refusals import RowError
from questionbank.items.content import Option

LETTERS: Final = "ABCDEFGHIJ"

_DIVIDER = re.compile(r"\*{2,}|#{2,}")
_LABEL = re.compile(r"\s*([A-JＡ-Ｊ])\s*([.、:：．，,)）]|(?![A-Za-z]))")
_FULL_WIDTH: Final = ord("Ａ") - ord("A")
_BAR = re.compile(r"[|\n]")
_INLINE = re.compile("(?:^|(?<=[\\s\U000f0000-\U000fffff]))(?=[A-JＡ-Ｊ]\\s*[.、:：．)）])")
"""A label begins a line, or follows a blank or a picture (questionbank.formats.enclosing)."""


def split_options(text: str) -> tuple[Option, ...]:
    """Return the options of a text, ids in the order of the file.

    Raises RowError `option_order` when a label that can only be an option's is out of order.
    """
    text = text.strip()
    if not text:
        return ()
    if _DIVIDER.search(text):
        return _join_pieces(_DIVIDER.split(text), loose=text.startswith("*"))
    pieces = [piece for piece in _BAR.split(text) if piece.strip()]
    if len(pieces) == 1:
        pieces = split_inline(text)
    return _join_pieces(pieces, loose=False)


def split_inline(line: str) -> list[str]:
    """Return the labelled pieces of a line such as `A.…  B.…`; a line without labels is one piece."""
    return [piece for piece in _INLINE.split(line) if piece.strip()]


def label_options(texts: list[str]) -> tuple[Option, ...]:
    """Give texts the ids A, B, C … by their place."""
    if len(texts) > len(LETTERS):
        raise RowError("option_count", count=len(texts), least=2, most=len(LETTERS))
    return tuple(Option(letter, text) for letter, text in zip(LETTERS, texts, strict=False))


def ascii_letter(letter: str) -> str:
    """Return the plain form of an option letter that may be full-width."""
    return letter if letter <= "J" else chr(ord(letter) - _FULL_WIDTH)


def _join_pieces(pieces: list[str], *, loose: bool) -> tuple[Option, ...]:
    """Make options of what stands between dividers.

    Some banks were marked by putting ** before every capital A to J, those inside "30m**A" included. Such a mark is no
    label: it is not the next letter and lacks punctuation, or the option before it would be empty. A label without
    punctuation counts only in this style (`loose`).
    """
    if not pieces[0].strip():
        pieces = pieces[1:]
    labels = [_find_label(piece, loose=loose) for piece in pieces]
    texts: list[str] = []
    for piece, label in zip(pieces, labels, strict=True):
        letter, rest, punctuated = label or ("", piece, False)
        if letter == LETTERS[len(texts) : len(texts) + 1] or not any(labels):
            texts.append(rest)
        elif not texts or (punctuated and texts[-1].strip()):
            raise RowError("option_order", excerpt=piece.strip()[:20])
        else:
            texts[-1] += piece
    return label_options(texts)


def _find_label(piece: str, *, loose: bool) -> tuple[str, str, bool] | None:
    """Return letter, the text behind it and whether punctuation divides them."""
    match = _LABEL.match(piece)
    if not match or not (match[2] or loose):
        return None
    return ascii_letter(match[1]), piece[match.end() :], bool(match[2])
