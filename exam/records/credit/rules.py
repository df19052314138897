"""The rules by which facts become leads, as data: `data/clue_rules.toml`."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from exam.core.errors import NotFoundError
from exam.standards.api import Mark

Source = Literal["posts", "attendance", "incidents", "revocations"]
"""What a rule looks at; `finding` has one finder for each."""
Subject = Literal["enterprise", "training", "person"]


class BanTerm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how many years a decision may bar somebody from applying, by which article."""

    years: int
    basis: str
    mark: Mark


class ClueRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """线索规则: one kind of lead; `title`, `basis` and `consequence` are msgids, the days are working and calendar days."""

    code: str
    title: str
    source: Source
    subject: Subject
    basis: str
    mark: Mark
    consequence: str
    verify_days: int
    again_days: int
    look_back_days: int = 60
    """How far back evidence is looked for that never ends by itself."""
    roles: tuple[str, ...] = ()
    wait_months: int = 0
    categories: tuple[str, ...] = ()
    dispositions: tuple[str, ...] = ()
    bans: tuple[BanTerm, ...] = ()


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rule: tuple[ClueRule, ...]


@cache
def load_rules() -> tuple[ClueRule, ...]:
    """Return every rule in the order of the file."""
    text = (files("exam.records.credit") / "data" / "clue_rules.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _File).rule


def get_rule(code: str) -> ClueRule:
    """Return a rule by its code; raises NotFoundError."""
    for rule in load_rules():
        if rule.code == code:
            return rule
    raise NotFoundError(rule=code)
