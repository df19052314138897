"""How files combine into the one rule set of a qualification on a date; pure."""

from datetime import date
from typing import Any

import msgspec

from exam.standards.errors import NoRuleSetError
from exam.standards.marks import Mark
from exam.standards.qualifications import Qualification
from exam.standards.rule_sets import Parameter, RuleSet
from exam.standards.sources import Entry, RuleSource, current_sources
from exam.standards.vocabulary import value_types


def resolve(sources: tuple[RuleSource, ...], qualification: Qualification, on: date) -> RuleSet:
    """Combine the current files that hold on a Shanghai date; raises `NoRuleSetError` before the first of them."""
    holding = [source for source in current_sources(sources) if source.holds_on(on) and source.applies(qualification)]
    if not holding:
        raise NoRuleSetError(qualification=qualification.code, on=on)
    return combine(holding, qualification)


def recall(sources: tuple[RuleSource, ...], qualification: Qualification, version: str) -> RuleSet:
    """Rebuild the rule set that a stored version string names, so that old decisions can be explained."""
    known = {source.reference: source for source in sources if source.applies(qualification)}
    references = version.split("+")
    if not all(reference in known for reference in references):
        raise NoRuleSetError(qualification=qualification.code, version=version)
    return combine([known[reference] for reference in references], qualification)


def combine(sources: list[RuleSource], qualification: Qualification) -> RuleSet:
    """Take each key from the file of highest precedence that states it with a binding mark."""
    ranked = sorted(sources, key=lambda source: (-source.precedence, source.code))
    parameters = {key: _parameter(key, ranked, qualification) for key in value_types()}
    return RuleSet(
        qualification=qualification.code,
        version="+".join(source.reference for source in ranked),
        **parameters,
    )


def _parameter(key: str, ranked: list[RuleSource], qualification: Qualification) -> Parameter[Any]:
    spoken = [(source, entry) for source in ranked if (entry := source.find_entry(key, qualification))]
    for source, entry in spoken:
        if entry.binds:
            return Parameter(
                key=key,
                value=msgspec.convert(entry.value, value_types()[key]),
                stated=True,
                source=entry.source,
                mark=entry.mark,
                rule_set=source.reference,
            )
    return _not_stated(key, *spoken[0]) if spoken else _not_stated(key, None, None)


def _not_stated(key: str, source: RuleSource | None, entry: Entry | None) -> Parameter[Any]:
    # An unverified value is dropped here, so that no caller can enforce it or print it as law.
    return Parameter(
        key=key,
        value=None,
        stated=False,
        source=entry.source if entry else "",
        mark=entry.mark if entry else Mark.ABSENT,
        rule_set=source.reference if source else "",
    )
