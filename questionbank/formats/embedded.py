"""Figures in the elements of HTML and QTI: pictures, recordings and MathML hold their places in the text around them."""

from collections.abc import Callable, Hashable, Mapping
from functools import partial
from html import escape
from typing import Final

import msgspec

from questionbank.formats.enclosing import Enclosures
from questionbank.formats.markup import Node
from questionbank.formats.media import FRAME, OLE, VECTOR, VIDEO, Fetch, load, picture, recording, refused
from questionbank.formats.reading import Enclosed
from questionbank.formats.refusals import RowError
from questionbank.interactions.figures import MATHML
from questionbank.items.content import FigureKind

_FORMULA_WORD: Final = "公式的写法"
_ANNOTATIONS: Final = frozenset({"annotation", "annotationxml"})
"""The same formula in another notation, which would be read as part of it."""
_PASSED: Final = frozenset({"semantics", "none"})


def hold_figures(node: Node, enclosures: Enclosures, fetch: Fetch, where: Hashable) -> None:
    """Put characters of `enclosures` where figures stand below a node, which is changed by it.

    The picture that an interaction itself is asked of, directly in it, stays. Elements that say the same are one figure where
    `where` is the same: what `fetch` knows.
    """
    asked_of = node.name.endswith("interaction")
    for at, part in enumerate(node.parts):
        if isinstance(part, str):
            continue
        enclose = _refuse_script if _acts(part) else _LOADS.get(part.name)
        if enclose is None:
            hold_figures(part, enclosures, fetch, where)
        elif not (asked_of and part.name in {"img", "object"}):
            node.parts[at] = enclosures.hold(partial(enclose, part, fetch), (where, msgspec.msgpack.encode(part)))


def find_picture(node: Node, fetch: Fetch) -> bytes:
    """Return the picture that an interaction is asked of, empty where it has none; raises RowError as `load`."""
    for part in (*node.children("object"), *node.children("img")):
        return picture(load(part.attributes.get("data") or part.attributes.get("src", ""), fetch)).data
    return b""


def _words(node: Node) -> str:
    said = (node.attributes.get(name, "") for name in ("alt", "arialabel", "title"))
    return next(filter(None, said), "") or " ".join(node.text().split())


def _image(node: Node, fetch: Fetch) -> Enclosed:
    return picture(load(node.attributes.get("src", ""), fetch), _words(node))


def _audio(node: Node, fetch: Fetch) -> Enclosed:
    sources = [node, *node.children("source")]
    address = next(filter(None, (each.attributes.get("src", "") for each in sources)), "")
    return recording(load(address, fetch), _words(node))


def _object(node: Node, fetch: Fetch) -> Enclosed:
    kind = node.attributes.get("type", "").lower()
    if kind.startswith("video/"):
        raise refused(VIDEO, kind)
    if kind and not kind.startswith(("image/", "audio/")):
        raise refused(OLE, kind)
    enclose = recording if kind.startswith("audio/") else picture
    return enclose(load(node.attributes.get("data", ""), fetch), _words(node))


def _refuse(what: str) -> Callable[[Node, Fetch], Enclosed]:
    def enclose(node: Node, fetch: Fetch) -> Enclosed:
        del fetch
        raise refused(what, node.name)

    return enclose


def _acts(node: Node) -> bool:
    return node.name == "script" or any(name.startswith("on") for name in node.attributes)


def _refuse_script(node: Node, fetch: Fetch) -> Enclosed:
    del fetch
    handlers = (name for name in node.attributes if name.startswith("on"))
    raise RowError("script", name=next(handlers, node.name)[:20])


def _formula(node: Node, fetch: Fetch) -> Enclosed:
    del fetch
    return Enclosed(FigureKind.FORMULA, _mathml(node).encode(), node.attributes.get("alttext", ""))


def _mathml(node: Node) -> str:
    """Return an element of MathML as text; raises RowError `figure_kind` at one whose meaning would be lost."""
    if node.name in _ANNOTATIONS:
        return ""
    inner = [escape(part, quote=False) if isinstance(part, str) else _mathml(part) for part in node.parts]
    if node.name == "mfenced":
        return _fenced(node, [part for part, text in zip(inner, node.parts, strict=True) if isinstance(text, Node)])
    if node.name not in MATHML | _PASSED:
        raise refused(_FORMULA_WORD, node.name)
    name = "mrow" if node.name in _PASSED else node.name
    attributes = "".join(f' {key}="{escape(value)}"' for key, value in node.attributes.items())
    return f"<{name}{attributes}>{''.join(inner)}</{name}>"


def _fenced(node: Node, inner: list[str]) -> str:
    """Return what `mfenced` of MathML 2 stands for (MathML 3 §3.3.8)."""
    said = node.attributes
    begin, end, dividers = said.get("open", "("), said.get("close", ")"), said.get("separators", ",").split() or [""]
    joined = "".join(
        _operator(dividers[min(at - 1, len(dividers) - 1)]) * bool(at) + part for at, part in enumerate(inner)
    )
    return f"<mrow>{_operator(begin)}{joined}{_operator(end)}</mrow>"


def _operator(text: str) -> str:
    return f"<mo>{escape(text)}</mo>" if text else ""


_LOADS: Final[Mapping[str, Callable[[Node, Fetch], Enclosed]]] = {
    "img": _image,
    "object": _object,
    "audio": _audio,
    "math": _formula,
    "video": _refuse(VIDEO),
    "svg": _refuse(VECTOR),
    "iframe": _refuse(FRAME),
    "embed": _refuse(FRAME),
    "applet": _refuse(FRAME),
}
