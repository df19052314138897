"""Where formulas of TeX stand in the texts of question files; pure."""

import re
from collections.abc import Callable
from typing import Final

_INSIDE: Final = r"((?:[^\\$]|\\[^()\[\]]){1,2000}?)"
_BETWEEN: Final = r"((?:[^\\]|\\[^()\[\]]){1,2000}?)"
FORMULA: Final = re.compile(
    rf"(?<!\\)\\\({_BETWEEN}\\\)|(?<!\\)\\\[{_BETWEEN}\\\]|(?<![\\$])\$\${_INSIDE}\$\$(?!\$)", re.DOTALL
)
"""A formula between the signs of Moodle's TeX filters: the first is in the line, the others are on lines of their own."""
AS_TYPED: Final = "按原文"
"""What a table says of a row whose author typed such signs as text."""
_SIGNS: Final = re.compile(r"\\(?=[(\[])|\$(?=\$)")
_WORDED: Final = re.compile(r"\\(?:text[a-z]*|mbox|hbox|mathrm|operatorname\*?)\s*\{[^{}]*\}|\\[A-Za-z]+")
_PROSE: Final = re.compile(r"[A-Za-z]{3,}\s|\s[A-Za-z]{3,}")
"""Words between two prices in dollars."""
_EMBEDDED: Final = re.compile(r"\{\d*:[A-Za-z_]+:")
"""A question of Moodle in the midst of a formula."""


def replace_formulas(text: str, put: Callable[[re.Match[str]], str]) -> str:
    """Return a text with what `put` gives for each of its formulas; prices in dollars are none, nor what holds a question."""
    return FORMULA.sub(lambda found: put(found) if _is_whole(found) else found[0], text)


def has_formulas(text: str) -> bool:
    """Tell a text in which formulas stand as TeX."""
    return any(map(_is_whole, FORMULA.finditer(text)))


def _is_whole(found: re.Match[str]) -> bool:
    return not (_EMBEDDED.search(found[0]) or _PROSE.search(_WORDED.sub("", found[3] or "")))


def without_formulas(html: str) -> str:
    """Return HTML that shows the same and in which no filter finds a formula: an element divides its signs."""
    return _SIGNS.sub(r"\g<0><span></span>", html)
