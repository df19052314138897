"""双公示: the fields of published permits and penalties as data, what is wrong with a row, and the three kinds of file."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec
from lxml import etree  # type: ignore[import-untyped]

from exam.core.errors import DomainError
from exam.core.sheets.writer import WORKBOOK, write_workbook
from exam.identity.api import parse_uscc
from exam.records.credit.money import parse_wan
from exam.standards.api import Mark

VERSION = 1
Kind = Literal["permit", "penalty"]
Form = Literal["json", "xml", "xlsx"]
Row = Mapping[str, str]
"""Values by the code of their field; an empty text where there is none."""
MISSING, TOO_LONG, NOT_A_DATE, NOT_AN_AMOUNT, NOT_A_CODE, NO_CODE = (
    "没有填写",
    "太长",
    "不是日期",
    "不是金额",
    "不是统一社会信用代码",
    "单位缺少统一社会信用代码",
)
ORGANISATION, PERSON = "法人及非法人组织", "自然人"


class Field(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One field; `title` is its heading in files and a msgid on pages."""

    code: str
    title: str
    kind: Literal["text", "date", "amount", "uscc"] = "text"
    needed: bool = False
    most: int = 18

    def wrong(self, value: str) -> str:
        """Return what is wrong with a value, a msgid, or an empty text."""
        if not value:
            return MISSING if self.needed else ""
        if self.kind == "date":
            return "" if _is_date(value) else NOT_A_DATE
        if self.kind == "amount":
            return "" if _passes(parse_wan, value) else NOT_AN_AMOUNT
        if self.kind == "uscc":
            return "" if _passes(parse_uscc, value) else NOT_A_CODE
        return TOO_LONG if len(value) > self.most else ""


class _Fields(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    fields: tuple[Field, ...]


class Standard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of `data/publicity_fields.toml`."""

    source: str
    mark: Mark
    permit: _Fields
    penalty: _Fields

    def of(self, kind: Kind) -> tuple[Field, ...]:
        return (self.permit if kind == "permit" else self.penalty).fields


class Fault(msgspec.Struct, frozen=True):
    """Why a row is not exported: which document, which field, what is wrong; the last two are msgids."""

    document_no: str
    field: str
    why: str


@cache
def load_standard() -> Standard:
    """Return the fields."""
    text = (files("exam.records.credit") / "data" / "publicity_fields.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Standard)


def check(kind: Kind, row: Row) -> list[Fault]:
    """Return everything that is wrong with a row."""
    found = [(field.title, field.wrong(row.get(field.code, ""))) for field in load_standard().of(kind)]
    if row.get("party_kind") == ORGANISATION and not row.get("party_code_1"):
        found.append(("行政相对人代码_1(统一社会信用代码)", NO_CODE))
    return [Fault(row.get("document_no", ""), title, why) for title, why in found if why]


def write_json(kind: Kind, rows: Sequence[Row]) -> bytes:
    """Write the rows as one JSON object, fields by code, those that are empty left out."""
    records = [{code: value for code, value in _ordered(kind, row) if value} for row in rows]
    return msgspec.json.encode({"schema": f"ankao.publicity.{kind}", "version": VERSION, "records": records})


def write_xml(kind: Kind, rows: Sequence[Row]) -> bytes:
    """Write the same as XML, one element for each field; text is text."""
    root = etree.Element("publicity", kind=kind, version=str(VERSION))
    for row in rows:
        record = etree.SubElement(root, "record")
        for code, value in _ordered(kind, row):
            if value:
                etree.SubElement(record, code).text = _readable(value)
    content: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return content


def write_xlsx(kind: Kind, rows: Sequence[Row]) -> bytes:
    """Write a workbook with the titles of the standard; every cell is text, whatever it begins with."""
    titles = [field.title for field in load_standard().of(kind)]
    return write_workbook(titles, [[value for _, value in _ordered(kind, row)] for row in rows])


WRITERS = {
    "json": (write_json, "application/json"),
    "xml": (write_xml, "application/xml"),
    "xlsx": (write_xlsx, WORKBOOK),
}


def show_amount(amount: Decimal) -> str:
    """Return an amount as the standard writes it: 万元 with six decimals, and nothing for nought."""
    return f"{amount:.6f}" if amount else ""


def _ordered(kind: Kind, row: Row) -> list[tuple[str, str]]:
    return [(field.code, row.get(field.code, "")) for field in load_standard().of(kind)]


def _readable(text: str) -> str:
    """Return what XML may hold: line ends and tabs are its only control characters."""
    return "".join(each for each in text if each in "\t\n\r" or each >= " ")


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _passes(parse: Callable[[str], object], value: str) -> bool:
    try:
        parse(value)
    except DomainError:
        return False
    return True
