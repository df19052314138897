"""How study is turned into hours: effective-dated values, each with its source (data/ledger_rules.toml)."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Annotated

import msgspec

from exam.core.errors import NotFoundError
from exam.standards.api import Mark as SourceMark

Seconds = Annotated[int, msgspec.Meta(ge=1, le=86_400)]


class Sourced(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A value with where it stands."""

    value: Seconds
    source: Annotated[str, msgspec.Meta(min_length=1)]
    mark: SourceMark


class LedgerRules(msgspec.Struct, frozen=True, kw_only=True):
    """One version of the rules; every field is in seconds and explained in the data file."""

    version: str
    hour_s: int
    beat_s: int
    least_gap_s: int
    most_gap_s: int
    idle_cut_s: int
    check_least_s: int
    check_most_s: int
    check_limit_s: int
    drift_limit_s: int
    skip_slack_s: int
    day_cap_s: int
    sign_code_s: int
    sign_before_s: int
    sign_after_s: int
    late_s: int
    confirm_within_s: int


class _Version(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: str
    effective_from: date
    values: dict[str, Sourced]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    versions: Annotated[list[_Version], msgspec.Meta(min_length=1)]


@cache
def _versions() -> tuple[_Version, ...]:
    text = (files("exam.training") / "data" / "ledger_rules.toml").read_text(encoding="utf-8")
    known = msgspec.convert(tomllib.loads(text), _File).versions
    for version in known:
        if any(not sourced.mark.binds for sourced in version.values.values()):
            message = f"{version.version}: a value that does not bind cannot be a rule"
            raise ValueError(message)
    if len({version.values["hour_s"].value for version in known}) != 1:
        message = "the length of an hour cannot change in the middle of a ledger"
        raise ValueError(message)
    return tuple(sorted(known, key=lambda version: version.effective_from))


def _rules(version: _Version) -> LedgerRules:
    values = {name: sourced.value for name, sourced in version.values.items()}
    return msgspec.convert({"version": version.version, **values}, LedgerRules)


@cache
def all_rules() -> Mapping[str, LedgerRules]:
    """Return every version by its name; raises msgspec.ValidationError for a broken file, so call it at start-up."""
    return {version.version: _rules(version) for version in _versions()}


def hour_s() -> int:
    """Return how many seconds an hour of study (学时) has."""
    return all_rules()[_versions()[0].version].hour_s


def hundredths(seconds: int) -> int:
    """Return seconds as whole hundredths of an hour of study; a rest is dropped, of what is taken back too."""
    whole = abs(seconds) * 100 // hour_s()
    return whole if seconds >= 0 else -whole


def seconds_of(hours_hundredths: int) -> int:
    """Return hundredths of an hour of study as seconds."""
    return hours_hundredths * hour_s() // 100


def rules_on(day: date) -> LedgerRules:
    """Return the rules of a Shanghai date; the first version serves the time before it."""
    standing = [version for version in _versions() if version.effective_from <= day]
    return all_rules()[(standing[-1] if standing else _versions()[0]).version]


def recall_rules(version: str) -> LedgerRules:
    """Return the rules that a visit was measured by; raises NotFoundError if the version is gone."""
    try:
        return all_rules()[version]
    except KeyError:
        raise NotFoundError(rules=version) from None


def explain_rules(version: str) -> dict[str, Sourced]:
    """Return each value of a version with its source, for a page."""
    return next(known.values for known in _versions() if known.version == version)
