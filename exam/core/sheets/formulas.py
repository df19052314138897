"""Where the formulas of a workbook stand: what such a cell shows is computed anew, and need not be what its file has stored."""

import re
from collections.abc import Callable, Iterator, Sequence
from posixpath import join, normpath
from typing import Final

from lxml import etree  # type: ignore[import-untyped]

Places = frozenset[tuple[int, int]]
"""Rows and columns, from 0."""

WORKBOOK: Final = "xl/workbook.xml"
_RELATIONS: Final = "xl/_rels/workbook.xml.rels"
_CONTENT: Final = "content.xml"
_FORMULA: Final = re.compile(
    rb"<(?:\w{1,20}:)?c\s[^<>]{0,200}?\br\s*=\s*[\"']([A-Z]{1,3})(\d{1,7})[\"'][^<>]{0,200}(?<!/)>\s{0,99}<(?:\w{1,20}:)?f[\s/>]"
)
_TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_MOST_REPEATED: Final = 20_000


def find_formulas(read: Callable[[str], bytes], names: Sequence[str]) -> dict[str, Places]:
    """Return the places of formulas by worksheet, of an xlsx or ods whose members are `names`.

    Raises etree.XMLSyntaxError, ValueError or an archive error for what is no workbook.
    """
    if WORKBOOK in names:
        return {name: frozenset(_formulas_of(read(part))) for name, part in _parts(read) if part in names}
    content = read(_CONTENT)
    tables = _root(content).iter(f"{_TABLE}table") if b":formula=" in content else ()
    return {table.get(f"{_TABLE}name", ""): frozenset(_formulas_in(table)) for table in tables}


def column_number(letters: bytes) -> int:
    """Return the number of a column from its letters, A as 1."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _root(xml: bytes) -> etree._Element:
    return etree.fromstring(
        xml, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    )


def _parts(read: Callable[[str], bytes]) -> Iterator[tuple[str, str]]:
    """Yield each worksheet's name with the member that holds it (ECMA-376 part 1, 18.2.19 and part 2, 9.3)."""
    targets = {
        each.get("Id"): each.get("Target", "") for each in _root(read(_RELATIONS)).iterchildren("{*}Relationship")
    }
    for sheet in _root(read(WORKBOOK)).iter("{*}sheet"):
        relation = next((value for name, value in sheet.attrib.items() if name.endswith("}id")), "")
        yield sheet.get("name", ""), normpath(join("/xl", targets.get(relation, ""))).lstrip("/")


def _formulas_of(xml: bytes) -> Iterator[tuple[int, int]]:
    for match in _FORMULA.finditer(xml):
        yield int(match[2]) - 1, column_number(match[1]) - 1


def _formulas_in(table: etree._Element) -> Iterator[tuple[int, int]]:
    """Yield the places of an OpenDocument table, where rows and cells may stand for several (part 3, 19.675 and 19.679)."""
    row = 0
    for line in table.iter(f"{_TABLE}table-row"):
        rows, column = int(line.get(f"{_TABLE}number-rows-repeated", 1)), 0
        for cell in line.iterchildren():
            cells = int(cell.get(f"{_TABLE}number-columns-repeated", 1))
            if cell.get(f"{_TABLE}formula") is not None:
                yield from (
                    (row + down, column + right)
                    for down in range(min(rows, _MOST_REPEATED))
                    for right in range(min(cells, _MOST_REPEATED // max(1, min(rows, _MOST_REPEATED))))
                )
            column += cells
        row += rows
