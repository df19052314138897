"""A formula in one line of text, for paper and for whoever reads no MathML: (a + b)/c, x², √(2), lim_(x → 0); pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final
from xml.etree.ElementTree import Element, ParseError, fromstring

from questionbank.interactions.figures import clean_formula

_HTML_SPACE: Final = "&nbsp;"
_POWERS: Final = {"2": "²", "3": "³"}
_SPACED: Final = frozenset("=≠≈<>≤≥→⇒∈±+×÷·")
_WORDLESS: Final = frozenset({"mphantom", "mprescripts"})


def formula_text(data: bytes) -> str:
    """Return MathML as a line of text; what is no MathML as nothing."""
    try:
        root = fromstring(clean_formula(data).replace(_HTML_SPACE, " "))  # noqa: S314  # MathML alone, without entities
    except ParseError:
        return ""
    return " ".join(_told(root).split())


def _told(node: Element) -> str:
    if node.tag in _WORDLESS:
        return ""
    parts = [_told(each) for each in node]
    say = _SAYINGS.get(node.tag)
    if say is None or len(parts) < _LEAST.get(node.tag, 1):
        return "".join(parts) if parts else _leaf(node)
    return say(parts)


def _leaf(node: Element) -> str:
    text = (node.text or "").strip()
    if node.tag == "mspace":
        return " "
    return f" {text} " if node.tag == "mo" and text in _SPACED else text


def _whole(text: str) -> str:
    """Return a part that others join to: in brackets unless it is one word or number, or has brackets of its own."""
    text = text.strip()
    return text if text.replace(".", "").isalnum() or len(text) == 1 else f"({text})"


def _power(parts: Sequence[str]) -> str:
    base, over = parts[0], parts[1].strip()
    return _whole(base) + (_POWERS.get(over) or f"^{_whole(over)}")


def _index(parts: Sequence[str]) -> str:
    return f"{_whole(parts[0])}_{_whole(parts[1])}"


def _both(parts: Sequence[str]) -> str:
    return f"{_index(parts)}^{_whole(parts[2])}"


def _row(parts: Sequence[str]) -> str:
    return ", ".join(parts)


_SAYINGS: Final[Mapping[str, Callable[[Sequence[str]], str]]] = {
    "mfrac": lambda parts: f"{_whole(parts[0])}/{_whole(parts[1])}",
    "msqrt": lambda parts: f"√{_whole(''.join(parts))}",
    "mroot": lambda parts: f"{_whole(parts[1])}√{_whole(parts[0])}",
    "msup": _power,
    "mover": _power,
    "msub": _index,
    "munder": _index,
    "msubsup": _both,
    "munderover": _both,
    "mtr": _row,
    "mtable": lambda parts: f"[{'; '.join(parts)}]",
}
_LEAST: Final = {
    **dict.fromkeys(("mfrac", "mroot", "msup", "mover", "msub", "munder"), 2),
    **dict.fromkeys(("msubsup", "munderover"), 3),
}
"""How many parts each needs to be said as it is meant; with fewer its parts are joined."""
