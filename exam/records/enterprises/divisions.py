"""国民经济行业分类: sections and divisions of GB/T 4754, as data: `data/divisions.toml`."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import msgspec

from exam.records.enterprises.errors import DivisionError
from exam.standards.api import Mark

_CODE = re.compile(r"([A-T]?)(\d{2})\d{0,2}")


class Division(msgspec.Struct, frozen=True):
    """大类: `code` holds its section, such as C26; `title` is a msgid."""

    code: str
    title: str


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """门类; `first` is the number of its first division, the others follow without a gap."""

    code: str
    title: str
    first: int
    divisions: tuple[str, ...]

    def __iter__(self) -> Iterator[Division]:
        """Go through its divisions."""
        return (Division(f"{self.code}{number:02}", title) for number, title in enumerate(self.divisions, self.first))


class Classification(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of the file."""

    source: str
    mark: Mark
    sections: tuple[Section, ...]

    @property
    def titles(self) -> dict[str, str]:
        """Titles by code, of sections and divisions."""
        return {each.code: each.title for section in self.sections for each in (section, *section)}


@cache
def load_classification() -> Classification:
    """Return the classification."""
    text = (files("exam.records.enterprises") / "data" / "divisions.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Classification)


def division_of(typed: str) -> str:
    """Return the division that a code of two to four digits or a title names; raises DivisionError.

    The section's letter may stand before the digits, and must be theirs then; groups and classes count as their division.
    """
    wanted = typed.strip()
    code = _CODE.fullmatch(wanted.upper())
    for each in (division for section in load_classification().sections for division in section):
        if each.title == wanted or (code and each.code[1:] == code[2] and code[1] in {"", each.code[0]}):
            return each.code
    raise DivisionError(typed=wanted[:40])


def title_of_division(code: str | None) -> str:
    """Return the title of a division or section, or an empty text."""
    return load_classification().titles.get(code or "", "")
