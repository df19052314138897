"""What other packages may ask of the standards: qualifications, the rules of a date, working days."""

from datetime import date
from functools import lru_cache

from exam.standards.errors import NoRuleSetError, NotStatedError, UnknownQualificationError
from exam.standards.loader import load
from exam.standards.marks import Mark
from exam.standards.qualifications import Catalogue, Category, Qualification
from exam.standards.resolver import recall, resolve
from exam.standards.rule_sets import Education, Exhausted, Explanation, Parameter, Part, RuleSet
from exam.standards.vocabulary import explain as explain_parameter
from exam.standards.vocabulary import value_types

__all__ = [
    "Catalogue",
    "Category",
    "Education",
    "Exhausted",
    "Explanation",
    "Mark",
    "NoRuleSetError",
    "NotStatedError",
    "Parameter",
    "Part",
    "Qualification",
    "RuleSet",
    "UnknownQualificationError",
    "basis_of",
    "calendar_sources",
    "explain",
    "get_qualification",
    "is_working_day",
    "list_documents",
    "list_explanations",
    "list_qualifications",
    "load_catalogue",
    "recall_rule_set",
    "resolve_rule_set",
    "working_days_after",
    "working_days_left",
]


def load_catalogue() -> Catalogue:
    """Return the catalogue with its versions, groups, industries and items."""
    return load().catalogue


def get_qualification(code: str) -> Qualification:
    """Return a qualification; raises `UnknownQualificationError`."""
    try:
        return load().qualifications[code]
    except KeyError:
        raise UnknownQualificationError(qualification=code) from None


def list_qualifications(category: Category | None = None) -> tuple[Qualification, ...]:
    """Return all qualifications, or those of one category, in catalogue order."""
    return tuple(known for known in load().qualifications.values() if category in {None, known.category})


@lru_cache(maxsize=4096)
def resolve_rule_set(code: str, on: date) -> RuleSet:
    """Return the rules of a qualification on a Shanghai date; store its `version` with what it judged.

    Raises `UnknownQualificationError`, and `NoRuleSetError` for dates before the first rule.
    """
    return resolve(load().sources, get_qualification(code), on)


@lru_cache(maxsize=4096)
def recall_rule_set(code: str, version: str) -> RuleSet:
    """Return the rules that a stored version string names; raises `NoRuleSetError` if a file is gone."""
    return recall(load().sources, get_qualification(code), version)


def explain(rules: RuleSet, key: str) -> Explanation:
    """Return one parameter in words with its source and standing; raises KeyError for an unknown key."""
    return explain_parameter(rules, key)


def basis_of(rules: RuleSet, key: str) -> str:
    """Return the document and article that a parameter rests on, for a refusal; empty when no file speaks of it."""
    explanation = explain_parameter(rules, key)
    if explanation.mark is Mark.POLICY:
        return explanation.mark.label
    documents = {source.reference: source.cited for source in load().sources}
    return f"{documents.get(explanation.rule_set, '')} {explanation.source}".strip()


def list_documents(rules: RuleSet) -> tuple[tuple[str, str], ...]:
    """Return number and title of every document that a rule set rests on, the most special first.

    The project's own policy is not law and not among them.
    """
    wanted = frozenset(rules.version.split("+"))
    used = [each for each in load().sources if each.reference in wanted and each.effective_mark is not Mark.POLICY]
    ordered = sorted(used, key=lambda each: -each.precedence)
    return tuple((each.document, each.title) for each in ordered)


def list_explanations(rules: RuleSet) -> tuple[Explanation, ...]:
    """Return every parameter in words, in the order of the rule set's fields."""
    return tuple(explain_parameter(rules, key) for key in value_types())


def working_days_after(day: date, count: int) -> date:
    """Return the `count`-th working day after a Shanghai date, which is not counted itself."""
    return load().calendar.working_days_after(day, count)


def working_days_left(day: date, until: date) -> int:
    """Return how many working days lie after a Shanghai date through another; as many below zero where it has passed."""
    return load().calendar.working_days_left(day, until)


def calendar_sources(first: date, last: date) -> list[tuple[int, str | None]]:
    """Return each year from one Shanghai date to another with the notice its holidays and worked weekends were read from.

    None stands for a year whose notice is not known: limits that run into it are provisional.
    """
    notices = ((year, load().calendar.find_year(year)) for year in range(first.year, last.year + 1))
    return [(year, notice.source if notice else None) for year, notice in notices]


def is_working_day(day: date) -> bool:
    """Say whether offices work on a Shanghai date."""
    return load().calendar.is_working_day(day)
