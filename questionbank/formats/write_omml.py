"""MathML as formulas of Word (Office MathML, ECMA-376 part 1 §22.1): the way back of questionbank.formats.omml; pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from lxml import etree  # type: ignore[import-untyped]

from questionbank.formats.errors import ForbiddenXmlError, MalformedXmlError
from questionbank.formats.markup import Node, parse_xml
from questionbank.interactions.figures import clean_formula

OMML: Final = "http://schemas.openxmlformats.org/officeDocument/2006/math"
_SPACE: Final = "{http://www.w3.org/XML/1998/namespace}space"
_NO_BREAK: Final = ("&nbsp;", "\u00a0")
_APPLY: Final = "\u2061"
_INVISIBLE: Final = frozenset("\u2061\u2062\u2063\u2064")
_LARGE: Final = frozenset("∑∏∐⋃⋂⋁⋀⨀⨁⨂∫∬∭∮∯∰")
_BRACKETS: Final = frozenset("()[]{}|‖")
_BAR: Final = "¯"
_ACCENTS: Final = {
    "^": "\u0302",
    "~": "\u0303",
    "→": "\u20d7",
    "˙": "\u0307",
    "¨": "\u0308",
    "ˇ": "\u030c",
    "˘": "\u0306",
}
"""What Word sets over a letter, by the sign that stands there in MathML."""
_UPRIGHT, _WORDS = ("sty", "p"), ("nor", "")
_THIN, _WIDE, _WIDE_EM = "\u2009", "\u2003", 0.5


class _NoCounterpartError(Exception):
    """Word has nothing that would say the same."""


def to_omml(mathml: bytes) -> etree._Element | None:
    """Return a formula as an `oMath`; None where Word has no counterpart of something in it."""
    formula = etree.Element(f"{{{OMML}}}oMath", nsmap={"m": OMML})
    try:
        root = parse_xml(clean_formula(mathml).replace(*_NO_BREAK).encode())
        _fill(formula, _elements(root))
    except (_NoCounterpartError, MalformedXmlError, ForbiddenXmlError):
        return None
    return formula


def _elements(node: Node) -> list[Node]:
    return [part for part in node.parts if isinstance(part, Node)]


def _add(parent: etree._Element, name: str, val: str | None = None) -> etree._Element:
    return etree.SubElement(parent, f"{{{OMML}}}{name}", {} if val is None else {f"{{{OMML}}}val": val})


def _made(parent: etree._Element, name: str, **properties: str) -> etree._Element:
    """Append an element with its properties in the order of the schema."""
    element = _add(parent, name)
    if properties:
        group = _add(element, f"{name}Pr")
        for key, value in properties.items():
            _add(group, key, value)
    return element


def _fill(parent: etree._Element, nodes: Sequence[Node]) -> None:
    """Append a row of elements, of which some belong together in Word."""
    at = 0
    while at < len(nodes):
        one, *more = nodes[at : at + 3]
        if len(more) > 1 and _sign(more[0]) == _APPLY:
            function = _add(parent, "func")
            _argument(function, "fName", one)
            _argument(function, "e", more[1])
            at += 3
        elif len(more) > 1 and more[0].name == "mtable" and {_sign(one), _sign(more[1])} <= _BRACKETS:
            _delimited(parent, _sign(one), [more[0]], _sign(more[1]))
            at += 3
        elif more and _limits(one):
            _large(parent, one, more[0])
            at += 2
        else:
            _one(parent, one)
            at += 1


def _one(parent: etree._Element, node: Node) -> None:
    inner = _elements(node)
    if node.name in _TOKENS:
        _TOKENS[node.name](parent, node)
    elif node.name in {"mrow", "mstyle", "mpadded", "merror"}:
        _row(parent, node)
    elif node.name in {"munder", "mover"} and len(inner) == 2:  # noqa: PLR2004
        _over_or_under(parent, node, *inner)
    elif node.name in _WRITERS and len(inner) == _PARTS.get(node.name, len(inner)):
        _WRITERS[node.name](parent, inner)
    elif node.name == "mfrac" and len(inner) == 2:  # noqa: PLR2004
        _fraction(parent, node, *inner)
    else:
        raise _NoCounterpartError


def _argument(parent: etree._Element, name: str, node: Node) -> None:
    """Append an argument; a row of MathML in its place is the argument itself."""
    plain = node.name == "mrow" and _fences(node) is None
    _fill(_add(parent, name), _elements(node) if plain else [node])


def _sign(node: Node) -> str:
    return node.own_text().strip() if node.name == "mo" else ""


def _run(parent: etree._Element, text: str, style: tuple[str, str] | None = None) -> None:
    if text:
        run = _add(parent, "r")
        if style:
            _add(_add(run, "rPr"), style[0], style[1] or None)
        written = _add(run, "t")
        written.text = text
        written.set(_SPACE, "preserve")


def _identifier(parent: etree._Element, node: Node) -> None:
    text = node.own_text().strip()
    upright = len(text) > 1 or node.attributes.get("mathvariant") == "normal"
    _run(parent, text, _UPRIGHT if upright else None)


def _operator(parent: etree._Element, node: Node) -> None:
    text = _sign(node)
    if text not in _INVISIBLE:
        _run(parent, text, _UPRIGHT if len(text) > 1 else None)


def _space(parent: etree._Element, node: Node) -> None:
    width = node.attributes.get("width", "").removesuffix("em")
    wide = float(width) if width.replace(".", "", 1).isdecimal() else 0
    if wide:
        _run(parent, _WIDE if wide >= _WIDE_EM else _THIN, _WORDS)


def _row(parent: etree._Element, node: Node) -> None:
    fences = _fences(node)
    if fences is None:
        _fill(parent, _elements(node))
        return
    begin, end = fences
    inner = _elements(node)
    _delimited(parent, begin or "", inner[begin is not None : len(inner) - (end is not None)], end or "")


def _fences(node: Node) -> tuple[str | None, str | None] | None:
    """Return the signs that enclose a row, None for a side without one; None altogether where neither has one."""
    inner = _elements(node)
    if node.name != "mrow" or len(inner) < 2:  # noqa: PLR2004
        return None
    begin, end = (_sign(each) if each.attributes.get("fence") == "true" else None for each in (inner[0], inner[-1]))
    return None if begin is None and end is None else (begin, end)


def _delimited(parent: etree._Element, begin: str, inner: Sequence[Node], end: str) -> None:
    dividers = {_sign(each) for each in inner[1::2]}
    several = len(inner) % 2 == 1 and len(dividers) == 1 and all(each.name == "mrow" for each in inner[::2])
    if several and "" not in dividers:
        enclosed = _made(parent, "d", begChr=begin, sepChr=dividers.pop(), endChr=end)
        for each in inner[::2]:
            _argument(enclosed, "e", each)
        return
    enclosed = _made(parent, "d", begChr=begin, endChr=end)
    if len(inner) == 1:
        _argument(enclosed, "e", inner[0])
    else:
        _fill(_add(enclosed, "e"), inner)


def _limits(node: Node) -> Sequence[str]:
    """Return the limits that a large operator such as a sum has, by their names in Word; none of another element."""
    inner = _elements(node)
    names = _LIMITS.get(node.name, ())
    return names if len(inner) == len(names) + 1 and _sign(inner[0]) in _LARGE else ()


def _large(parent: etree._Element, node: Node, over: Node) -> None:
    sign, *limits = _elements(node)
    given = dict(zip(_limits(node), limits, strict=True))
    hidden = {f"{name}Hide": "1" for name in ("sub", "sup") if name not in given}
    place = "undOvr" if node.name.startswith(("mu", "mo")) else "subSup"
    large = _made(parent, "nary", chr=_sign(sign), limLoc=place, **hidden)
    for name in ("sub", "sup"):
        if name in given:
            _argument(large, name, given[name])
        else:
            _add(large, name)
    _argument(large, "e", over)


def _over_or_under(parent: etree._Element, node: Node, base: Node, script: Node) -> None:
    above, sign = node.name == "mover", _sign(script)
    if above and sign and (node.attributes.get("accent") == "true" or sign in _ACCENTS):
        _argument(_made(parent, "acc", chr=_ACCENTS.get(sign, sign)), "e", base)
    elif sign == _BAR:
        _argument(_made(parent, "bar", pos="top" if above else "bot"), "e", base)
    elif len(sign) == 1:
        side = {"pos": "top", "vertJc": "bot"} if above else {"pos": "bot", "vertJc": "top"}
        _argument(_made(parent, "groupChr", chr=sign, **side), "e", base)
    else:
        _limit(parent, "limUpp" if above else "limLow", base, script)


def _limit(parent: etree._Element, name: str, base: Node, script: Node) -> None:
    element = _add(parent, name)
    _argument(element, "e", base)
    _argument(element, "lim", script)


def _under_and_over(parent: etree._Element, inner: Sequence[Node]) -> None:
    base, under, over = inner
    element = _add(parent, "limUpp")
    _limit(_add(element, "e"), "limLow", base, under)
    _argument(element, "lim", over)


def _fraction(parent: etree._Element, node: Node, above: Node, below: Node) -> None:
    barless = node.attributes.get("linethickness", "").rstrip("emptx") in {"0", "0."}
    fraction = _made(parent, "f", **({"type": "noBar"} if barless else {}))
    _argument(fraction, "num", above)
    _argument(fraction, "den", below)


def _scripts(element: str, *names: str) -> Callable[[etree._Element, Sequence[Node]], None]:
    def write(parent: etree._Element, inner: Sequence[Node]) -> None:
        made = _add(parent, element)
        for name, node in zip(names, inner, strict=True):
            _argument(made, name, node)

    return write


def _scripts_before(parent: etree._Element, inner: Sequence[Node]) -> None:
    if inner[1].name != "mprescripts":
        raise _NoCounterpartError
    element = _add(parent, "sPre")
    for name, node in zip(("sub", "sup", "e"), (*inner[2:], inner[0]), strict=True):
        _argument(element, name, node)


def _square_root(parent: etree._Element, inner: Sequence[Node]) -> None:
    root = _made(parent, "rad", degHide="1")
    _add(root, "deg")
    if len(inner) == 1:
        _argument(root, "e", inner[0])
    else:
        _fill(_add(root, "e"), inner)


def _root(parent: etree._Element, inner: Sequence[Node]) -> None:
    root = _add(parent, "rad")
    _argument(root, "deg", inner[1])
    _argument(root, "e", inner[0])


def _phantom(parent: etree._Element, inner: Sequence[Node]) -> None:
    _fill(_add(_made(parent, "phant", show="0"), "e"), inner)


def _matrix(parent: etree._Element, rows: Sequence[Node]) -> None:
    matrix = _add(parent, "m")
    for row in rows:
        cells = _elements(row)
        if row.name != "mtr" or any(cell.name != "mtd" or cell.attributes for cell in cells):
            raise _NoCounterpartError
        line = _add(matrix, "mr")
        for cell in cells:
            _fill(_add(line, "e"), _elements(cell))


_TOKENS: Final[Mapping[str, Callable[[etree._Element, Node], None]]] = {
    "mi": _identifier,
    "mn": lambda parent, node: _run(parent, node.own_text().strip()),
    "mo": _operator,
    "mtext": lambda parent, node: _run(parent, node.own_text(), _WORDS),
    "ms": lambda parent, node: _run(parent, node.own_text(), _WORDS),
    "mspace": _space,
}
_WRITERS: Final[Mapping[str, Callable[[etree._Element, Sequence[Node]], None]]] = {
    "msub": _scripts("sSub", "e", "sub"),
    "msup": _scripts("sSup", "e", "sup"),
    "msubsup": _scripts("sSubSup", "e", "sub", "sup"),
    "munderover": _under_and_over,
    "mmultiscripts": _scripts_before,
    "msqrt": _square_root,
    "mroot": _root,
    "mphantom": _phantom,
    "mtable": _matrix,
}
_PARTS: Final = {"msub": 2, "msup": 2, "msubsup": 3, "munderover": 3, "mmultiscripts": 4, "mroot": 2}
_LIMITS: Final = {
    **dict.fromkeys(("msub", "munder"), ("sub",)),
    **dict.fromkeys(("msup", "mover"), ("sup",)),
    **dict.fromkeys(("msubsup", "munderover"), ("sub", "sup")),
}
