"""Formulas of Word (Office MathML, ECMA-376 part 1 §22.1) as MathML; pure."""

import re
from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Final

from questionbank.formats.markup import Node

_TOKEN: Final = re.compile(r"\d+(?:\.\d+)?|[A-Za-z]+|[^\W\d_]|\s+|.", re.DOTALL)
_WORDS: Final = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff01-\uff5e]+")
_APPLY: Final = "<mo>\u2061</mo>"
_INTEGRALS: Final = "∫∬∭∮∯∰"
_ON: Final = frozenset({"", "1", "on", "true"})


def to_mathml(formula: Node) -> bytes:
    """Return an `oMath` as MathML; an element that is not known gives what stands in it."""
    return f"<math>{_inside(formula)}</math>".encode()


def _inside(node: Node) -> str:
    return "".join(_CONVERTERS.get(part.name, _inside)(part) for part in _elements(node))


def _elements(node: Node) -> Iterable[Node]:
    """Return the elements that hold something to be seen."""
    return [part for part in node.parts if isinstance(part, Node) and not part.name.endswith("pr")]


def _row(node: Node | None) -> str:
    """Return what stands in an argument, as one element."""
    return f"<mrow>{_inside(node)}</mrow>" if node else "<mrow></mrow>"


def _argument(node: Node, name: str = "e") -> str:
    return _row(next(iter(node.children(name)), None))


def _property(node: Node, name: str) -> str | None:
    """Return a value among the properties of an element, empty where it says none, None where it is not there."""
    groups = (part for part in node.parts if isinstance(part, Node) and part.name.endswith("pr"))
    found = [each for group in groups for each in group.children(name)]
    return found[0].attributes.get("val", "") if found else None


def _is_on(node: Node, name: str) -> bool:
    return _property(node, name) in _ON


def _operator(text: str) -> str:
    return f"<mo>{escape(text)}</mo>" if text else ""


def _run(node: Node) -> str:
    text = "".join(each.own_text() for each in node.children("t"))
    if _is_on(node, "nor"):
        return f"<mtext>{escape(text)}</mtext>"
    upright = _property(node, "sty") == "p"
    pieces = (piece for part in re.split(f"({_WORDS.pattern})", text) for piece in _pieces(part))
    return "".join(_token(piece, upright=upright) for piece in pieces)


def _pieces(text: str) -> list[str]:
    return [text] if _WORDS.fullmatch(text) else _TOKEN.findall(text)


def _token(piece: str, *, upright: bool) -> str:
    if piece[0].isdecimal():
        return f"<mn>{piece}</mn>"
    if piece.isspace() or _WORDS.fullmatch(piece):
        return f"<mtext>{piece}</mtext>"
    if not piece[0].isalpha():
        return _operator(piece)
    if not upright:
        return "".join(f"<mi>{letter}</mi>" for letter in piece)
    return f"<mi>{piece}</mi>" if len(piece) > 1 else f'<mi mathvariant="normal">{piece}</mi>'


def _fraction(node: Node) -> str:
    above, below, form = _argument(node, "num"), _argument(node, "den"), _property(node, "type")
    if form == "lin":
        return f"{above}<mo>/</mo>{below}"
    thickness = ' linethickness="0"' if form == "noBar" else ""
    return f"<mfrac{thickness}>{above}{below}</mfrac>"


def _scripts(element: str, *names: str) -> Callable[[Node], str]:
    def convert(node: Node) -> str:
        return f"<{element}>{''.join(_argument(node, name) for name in names)}</{element}>"

    return convert


def _scripts_before(node: Node) -> str:
    base, sub, sup = (_argument(node, name) for name in ("e", "sub", "sup"))
    return f"<mmultiscripts>{base}<mprescripts></mprescripts>{sub}{sup}</mmultiscripts>"


def _root(node: Node) -> str:
    degree = next(iter(node.children("deg")), None)
    if degree is None or _is_on(node, "deghide") or not _inside(degree):
        return f"<msqrt>{_argument(node)}</msqrt>"
    return f"<mroot>{_argument(node)}{_row(degree)}</mroot>"


def _large(node: Node) -> str:
    """Return an n-ary operator with its limits, and what it works on."""
    said, place = _property(node, "chr"), _property(node, "limloc")
    sign = "∫" if said is None else said
    beside = place == "subSup" or (place is None and sign in _INTEGRALS)
    below = "" if _is_on(node, "subhide") else _argument(node, "sub")
    above = "" if _is_on(node, "suphide") else _argument(node, "sup")
    name = {(True, True): "msubsup", (True, False): "msub", (False, True): "msup"} if beside else {}
    element = (name or _LIMITS).get((bool(below), bool(above)), "mrow")
    return f"<{element}>{_operator(sign)}{below}{above}</{element}>{_argument(node)}"


_LIMITS: Final = {(True, True): "munderover", (True, False): "munder", (False, True): "mover"}


def _delimited(node: Node) -> str:
    begin, middle, end = (_property(node, name) for name in ("begchr", "sepchr", "endchr"))
    divider = _operator("|" if middle is None else middle)
    inner = divider.join(_row(each) for each in node.children("e"))
    return f"<mrow>{_fence('(' if begin is None else begin)}{inner}{_fence(')' if end is None else end)}</mrow>"


def _fence(text: str) -> str:
    return f'<mo fence="true">{escape(text)}</mo>' if text else ""


def _function(node: Node) -> str:
    return f"{_argument(node, 'fname')}{_APPLY}{_argument(node)}"


def _accent(node: Node) -> str:
    sign = _property(node, "chr")
    return f'<mover accent="true">{_argument(node)}{_operator("̂" if sign is None else sign)}</mover>'


def _bar(node: Node) -> str:
    element = "mover" if _property(node, "pos") == "top" else "munder"
    return f"<{element}>{_argument(node)}<mo>¯</mo></{element}>"


def _grouped(node: Node) -> str:
    element, sign = "mover" if _property(node, "pos") == "top" else "munder", _property(node, "chr")
    return f"<{element}>{_argument(node)}{_operator('⏟' if sign is None else sign)}</{element}>"


def _phantom(node: Node) -> str:
    hidden = _property(node, "show") not in {None, *_ON}
    return f"<mphantom>{_argument(node)}</mphantom>" if hidden else _argument(node)


def _matrix(node: Node) -> str:
    return _table([line.children("e") for line in node.children("mr")])


def _equations(node: Node) -> str:
    return _table([[each] for each in node.children("e")])


def _table(rows: list[list[Node]]) -> str:
    lines = ("".join(f"<mtd>{_inside(cell)}</mtd>" for cell in row) for row in rows)
    return f"<mtable>{''.join(f'<mtr>{line}</mtr>' for line in lines)}</mtable>"


_CONVERTERS: Final[Mapping[str, Callable[[Node], str]]] = {
    "r": _run,
    "f": _fraction,
    "ssub": _scripts("msub", "e", "sub"),
    "ssup": _scripts("msup", "e", "sup"),
    "ssubsup": _scripts("msubsup", "e", "sub", "sup"),
    "limlow": _scripts("munder", "e", "lim"),
    "limupp": _scripts("mover", "e", "lim"),
    "spre": _scripts_before,
    "rad": _root,
    "nary": _large,
    "d": _delimited,
    "func": _function,
    "acc": _accent,
    "bar": _bar,
    "groupchr": _grouped,
    "phant": _phantom,
    "m": _matrix,
    "eqarr": _equations,
}
