"""A rule-set file as read: which qualifications it speaks of, when, and what it says."""

from datetime import date
from typing import Any

import msgspec

from exam.standards.marks import Mark
from exam.standards.qualifications import Qualification


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One key of a file; `value` is None where the file only records that nothing is stated."""

    source: str
    mark: Mark
    value: Any = None

    @property
    def binds(self) -> bool:
        return self.value is not None and self.mark.binds


class RuleSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One legal document, or the project's own policy, with its dates.

    `effective_until` is the last day it holds. Selectors in `applies_to` and the names in `scoped` are a category, a
    group, or a qualification code. Among files that state the same key the higher `precedence` wins; of one
    (family, qualification) only one file holds on any date.
    """

    code: str
    version: int
    family: str
    title: str
    document: str
    effective_from: date
    effective_until: date | None = None
    effective_source: str
    effective_mark: Mark
    applies_to: tuple[str, ...]
    precedence: int
    values: dict[str, Entry]
    scoped: dict[str, dict[str, Entry]] = {}

    @property
    def reference(self) -> str:
        return f"{self.code}@{self.version}"

    @property
    def cited(self) -> str:
        """How a decision names the document: by its number, a statute by its title."""
        return self.document if "号" in self.document else self.title

    def applies(self, qualification: Qualification) -> bool:
        return any(name in self.applies_to for name in selectors(qualification))

    def holds_on(self, day: date) -> bool:
        return self.effective_from <= day and (self.effective_until is None or day <= self.effective_until)

    def find_entry(self, key: str, qualification: Qualification) -> Entry | None:
        """Return what the file says of a key for a qualification, the narrowest scope first."""
        scopes = (self.scoped.get(name, {}) for name in selectors(qualification))
        return next((scope[key] for scope in scopes if key in scope), self.values.get(key))


def selectors(qualification: Qualification) -> tuple[str, str, str]:
    """Return the names under which files may speak of a qualification, the narrowest first."""
    return qualification.code, qualification.group, str(qualification.category)


def current_sources(sources: tuple[RuleSource, ...]) -> tuple[RuleSource, ...]:
    """Return the newest version of each file; older ones stay only to explain what was decided by them."""
    newest: dict[str, RuleSource] = {}
    for source in sorted(sources, key=lambda source: source.version):
        newest[source.code] = source
    return tuple(newest.values())
