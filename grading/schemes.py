"""Practical schemes (实操评分方案) as data: which stations and veto items a qualification's assessors mark by."""

import tomllib
from functools import cache
from importlib.resources import files

import msgspec

from exam.core.errors import ConflictError
from exam.standards.api import RuleSet
from grading.practical import Scheme, Station


class NoSchemeError(ConflictError):
    """The qualification has no practical part, or nobody has said how it is marked."""

    code = "no_practical_scheme"
    message = "「{qualification}」没有实际操作考试,或尚未设定评分方案。"


class StationText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One station; `title` is a Chinese message id."""

    code: str
    title: str
    weight_permille: int


class VetoText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """否决项: what fails the whole part whoever shows it; `title` is a Chinese message id."""

    code: str
    title: str


class Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one group of qualifications is marked; `covers` holds codes, or beginnings of codes that end in a dot."""

    code: str
    covers: tuple[str, ...]
    tolerance: int
    source: str
    mark: str
    stations: tuple[StationText, ...]
    vetoes: tuple[VetoText, ...]

    def covering(self, qualification: str) -> int:
        """Return the length of the longest entry that covers the qualification, 0 where none does."""
        fits = (
            each
            for each in self.covers
            if each == qualification or (each[-1] == "." and qualification.startswith(each))
        )
        return max(map(len, fits), default=0)

    def scheme(self, rules: RuleSet) -> Scheme:
        """Return the numbers that sheets are scored by; the pass mark is the rule set's."""
        stations = tuple(Station(each.code, each.weight_permille) for each in self.stations)
        return Scheme(stations=stations, pass_marks=rules.practical_pass_mark.require(), tolerance=self.tolerance)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    groups: tuple[Group, ...]


@cache
def list_groups() -> tuple[Group, ...]:
    """Return every group of the packaged file."""
    text = (files("grading") / "data" / "practical.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _File).groups


def get_group(qualification: str) -> Group:
    """Return how a qualification's practical part is marked; raises NoSchemeError."""
    group = max(list_groups(), key=lambda each: each.covering(qualification))
    if not group.covering(qualification):
        raise NoSchemeError(qualification=qualification)
    return group
