"""Practical part (实操考试): stations K1–K4, two assessors (考评员) and veto items (否决项)."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from exam.core.errors import ConflictError, DomainError, SamePersonError

FULL_STATION_MARKS = 10_000
FULL_PERMILLE = 1000


class Station(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One subject of the practical part, as K1 安全用具使用, with its weight in permille."""

    code: str
    weight_permille: int


class Scheme(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a rule set says of the practical part: stations, pass mark and tolerance in hundredths.

    `tolerance` is the greatest distance between two assessors' marks at one station that counts as agreement.
    """

    stations: tuple[Station, ...]
    pass_marks: int
    tolerance: int

    def __post_init__(self) -> None:
        codes = {station.code for station in self.stations}
        weights = [station.weight_permille for station in self.stations]
        if len(codes) < len(weights) or sum(weights) != FULL_PERMILLE or min(weights) < 0:
            message = "stations must differ and their weights must sum to 1000 permille"
            raise ValueError(message)
        if not 0 <= self.pass_marks <= FULL_STATION_MARKS or self.tolerance < 0:
            message = "pass_marks must lie in 0..10000 and tolerance must not be negative"
            raise ValueError(message)


class Sheet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """评分表 of one assessor: station code → marks (0..10000 hundredths), and the codes of veto items seen."""

    assessor: str
    marks: Mapping[str, int]
    vetoes: frozenset[str] = frozenset()


class Settlement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a third assessor decided where two sheets differ: marks of disputed stations, and which vetoes stand."""

    settled_by: str
    marks: Mapping[str, int]
    vetoes: frozenset[str] = frozenset()


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    """Where two sheets differ: stations beyond the tolerance, and veto items that only one assessor noted."""

    stations: tuple[str, ...]
    vetoes: tuple[str, ...]


class Outcome(StrEnum):
    """Outcome of the practical part."""

    PASSED = "passed"
    FAILED = "failed"
    VETOED = "vetoed"


class PracticalScore(msgspec.Struct, frozen=True, kw_only=True):
    """Weighted marks in hundredths; with a standing veto the marks are kept for the record and the whole is failed."""

    outcome: Outcome
    marks: int
    vetoes: tuple[str, ...]


class SheetInvalidError(DomainError):
    """A sheet or a settlement lacks a station, names an unknown one, or marks outside 0..10000."""

    code = "sheet_invalid"
    message = "评分表不完整或分值超出范围:{station}"


class SheetsDifferError(ConflictError):
    """Two sheets differ and nobody has settled all of it."""

    code = "sheets_differ"
    message = "两位考评员的评分不一致,须先裁定:{stations} {vetoes}"


def find_dispute(scheme: Scheme, first: Sheet, second: Sheet) -> Dispute | None:
    """Return where two assessors' sheets differ, or None where they agree.

    Raises `SamePersonError` when one person filled both, `SheetInvalidError` for an unfit sheet.
    """
    if first.assessor == second.assessor:
        raise SamePersonError
    for sheet in (first, second):
        require_marks(sheet.marks, [station.code for station in scheme.stations])
    stations = tuple(
        station.code
        for station in scheme.stations
        if abs(first.marks[station.code] - second.marks[station.code]) > scheme.tolerance
    )
    vetoes = tuple(sorted(first.vetoes ^ second.vetoes))
    return Dispute(stations=stations, vetoes=vetoes) if stations or vetoes else None


def score_practical(
    scheme: Scheme, first: Sheet, second: Sheet, settlement: Settlement | None = None
) -> PracticalScore:
    """Return the score of a practical part from two sheets that agree or have been settled.

    Each station counts the mean of both marks, or the settled one, by its weight; rounding happens once, downwards, at
    the end. Raises `SheetsDifferError` for a dispute without settlement, besides the errors of `find_dispute`.
    """
    dispute = find_dispute(scheme, first, second)
    doubled = {station.code: first.marks[station.code] + second.marks[station.code] for station in scheme.stations}
    vetoes = first.vetoes & second.vetoes
    if dispute is not None:
        settled = _require_settlement(dispute, settlement, {first.assessor, second.assessor})
        doubled |= {code: 2 * settled.marks[code] for code in dispute.stations}
        vetoes |= settled.vetoes & frozenset(dispute.vetoes)
    weighted = sum(doubled[station.code] * station.weight_permille for station in scheme.stations)
    marks = weighted // (2 * FULL_PERMILLE)
    return PracticalScore(outcome=_outcome(marks, scheme, vetoes), marks=marks, vetoes=tuple(sorted(vetoes)))


def _outcome(marks: int, scheme: Scheme, vetoes: frozenset[str]) -> Outcome:
    if vetoes:
        return Outcome.VETOED
    return Outcome.PASSED if marks >= scheme.pass_marks else Outcome.FAILED


def _require_settlement(dispute: Dispute, settlement: Settlement | None, assessors: set[str]) -> Settlement:
    if settlement is None:
        raise SheetsDifferError(stations=dispute.stations, vetoes=dispute.vetoes)
    if settlement.settled_by in assessors:
        raise SamePersonError
    require_marks(settlement.marks, dispute.stations)
    return settlement


def require_marks(marks: Mapping[str, int], stations: Sequence[str]) -> None:
    """Refuse marks that are not exactly one whole number in range for each station."""
    for station in sorted(set(marks) ^ set(stations)):
        raise SheetInvalidError(station=station)
    for station, mark in marks.items():
        if not 0 <= mark <= FULL_STATION_MARKS:
            raise SheetInvalidError(station=station)
