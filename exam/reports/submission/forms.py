"""The forms that are reported on, as data: tables, what people add, and the rules between tables."""

import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from exam.core.errors import NotFoundError
from exam.records.api import BY_CODE, Measure, Period, Span, Unit
from exam.standards.api import Category

Cells = Mapping[str, int]
"""Values by the address of their cell: `summary.passed`, `category.special.passed`, `entry.found`."""
ENTRY = "entry"


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of counted figures: a line in all, or one for each class of people."""

    code: str
    title: str
    measures: tuple[str, ...]
    by: Literal["", "category"] = ""

    @property
    def lines(self) -> dict[str, str]:
        """Return the part of the address that stands for each line, and its title as a msgid."""
        return {f"{self.code}.{each.value}": each.label for each in Category} if self.by else {self.code: ""}

    @property
    def columns(self) -> list[Measure]:
        return [BY_CODE[code] for code in self.measures]


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One number that people add."""

    code: str
    title: str


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"relation": "is"}):
    """A relation between sums of cells; a `*` in an address stands for every line."""

    code: str
    left: tuple[str, ...]
    relation: Literal["equal", "at_most", "only_with"]
    right: tuple[str, ...]
    message: str

    def kept(self, cells: Cells) -> bool:
        """Tell whether the cells keep the rule; what is not filled in counts as nought."""
        left, right = _sum(cells, self.left), _sum(cells, self.right)
        if self.relation == "equal":
            return left == right
        return left <= right if self.relation == "at_most" else not left or bool(right)


class Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One report: its period, how many days after its end it is due, and which levels owe it (2 city, 3 county)."""

    code: str
    title: str
    span: Span
    due_days: int
    levels: tuple[int, ...]

    def due_on(self, period: Period) -> date:
        """Return the last day on which the report of a whole period is in time."""
        return period.last_on + timedelta(days=self.due_days)


class Catalogue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of `forms.toml`."""

    tables: tuple[Table, ...]
    entries: tuple[Entry, ...]
    rules: tuple[Rule, ...]
    forms: tuple[Form, ...]

    def label_of(self, cell: str) -> tuple[str, ...]:
        """Return the msgids that name a cell: its line, if any, and its column."""
        head, _, code = cell.rpartition(".")
        if head == ENTRY:
            return tuple(entry.title for entry in self.entries if entry.code == code)
        line = next((table.lines[head] for table in self.tables if head in table.lines), "")
        return tuple(filter(None, (line, BY_CODE[code].label)))

    def unit_of(self, cell: str) -> Measure | None:
        """Return the measure that says how a cell is written, None for what people add."""
        return BY_CODE.get(cell.rpartition(".")[2]) if not cell.startswith(f"{ENTRY}.") else None


@cache
def load_forms() -> Catalogue:
    """Return the packaged forms; raises msgspec.ValidationError for a wrong file and KeyError for an unknown figure."""
    data = (files("exam.reports") / "data" / "forms.toml").read_text(encoding="utf-8")
    catalogue = msgspec.convert(tomllib.loads(data), Catalogue)
    shares = [code for table in catalogue.tables for code in table.measures if BY_CODE[code].unit is Unit.SHARE]
    if shares:
        raise KeyError(*shares)
    return catalogue


def get_form(code: str) -> Form:
    """Return a form; raises NotFoundError."""
    for form in load_forms().forms:
        if form.code == code:
            return form
    raise NotFoundError(form=code)


def broken_rules(cells: Cells) -> list[Rule]:
    """Return the rules that a report's cells break."""
    return [rule for rule in load_forms().rules if not rule.kept(cells)]


def changed(reported: Cells, now: Cells) -> dict[str, tuple[int, int]]:
    """Return what was reported and what is counted now, by cell, where a correction has parted them."""
    return {cell: (value, now[cell]) for cell, value in reported.items() if cell in now and now[cell] != value}


def _sum(cells: Cells, addresses: tuple[str, ...]) -> int:
    return sum(value for cell, value in cells.items() if any(_fits(each, cell) for each in addresses))


def _fits(address: str, cell: str) -> bool:
    wanted, given = address.split("."), cell.split(".")
    return len(wanted) == len(given) and all(one in {"*", other} for one, other in zip(wanted, given, strict=True))
