"""Rows of enterprises, from a workbook or from the API: which columns there are and what may stand in them; pure."""

from collections.abc import Callable, Mapping

import msgspec

from exam.core.sheets.columns import NamedRow, find_rows
from exam.core.sheets.limited import read_sheets
from exam.core.sheets.writer import write_workbook
from exam.core.words import clean_line
from exam.identity.api import parse_uscc
from exam.records.enterprises.divisions import division_of
from exam.records.enterprises.errors import EnterpriseFieldError, EnterprisesEmptyError, EnterprisesTooManyError
from exam.standards.api import load_catalogue

MOST = 5000
COLUMNS = {
    "name": ("企业名称", "单位名称", "name"),
    "uscc": ("统一社会信用代码", "信用代码", "uscc"),
    "region": ("行政区划代码", "辖区代码", "region"),
    "industry": ("监管行业", "industry"),
    "division": ("行业代码", "行业大类", "gb/t 4754", "division"),
    "size": ("规模", "企业规模", "size"),
    "high_risk": ("高危企业", "是否高危", "high_risk"),
    "in_charge": ("主要负责人", "in_charge"),
    "safety_head": ("安全负责人", "安全管理负责人", "safety_head"),
    "address": ("地址", "住所", "address"),
    "contact": ("联系电话", "电话", "contact"),
    "state": ("登记状态", "状态", "state"),
}
TITLES = {column: names[0] for column, names in COLUMNS.items()}
NEEDED = ("name", "uscc")
SIZES = {"large": "大型", "medium": "中型", "small": "小型", "micro": "微型"}
"""企业规模; the words are msgids."""
_YES_NO = {"是": True, "否": False, "yes": True, "no": False, "true": True, "false": False, "1": True, "0": False}
_STATES = {"": False, "在业": False, "存续": False, "active": False, "注销": True, "deregistered": True}
_LONGEST = {"name": 120, "in_charge": 60, "safety_head": 60, "address": 200, "contact": 60}


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What a row says of an enterprise; `fields` hold what is filled in, an empty cell says nothing."""

    uscc: str
    name: str
    region: str
    gone: bool
    fields: dict[str, str | bool]


def read_lines(data: bytes) -> list[NamedRow]:
    """Return the rows of a workbook or of delimited text.

    Raises EnterprisesEmptyError, EnterprisesTooManyError and the refusals of unreadable files.
    """
    sheets = read_sheets(data)
    return checked(find_rows(sheets, COLUMNS, NEEDED))


def checked(lines: list[NamedRow] | None) -> list[NamedRow]:
    """Return the rows, if there are any and not too many."""
    if not lines:
        raise EnterprisesEmptyError
    if len(lines) > MOST:
        raise EnterprisesTooManyError(most=MOST)
    return lines


def template_workbook() -> bytes:
    """Return a workbook with the headings alone, every cell formatted as text."""
    return write_workbook(list(TITLES.values()), [[""] * len(TITLES)], sheet="企业")


def given_of(cells: Mapping[str, str]) -> Given:
    """Read one row; raises EnterpriseFieldError, DivisionError and the refusals of the unified code (GB 32100)."""
    fields = {column: read(column, cells[column]) for column, read in _READERS.items() if cells.get(column, "").strip()}
    state = cells.get("state", "").strip().lower()
    if state not in _STATES:
        raise EnterpriseFieldError(field=TITLES["state"], typed=state[:40])
    if "name" not in fields:
        raise EnterpriseFieldError(field=TITLES["name"], typed="")
    return Given(
        uscc=parse_uscc(cells["uscc"]),
        name=str(fields["name"]),
        region=cells.get("region", "").strip(),
        gone=_STATES[state],
        fields=fields,
    )


def _text(column: str, typed: str) -> str:
    words = clean_line(typed)
    if not 0 < len(words) <= _LONGEST[column]:
        raise EnterpriseFieldError(field=TITLES[column], typed=words[:40])
    return words


def _one_of(words: Mapping[str, str]) -> Callable[[str, str], str]:
    def read(column: str, typed: str) -> str:
        for code, word in words.items():
            if typed.strip().lower() in {code, word}:
                return code
        raise EnterpriseFieldError(field=TITLES[column], typed=typed.strip()[:40])

    return read


def _yes_no(column: str, typed: str) -> bool:
    if (said := _YES_NO.get(typed.strip().lower())) is None:
        raise EnterpriseFieldError(field=TITLES[column], typed=typed.strip()[:40])
    return said


def _industry(column: str, typed: str) -> str:
    return _one_of({each.code: each.title for each in load_catalogue().industries})(column, typed)


def _division(_column: str, typed: str) -> str:
    return division_of(typed)


_READERS: dict[str, Callable[[str, str], str | bool]] = {
    "name": _text,
    "industry": _industry,
    "division": _division,
    "size": _one_of(SIZES),
    "high_risk": _yes_no,
    "in_charge": _text,
    "safety_head": _text,
    "address": _text,
    "contact": _text,
}
