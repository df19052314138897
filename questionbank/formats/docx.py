"""Word documents (ECMA-376): paragraphs with the numbers that Word makes, and tables under headings; their figures stay.

Word keeps the number of a list's paragraph apart from its text; an author sees one and the file has none. So the
numbering part is read as well, and the label is put back in front of the text.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from exam.core.sheets.archive import read_member
from exam.core.sheets.reader import Sheet
from questionbank.formats.docx_figures import FIGURES, DocxFigures
from questionbank.formats.docx_tables import find_keys, find_paper
from questionbank.formats.headings import find_headings
from questionbank.formats.markup import Node, parse_xml
from questionbank.formats.numbered import Line, is_asked, read_numbered
from questionbank.formats.reading import Reading, join_readings
from questionbank.formats.tables import read_tables

DIALECT: Final = "docx"
DOCUMENT: Final = "word/document.xml"
NUMBERING: Final = "word/numbering.xml"

_BLANK: Final = "____"
_LEFT_OUT: Final = frozenset({"fallback", "rpr", "ppr", "deltext", "instrtext", "txbxcontent"})
_CHINESE: Final = "一二三四五六七八九十"
_SYMBOLS: Final = {"F0FC": "√", "F0FB": "×", "F050": "√", "F04F": "×", "F052": "√", "F0FE": "√", "F0FD": "×"}
"""Ticks and crosses of the symbol fonts that Word offers, by the code in the private-use area."""


class _Level(msgspec.Struct, frozen=True):
    """How one level of a list counts."""

    form: str
    start: int


class _Lists:
    """The document's lists and where each has got to."""

    def __init__(self, part: Node | None) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}
        self._counts: dict[tuple[str, int], int] = {}
        if part is None:
            return
        abstract = {one.attributes.get("abstractnumid", ""): _read_levels(one) for one in part.children("abstractnum")}
        for number in part.children("num"):
            meant = _value(number, "abstractnumid")
            self._levels[number.attributes.get("numid", "")] = abstract.get(meant, {})

    def label(self, paragraph: Node) -> str:
        """Count a paragraph of a list and return what Word would show before it; empty where it is none."""
        properties = [inner for outer in paragraph.children("ppr") for inner in outer.children("numpr")]
        if not properties:
            return ""
        number, depth = _value(properties[0], "numid"), int(_value(properties[0], "ilvl") or 0)
        level = self._levels.get(number, {}).get(depth)
        if level is None:
            return ""
        count = self._counts.get((number, depth), level.start - 1) + 1
        self._counts = {key: value for key, value in self._counts.items() if key[0] != number or key[1] <= depth}
        self._counts[number, depth] = count
        return _label(level.form, count)


def read_docx(data: bytes, names: tuple[str, ...]) -> Reading:
    """Read a document that `check_archive` has passed: the paper that it is, then its tables with headings.

    Rows are numbers of paragraphs and tables; those of tables with headings go on as `read_tables` counts them.
    """
    figures = DocxFigures(data, names)
    lists = _Lists(parse_xml(read_member(data, NUMBERING)) if NUMBERING in names else None)
    lines: list[Line] = []
    headed: list[Sheet] = []
    strange = 0
    for row, block in enumerate(_blocks(parse_xml(read_member(data, DOCUMENT))), 1):
        if block.name == "p":
            texts = (lists.label(block) + "".join(_pieces(block, figures))).split("\n")
            lines += [Line(row, text) for text in texts]
            continue
        sheet = _read_table(block, figures)
        keys = find_keys(sheet)
        if keys is None and find_headings(sheet.rows):
            headed.append(sheet)
        else:
            loose = keys or find_paper(sheet)
            lines += [Line(row, text) for text in loose.lines]
            strange += not loose.whole
    readings = [read_tables(headed, DIALECT, enclosures=figures.enclosures)] if headed else []
    if not headed or any(is_asked(line.text) for line in lines):
        readings.insert(0, read_numbered(lines, DIALECT, figures.enclosures))
    return join_readings(readings, {"table": strange} if strange else {})


def _read_levels(abstract: Node) -> dict[int, _Level]:
    return {
        int(level.attributes.get("ilvl", "0")): _Level(_value(level, "numfmt"), int(_value(level, "start") or 1))
        for level in abstract.children("lvl")
    }


def _value(node: Node, name: str) -> str:
    """Return the `val` of the first child of a name."""
    found = node.children(name)
    return found[0].attributes.get("val", "") if found else ""


def _label(form: str, count: int) -> str:
    if form == "decimal":
        return f"{count}. "
    if form == "upperLetter" and count <= ord("Z") - ord("A") + 1:
        return f"{chr(ord('A') + count - 1)}. "
    if form.startswith("chineseCounting") and count <= len(_CHINESE):
        return f"{_CHINESE[count - 1]}、"
    return ""


def _blocks(node: Node) -> Iterator[Node]:
    """Yield the paragraphs outside tables, and the tables, in order."""
    for part in node.parts:
        if isinstance(part, Node) and part.name == "p":
            yield part
        elif isinstance(part, Node) and part.name == "tbl":
            yield from (part, *part.descendants("tbl"))
        elif isinstance(part, Node) and part.name not in _LEFT_OUT:
            yield from _blocks(part)


def _pieces(node: Node, figures: DocxFigures) -> Iterator[str]:
    """Yield the visible text of a paragraph; an underlined gap is a blank to fill in."""
    for part in node.parts:
        if isinstance(part, str) or part.name in _LEFT_OUT:
            continue
        if part.name == "r":
            text = "".join(_pieces(part, figures))
            yield _BLANK if text and not text.strip() and _is_underlined(part) else text
        elif part.name == "t":
            yield part.own_text()
        elif part.name in {"tab", "br", "cr"}:
            yield " " if part.name == "tab" else "\n"
        elif part.name == "sym":
            yield _SYMBOLS.get(part.attributes.get("char", "").upper(), "")
        elif part.name in FIGURES:
            yield figures.stand_for(part)
        else:
            yield from _pieces(part, figures)


def _is_underlined(run: Node) -> bool:
    return any(_value(properties, "u") not in {"", "none"} for properties in run.children("rpr"))


def _read_table(table: Node, figures: DocxFigures) -> Sheet:
    rows = [[_cell_text(cell, figures) for cell in row.children("tc")] for row in table.children("tr")]
    return Sheet(name="", rows=tuple(map(tuple, rows)))


def _cell_text(cell: Node, figures: DocxFigures) -> str:
    return "\n".join("".join(_pieces(paragraph, figures)) for paragraph in cell.children("p"))
