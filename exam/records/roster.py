"""持证清单: who must hold what at an enterprise, who does, and who is next; pure.

安全生产法 (2021) 第二十七条 asks principals and safety officers, 第三十条 special operators; how long a new principal or
officer may wait for the assessment is a parameter of the rule set.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import Literal
from uuid import UUID

import msgspec

ANY = ".*"
BANDS = (30, 60, 90)
"""Days ahead within which something counts as expiring; each band holds the ones before it."""


class Standing(StrEnum):
    """持证状态, the most urgent first."""

    MISSING = "missing"
    REVOKED = "revoked"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    REVIEW_OVERDUE = "review_overdue"
    EXPIRING = "expiring"
    VALID = "valid"


Posts = Literal["", "missing", "expiring", "valid"]
"""Which posts of a roster are asked for: all, those not covered, those covered for 90 days at most, those covered."""
COUNTS = frozenset({Standing.EXPIRING, Standing.VALID})
"""The standings in which the person may do the work."""
_ASKED: dict[Posts, frozenset[Standing]] = {
    "": frozenset(Standing),
    "missing": frozenset(Standing) - COUNTS,
    "expiring": frozenset({Standing.EXPIRING}),
    "valid": COUNTS,
}
_URGENCY = {standing: place for place, standing in enumerate(Standing)}


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A credential as far as the roster needs it; `status` is the stored one, never `expired`."""

    id: UUID
    person_id: UUID
    qualification: str
    number_masked: str
    status: str
    valid_from_on: date
    valid_until_on: date
    review_due_on: date | None
    source: str = "own"
    """`national` where 应急管理部 issued it and this system holds a record alone."""

    @property
    def ends_on(self) -> date:
        """The last day on which it counts if nothing is done: the term's end, or the review (复审) before it."""
        return min(self.valid_until_on, self.review_due_on or self.valid_until_on)

    @property
    def review_next(self) -> bool:
        """Whether the review comes before the end of the term."""
        return self.ends_on < self.valid_until_on


class Requirement(msgspec.Struct, frozen=True, kw_only=True):
    """What one engagement asks for: `wanted` is a qualification, or a category as `special.*` where any item will do.

    `due_on` is the last day by which a newly engaged person must be assessed, None where work may not begin before.
    """

    engagement_id: UUID
    person_id: UUID
    role: str
    wanted: str
    started_on: date
    due_on: date | None = None


class RosterLine(msgspec.Struct, frozen=True, kw_only=True):
    """One requirement with the best credential the person holds for it; `days_left` counts to its last day."""

    requirement: Requirement
    standing: Standing
    held: Held | None
    days_left: int | None
    others: int = 0
    """Further valid credentials of the same category: a special operator may hold several items."""

    @property
    def counts(self) -> bool:
        return self.standing in COUNTS


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Counts over a roster; `expiring` counts credentials by band in days, each band holding the ones before it."""

    wanted: int
    valid: int
    missing: int
    expiring: dict[int, int]


def answers(wanted: str, qualification: str) -> bool:
    """Say whether a credential for a qualification is what is wanted."""
    if wanted.endswith(ANY):
        return qualification.partition(".")[0] == wanted.removesuffix(ANY)
    return qualification == wanted


def standing_of(held: Held | None, on: date) -> Standing:
    """Return what a credential is worth for the work on a Shanghai date."""
    if held is None or held.status in {"superseded", "annulled"} or held.valid_from_on > on:
        return Standing.MISSING
    if held.status == "revoked":
        return Standing.REVOKED
    if held.valid_until_on < on:
        return Standing.EXPIRED
    if held.status == "suspended":
        return Standing.SUSPENDED
    if held.ends_on < on:
        return Standing.REVIEW_OVERDUE
    return Standing.EXPIRING if (held.ends_on - on).days <= BANDS[-1] else Standing.VALID


def roster(requirements: Iterable[Requirement], credentials: Iterable[Held], *, on: date) -> list[RosterLine]:
    """Return one line per requirement, what is missing first, then what ends next."""
    by_person: dict[UUID, list[Held]] = {}
    for held in credentials:
        by_person.setdefault(held.person_id, []).append(held)
    lines = [_line(wanted, by_person.get(wanted.person_id, ()), on) for wanted in requirements]
    return sorted(lines, key=_order)


def posts_of(lines: Iterable[RosterLine], asked: Posts) -> list[RosterLine]:
    """Return the lines that are asked for."""
    return [line for line in lines if line.standing in _ASKED[asked]]


def ending(requirements: Iterable[Requirement], credentials: Iterable[Held], *, on: date) -> list[Held]:
    """Return every usable credential that the requirements rest on and that ends within the widest band, soonest first.

    A special operator's second item stands here too, although another one satisfies the roster.
    """
    wanted: dict[UUID, list[str]] = {}
    for requirement in requirements:
        wanted.setdefault(requirement.person_id, []).append(requirement.wanted)
    soon = [
        held
        for held in credentials
        if standing_of(held, on) is Standing.EXPIRING
        and any(answers(each, held.qualification) for each in wanted.get(held.person_id, ()))
    ]
    return sorted(soon, key=lambda held: (held.ends_on, held.id))


def summarise(lines: Sequence[RosterLine], soon: Sequence[Held], *, on: date) -> Summary:
    """Count a roster and what ends soon."""
    valid = len(posts_of(lines, "valid"))
    expiring = {band: sum(1 for held in soon if (held.ends_on - on).days <= band) for band in BANDS}
    return Summary(wanted=len(lines), valid=valid, missing=len(lines) - valid, expiring=expiring)


def _line(requirement: Requirement, held: Iterable[Held], on: date) -> RosterLine:
    fitting = [each for each in held if answers(requirement.wanted, each.qualification)]
    best = max(fitting, key=lambda each: (_URGENCY[standing_of(each, on)], each.ends_on, each.id), default=None)
    standing = standing_of(best, on)
    shown = None if standing is Standing.MISSING else best
    usable = sum(1 for each in fitting if standing_of(each, on) in COUNTS)
    return RosterLine(
        requirement=requirement,
        standing=standing,
        held=shown,
        days_left=(shown.ends_on - on).days if shown else None,
        others=max(0, usable - 1),
    )


def _order(line: RosterLine) -> tuple[int, date, date, UUID]:
    ends = line.held.ends_on if line.held else date.max
    # whoever works without a valid credential comes before whoever will soon
    urgency = min(_URGENCY[line.standing], _URGENCY[Standing.EXPIRING])
    wait = line.requirement.due_on or date.min
    return urgency, wait if line.held is None else ends, line.requirement.started_on, line.requirement.engagement_id
