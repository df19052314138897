"""Rows of national certificates from a workbook, delimited text, JSON or XML; pure.

The field codes of ZWFW C0210-2021 could not be read; the columns go by the Chinese names that the certificate prints.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
from lxml import etree  # type: ignore[import-untyped]

from certs.national.errors import NationalFieldError, NationalFileError, NationalStateError, NationalTooManyError
from certs.numbers import parse_number, permit_number
from exam.core.sheets.columns import NamedRow, find_rows
from exam.core.sheets.limited import read_sheets
from exam.core.sheets.reader import Sheet
from exam.core.sheets.writer import write_workbook
from exam.core.words import clean_line
from exam.identity.api import IdNumber, normalise_name, parse_id_number
from exam.standards.api import Category, Qualification, list_qualifications

MOST = 5000
COLUMNS = {
    "name": ("姓名", "持证人", "name"),
    "id_number": ("身份证件号码", "身份证号码", "身份证号", "id_number"),
    "item": ("操作项目", "准操项目", "资格类型", "item"),
    "number": ("证书编号", "证号", "number"),
    "document_id": ("电子证照标识", "证照标识", "document_id"),
    "issuer": ("签发机关", "发证机关", "证照颁发机构", "issuer"),
    "issuer_code": ("签发机关代码", "证照颁发机构代码", "issuer_code"),
    "issued_on": ("签发日期", "发证日期", "证照颁发日期", "issued_on"),
    "valid_from": ("有效期起始日期", "有效期起", "valid_from"),
    "valid_until": ("有效期截止日期", "有效期止", "valid_until"),
    "review_on": ("应复审日期", "复审日期", "review_on"),
    "state": ("证照状态", "状态", "state"),
}
TITLES = {column: names[0] for column, names in COLUMNS.items()}
NEEDED = ("name", "id_number", "item", "issuer", "valid_from", "valid_until")
_IN_FORCE = {"", "有效", "正常", "valid"}
_LONGEST = 120


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """One certificate as a file states it."""

    name: str
    id_number: IdNumber
    number: str
    qualification: Qualification
    document_id: str
    issuer: str
    issuer_code: str
    issued_on: date
    valid_from: date
    valid_until: date
    review_on: date | None

    def __repr__(self) -> str:
        """Show nothing of a person."""
        return f"Given({self.qualification.code})"


def read_rows(data: bytes) -> list[NamedRow]:
    """Return the rows of a file; raises NationalFileError, NationalTooManyError and the refusals of unreadable files."""
    rows = find_rows(_sheets(data), COLUMNS, NEEDED) if data.strip() else None
    if not rows:
        raise NationalFileError
    if len(rows) > MOST:
        raise NationalTooManyError(most=MOST)
    return rows


def _sheets(data: bytes) -> list[Sheet]:
    head = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if head in {b"[", b"{"}:
        return [_table(_from_json(data))]
    return [_table(_from_xml(data))] if head == b"<" else read_sheets(data)


def _from_json(data: bytes) -> list[dict[str, str]]:
    """Read a list of objects, or one list within an object."""
    try:
        read: Any = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
        if isinstance(read, dict):
            (read,) = [value for value in read.values() if isinstance(value, list)]
        return msgspec.convert(read, list[dict[str, str]])
    except (msgspec.MsgspecError, ValueError, UnicodeDecodeError) as error:
        raise NationalFileError from error


def _from_xml(data: bytes) -> list[dict[str, str]]:
    """Read the children of the root, each with a child for every column; entities and document types are refused."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise NationalFileError from error
    if root.getroottree().docinfo.doctype:
        raise NationalFileError
    return [
        {etree.QName(cell).localname: cell.text or "" for cell in row if _is_element(cell)}
        for row in root
        if _is_element(row)
    ]


def _is_element(node: Any) -> bool:
    return isinstance(node.tag, str)


def _table(rows: list[dict[str, str]]) -> Sheet:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return Sheet(name="file", rows=(tuple(names), *(tuple(row.get(name, "") for name in names) for row in rows)))


def template_workbook() -> bytes:
    """Return a workbook with the headings alone, every cell formatted as text."""
    return write_workbook(list(TITLES.values()), [[""] * len(TITLES)], sheet="国家证照")


def given_of(cells: Mapping[str, str], today: date) -> Given:
    """Read one row; raises NationalFieldError, NationalStateError and the refusals of a name and of an ID number."""
    if cells.get("state", "").strip().lower() not in _IN_FORCE:
        raise NationalStateError
    qualification = _item(cells["item"])
    id_number = parse_id_number(cells["id_number"], today)
    first, last = _day(cells, "valid_from"), _day(cells, "valid_until")
    if first > last:
        raise NationalFieldError(field=TITLES["valid_until"])
    return Given(
        name=normalise_name(cells["name"]),
        id_number=id_number,
        number=_number(cells, qualification, id_number),
        qualification=qualification,
        document_id=clean_line(cells.get("document_id", ""))[:_LONGEST],
        issuer=_issuer(cells["issuer"]),
        issuer_code=clean_line(cells.get("issuer_code", ""))[:_LONGEST],
        issued_on=_day(cells, "issued_on") if cells.get("issued_on", "").strip() else first,
        valid_from=first,
        valid_until=last,
        review_on=_day(cells, "review_on") if cells.get("review_on", "").strip() else None,
    )


def _item(typed: str) -> Qualification:
    wanted = clean_line(typed)
    for each in list_qualifications():
        if wanted in {each.code, each.title}:
            return each
    raise NationalFieldError(field=TITLES["item"])


def _number(cells: Mapping[str, str], qualification: Qualification, id_number: IdNumber) -> str:
    """Return the number: a permit's is T and the ID number, whether it is written down or not."""
    typed = cells.get("number", "").strip()
    own = permit_number(id_number.value)
    if qualification.category is Category.SPECIAL:
        if typed and parse_number(typed) != own:
            raise NationalFieldError(field=TITLES["number"])
        return own
    number = clean_line(typed).upper()
    if not 0 < len(number) <= _LONGEST:
        raise NationalFieldError(field=TITLES["number"])
    return number


def _issuer(typed: str) -> str:
    issuer = clean_line(typed)
    if not 0 < len(issuer) <= _LONGEST:
        raise NationalFieldError(field=TITLES["issuer"])
    return issuer


def _day(cells: Mapping[str, str], column: str) -> date:
    typed = cells[column].strip().replace("/", "-").replace("年", "-").replace("月", "-").removesuffix("日")
    try:
        return date(*(int(part) for part in typed.split("-"))) if "-" in typed else date.fromisoformat(typed)
    except (TypeError, ValueError) as error:
        raise NationalFieldError(field=TITLES[column]) from error
