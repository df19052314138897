"""Formulas of TeX as MathML; pure.

A converter that meets a word it does not know goes on without it. So what it gives is looked through: a formula that
would lose a sign, a letter or its look is none here, and stays in the text as it is written.
"""

import re
import unicodedata
from collections import Counter
from functools import lru_cache
from html import escape
from typing import Final
from xml.etree.ElementTree import Element

from latex2mathml.commands import LOCAL_FONTS, MATH_NON_FONT_COMMANDS
from latex2mathml.converter import convert_to_element

from questionbank.interactions.figures import MATHML, MATHML_ATTRIBUTES

_NEVER: Final = re.compile(
    r"(?<!\\)%"  # a comment, which would go
    r"|&\#|__"
    r"|\\(?:(?:re)?newcommand|providecommand|newenvironment|[egx]?def|let|DeclareMathOperator)(?![A-Za-z])"
    r"|\\(?:text[a-z]*|mbox|hbox)\s*\{[^{}]*[\\~$]"
)
_ENVIRONMENT: Final = re.compile(r"\\begin\s*\{([^}]*)\}")
_ENVIRONMENTS: Final = frozenset(
    {*(f"{fence}matrix" for fence in ("", "p", "b", "B", "v", "V", "small")), "cases", "array", "align*", "split"}
)
_FONT: Final = re.compile(r"\\math[a-z]+")
_FONTS: Final = frozenset({*LOCAL_FONTS, *MATH_NON_FONT_COMMANDS})
_UPRIGHT: Final = re.compile(r"\\mathrm\s*\{(?=[A-Za-z]\})")
_WORDLESS: Final = re.compile(r"\\begin\s*\{array\}\s*\{[lcr\s]*\}|\\(?:begin|end)\s*\{[^}]*\}|\\[A-Za-z]+")
_CODE: Final = re.compile(r"&#x([0-9A-Fa-f]{1,6});")
_MEASURE: Final = re.compile(r"([-−]?)(\d*\.?\d+)([a-z]*)")
_IDEOGRAPH: Final = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff01-\uff5e]")

_LOOK: Final = frozenset(
    {*("display", "xmlns", "scriptlevel", "displaystyle", "columnalign", "columnspacing", "rowspacing", "minsize")}
    | {*("maxsize", "lspace", "rspace", "voffset", "height", "depth", "width", "accent", "fence", "stretchy")}
)
"""Attributes without which a formula says the same."""
_TOKENS: Final = frozenset({"mi", "mn", "mo", "mtext", "mspace"})
_PARTS: Final = {
    **dict.fromkeys(("mfrac", "mroot", "msub", "msup", "munder", "mover"), 2),
    **dict.fromkeys(("msubsup", "munderover"), 3),
}
_DEPTH: Final = 30
_LETTERLIKE: Final = "∞∂∇∅"
_BARS: Final = str.maketrans({"―": "¯"})
_APPLYING: Final = "\u2061\u2062\u2063\u2064"


class _LossError(Exception):
    """A formula would not be the same in MathML."""


@lru_cache(maxsize=1024)
def to_mathml(tex: str, *, block: bool = False) -> bytes:
    """Return a formula of TeX as MathML, empty where something of it would be lost."""
    tex = _UPRIGHT.sub(r"\\mathrm{ ", tex.replace("{aligned}", "{split}"))
    if not _is_plain(tex):
        return b""
    try:
        root = convert_to_element(tex, display="block" if block else "inline")
        inside = "".join(_written(each) for row in root for each in row)
    except Exception:  # noqa: BLE001  # a converter that a hostile text can break in any way
        return b""
    if _letters(_WORDLESS.sub(" ", tex)) - _letters("".join(map(_shown, root.iter()))):
        return b""
    display = ' display="block"' if block else ""
    return f"<math{display}>{inside}</math>".encode() if inside else b""


def _is_plain(tex: str) -> bool:
    """Tell a formula without anything that the converter passes over in silence."""
    known = set(_ENVIRONMENT.findall(tex)) <= _ENVIRONMENTS and set(_FONT.findall(tex)) <= _FONTS
    braces = "".join(each for each in re.sub(r"\\.", "", tex, flags=re.DOTALL) if each in "{}")
    while "{}" in braces:
        braces = braces.replace("{}", "")
    return known and not braces and not _NEVER.search(tex)


def _letters(text: str) -> Counter[str]:
    return Counter(each for each in unicodedata.normalize("NFKC", text) if each.isalnum())


def _shown(node: Element) -> str:
    """Return the characters of an element, which the converter writes as references."""
    return _CODE.sub(lambda found: chr(int(found[1], 16)), node.text or "")


def _written(node: Element, depth: int = 0) -> str:
    """Return an element as text; raises _LossError at one that the sanitiser would change, or too deep for a file."""
    inner, text = [_written(each, depth + 1) for each in node], _shown(node)
    if (
        node.tag not in MATHML
        or depth > _DEPTH
        or (inner and node.tag in _TOKENS)
        or (text and node.tag not in _TOKENS)
        or len(inner) != _PARTS.get(node.tag, len(inner))
        or any(unicodedata.category(each)[0] == "C" and each not in _APPLYING for each in text)
    ):
        raise _LossError
    attributes = "".join(_attribute(node.tag, *pair) for pair in node.attrib.items())
    if node.tag in {"mi", "mn"}:
        return _token(text, attributes)
    return f"<{node.tag}{attributes}>{escape(text.translate(_BARS), quote=False)}{''.join(inner)}</{node.tag}>"


def _attribute(tag: str, name: str, value: str) -> str:
    if name == "mathvariant":
        if value not in {"normal", "italic"}:
            raise _LossError
        return ' mathvariant="normal"' if tag == "mi" and value == "normal" else ""
    if name in MATHML_ATTRIBUTES.get(tag, ()):
        return f' {name}="{escape(value)}"'
    overlaid = tag == "mpadded" and (value.lstrip("+-") in {"0", "0px"} or (name == "lspace" and value[:1] == "-"))
    if name not in _LOOK or overlaid:
        raise _LossError
    return ""


def _token(text: str, attributes: str) -> str:
    """Return a number, a letter or a sign as what it is: the converter takes -5cm for one letter, and ± for another."""
    if "\\" in text or text == "&":
        raise _LossError
    if found := _MEASURE.fullmatch(text):
        sign, number, unit = found.groups()
        letters = "".join(f"<mi>{letter}</mi>" for letter in unit)
        whole = f"{f'<mo>{sign}</mo>' * bool(sign)}<mn>{number}</mn>{letters}"
        return f"<mrow>{whole}</mrow>" if sign or unit else whole
    if _IDEOGRAPH.fullmatch(text):
        return f"<mtext>{text}</mtext>"
    alone = len(text) == 1 and text not in _LETTERLIKE
    name = "mo" if alone and (unicodedata.category(text) == "Sm" or text in ":;!?") else "mi"
    return f"<{name}{attributes}>{escape(text, quote=False)}</{name}>"
