"""Kinds of training, and the hours that the rules in force ask of each."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

import msgspec

from exam.standards.api import Mark, Parameter, RuleSet, basis_of, resolve_rule_set


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


class Requirement(msgspec.Struct, frozen=True):
    """Hours that a rule asks for; `hours` is None where the rules are silent, `mark` says how sure the value is."""

    hours: int | None
    basis: str
    mark: Mark


def required_hours(qualification: str, kind: str, on: date) -> Requirement:
    """Return what the rules of a Shanghai date ask of one kind of training.

    Raises UnknownQualificationError and NoRuleSetError.
    """
    rules = resolve_rule_set(qualification, on)
    parameter = _parameter(rules, kind)
    return Requirement(parameter.value, basis_of(rules, parameter.key), parameter.mark)


def _parameter(rules: RuleSet, kind: str) -> Parameter[Any]:
    match TrainingKind(kind):
        case TrainingKind.INITIAL:
            return rules.training_hours_initial
        case TrainingKind.CONTINUING:
            return rules.training_hours_yearly
        case TrainingKind.REVIEW:
            return rules.review_training_hours
