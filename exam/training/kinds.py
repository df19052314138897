"""What training is for, its kinds, and the hours that the rules in force ask of each."""

import tomllib
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Annotated, Any

import msgspec

from exam.standards.api import (
    Mark,
    Parameter,
    RuleSet,
    UnknownQualificationError,
    basis_of,
    get_qualification,
    list_qualifications,
    resolve_rule_set,
)


class TrainingKind(StrEnum):
    """培训类别: what the law asks before the first certificate, every year, and before a review."""

    INITIAL = "initial"
    """初次培训"""
    CONTINUING = "continuing"
    """再培训: every year."""
    REVIEW = "review"
    """复审培训"""


TITLES: Mapping[str, str] = {
    TrainingKind.INITIAL: "初次培训",
    TrainingKind.CONTINUING: "再培训",
    TrainingKind.REVIEW: "复审培训",
}
"""What a kind is called; msgids."""


class Requirement(msgspec.Struct, frozen=True, kw_only=True):
    """Hours that a rule asks for; `hours` is None where the rules are silent, `mark` says how sure the value is.

    `rule_set` is the version of the rules that it was read from.
    """

    hours: int | None
    basis: str
    mark: Mark
    rule_set: str = ""


class _Hours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    hours: Annotated[int, msgspec.Meta(ge=1, le=1000)]
    basis: str
    mark: Mark


class WorkerSubject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """从业人员: a class of workers whose training the law asks for without an examination."""

    code: str
    title: str
    initial: _Hours | None = None
    continuing: _Hours | None = None
    review: _Hours | None = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    subjects: list[WorkerSubject]


WORKER_RULES = "worker-hours@1"


@cache
def worker_subjects() -> Mapping[str, WorkerSubject]:
    """Return the classes of workers by code; raises msgspec.ValidationError for a broken file."""
    text = (files("exam.training") / "data" / "worker_hours.toml").read_text(encoding="utf-8")
    return {subject.code: subject for subject in msgspec.convert(tomllib.loads(text), _File).subjects}


def list_subjects() -> list[tuple[str, str]]:
    """Return code and title (a msgid) of everything that people are trained for."""
    known = [(each.code, each.title) for each in list_qualifications()]
    return known + [(each.code, each.title) for each in worker_subjects().values()]


def require_subject(code: str) -> None:
    """Raise UnknownQualificationError for a code that nobody is trained for."""
    if code not in worker_subjects():
        get_qualification(code)


def title_of(code: str) -> str:
    """Return the title of what is trained for, or the code of what is no longer known."""
    if code in worker_subjects():
        return worker_subjects()[code].title
    try:
        return get_qualification(code).title
    except UnknownQualificationError:
        return code


def required_hours(code: str, kind: str, on: date) -> Requirement:
    """Return what the rules of a Shanghai date ask of one kind of training.

    Raises UnknownQualificationError and NoRuleSetError.
    """
    if code in worker_subjects():
        asked: _Hours | None = getattr(worker_subjects()[code], TrainingKind(kind))
        if asked is None:
            return Requirement(hours=None, basis="", mark=Mark.ABSENT, rule_set=WORKER_RULES)
        return Requirement(hours=asked.hours, basis=asked.basis, mark=asked.mark, rule_set=WORKER_RULES)
    rules = resolve_rule_set(code, on)
    parameter = _parameter(rules, kind)
    return Requirement(
        hours=parameter.value, basis=basis_of(rules, parameter.key), mark=parameter.mark, rule_set=rules.version
    )


def _parameter(rules: RuleSet, kind: str) -> Parameter[Any]:
    match TrainingKind(kind):
        case TrainingKind.INITIAL:
            return rules.training_hours_initial
        case TrainingKind.CONTINUING:
            return rules.training_hours_yearly
        case TrainingKind.REVIEW:
            return rules.review_training_hours
