"""Pictures and formulas of Word documents: only files that a relationship of the document names, and none from outside."""

import posixpath
from functools import partial
from typing import Final
from urllib.parse import unquote

from exam.core.sheets.archive import member_reader
from questionbank.formats.enclosing import Enclosures
from questionbank.formats.markup import Node, parse_xml
from questionbank.formats.media import DRAWING, EXTERNAL, OLE, load, picture, refused
from questionbank.formats.omml import to_mathml
from questionbank.formats.reading import Enclosed
from questionbank.formats.refusals import RowError
from questionbank.items.content import FigureKind

FIGURES: Final = frozenset({"drawing", "pict", "object", "omath", "omathpara"})
_FOLDER: Final = "word"
_RELATIONS: Final = "word/_rels/document.xml.rels"
_DRAWN: Final = {"chart": "Chart", "relids": "SmartArt", "txbxcontent": "TextBox"}


class DocxFigures:
    """The figures of one document, which hold their places in its text."""

    def __init__(self, data: bytes, names: tuple[str, ...]) -> None:
        self.enclosures = Enclosures()
        self._read, self._names = member_reader(data), frozenset(names)
        relations = parse_xml(self._read(_RELATIONS)).children("relationship") if _RELATIONS in names else []
        self._targets = {each.attributes.get("id", ""): each.attributes for each in relations}

    def stand_for(self, node: Node) -> str:
        """Return the characters that stand for an element of FIGURES: one for each picture in it."""
        if node.name in {"omath", "omathpara"}:
            formulas = [node] if node.name == "omath" else node.descendants("omath")
            return "".join(self.enclosures.hold(partial(_formula, each)) for each in formulas)
        pictures = (
            [] if node.name == "object" or node.descendants("txbxcontent") else node.descendants("blip", "imagedata")
        )
        if not pictures:
            return self.enclosures.hold(partial(_refuse, node))
        words = _words(node)
        return "".join(self.enclosures.hold(partial(self._picture, each, words)) for each in pictures)

    def _picture(self, node: Node, words: str) -> Enclosed:
        names = (node.attributes.get(name, "") for name in ("embed", "link", "id"))
        target = self._targets.get(next(filter(None, names), ""))
        if target is None:
            raise RowError("figure_absent", name=node.name)
        if target.get("targetmode", "").lower() == "external":
            raise refused(EXTERNAL, target.get("target", "").partition("?")[0])
        return picture(load(target.get("target", ""), self._fetch), words)

    def _fetch(self, target: str) -> bytes:
        """Return a part of the archive by its address in a relationship of the document (ECMA-376 part 2 §9.3)."""
        path = posixpath.normpath(posixpath.join("/" + _FOLDER, unquote(target))).lstrip("/")
        return self._read(path) if path in self._names else b""


def _formula(node: Node) -> Enclosed:
    return Enclosed(FigureKind.FORMULA, to_mathml(node))


def _words(node: Node) -> str:
    """Return what the author says of a picture."""
    said = [each.attributes.get(name, "") for each in node.descendants("docpr", "shape") for name in ("descr", "alt")]
    return next(filter(None, said), "")


def _refuse(node: Node) -> Enclosed:
    programs = [each.attributes.get("progid", "") for each in node.descendants("oleobject")]
    if node.name == "object" or programs:
        raise refused(OLE, next(filter(None, programs), "OLE"))
    raise refused(DRAWING, next((word for name, word in _DRAWN.items() if node.descendants(name)), "Shape"))
