"""Scoring: from a key and a response to marks, in integers only and without exception for any response."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import assert_never

import msgspec

from exam.core.areas import find_area, find_point
from exam.core.weights import Weights

FULL_PERMILLE = 1000
HALF_PERMILLE = 500

Response = Sequence[str] | str
"""Labels, which an order gives in sequence, points, or the string of a text entry; empty is unanswered or cleared."""

# a plain decimal number, so that neither NaN nor a gigantic exponent can ever be compared
_NEAR = re.compile(r"([+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?) ?± ?([0-9]{1,30}(?:\.[0-9]{1,30})?)")
"""A variant that accepts every number within a distance of one: 36±0.5."""
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?")


class Rule(StrEnum):
    """计分规则 of one slot; no national text fixes the one for multiple choice, so the rule set names it."""

    EXACT = "exact"
    """Full marks for exactly the key, otherwise none."""
    PARTIAL_MISSING = "partial_missing"
    """As exact, but a part of the key without any wrong option earns a share (漏选给部分分,错选不给分)."""
    XOR = "xor"
    """One point for each option treated as in the key, chosen or left; leaving all of them is judged the same way."""
    TEXT = "text"
    """Full marks for one of the accepted variants, of which 36±0.5 is every number from 35.5 to 36.5."""
    GROUPS = "groups"
    """A share for each group, named by the first sign of a label, that is treated as in the key (QTI map_response)."""
    POINTS = "points"
    """A share for each area of the key in which a point lies (QTI map_response_point with one mark for each area)."""
    MARKED = "marked"
    """What people award (grading.written): by itself a response earns nothing."""
    SEQUENCE = "sequence"
    """Full marks for all labels in the order of the key, otherwise none (QTI match_correct of an ordered response)."""


class SlotRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one slot is scored: `marks` in hundredths, `key` the displayed labels or the accepted variants of a text.

    `options` (number of displayed options) matters to XOR, `partial_permille` to PARTIAL_MISSING, `tolerance` (a plain
    decimal number, the greatest accepted distance) to TEXT. The key of POINTS is areas (exam.core.areas). `weights` by the
    labels of the key are the item's own marks for each answer: they go before the rule, and the key earns all of `marks`.
    """

    slot: int
    rule: Rule
    key: tuple[str, ...]
    marks: int
    options: int = 0
    partial_permille: int = HALF_PERMILLE
    tolerance: str | None = None
    weights: Weights | None = None

    def __post_init__(self) -> None:
        too_few = self.rule is Rule.XOR and self.options < max(1, len(set(self.key)))
        unread = self.tolerance is not None and not _NUMBER.fullmatch(self.tolerance)
        worthless = self.weights is not None and self.weights.total(self.key) <= 0
        if (
            not self.key
            or self.marks < 0
            or too_few
            or unread
            or worthless
            or not 0 <= self.partial_permille <= FULL_PERMILLE
        ):
            message = f"slot {self.slot} cannot be scored by this rule"
            raise ValueError(message)


class SlotScore(msgspec.Struct, frozen=True):
    """Marks of one slot in hundredths; `correct` only where the response is the key itself."""

    marks_hundredths: int
    correct: bool


class FormScore(msgspec.Struct, frozen=True, kw_only=True):
    """Marks of a whole form in hundredths, with its slots in order."""

    marks: int
    full_marks: int
    correct: int
    answered: int
    slots: tuple[tuple[int, SlotScore], ...]


def score_slot(
    rule: Rule,
    key: Sequence[str],
    response: Response,
    marks: int,
    *,
    options: int = 0,
    partial_permille: int = HALF_PERMILLE,
    tolerance: str | None = None,
) -> SlotScore:
    """Return 0 … `marks` hundredths for any response; what does not fit the interaction earns nothing.

    XOR needs `options` of at least 1; `SlotRule` refuses rules that cannot be applied.
    """
    if rule is Rule.TEXT:
        correct = isinstance(response, str) and text_matches(key, response, tolerance)
        return SlotScore(marks if correct else 0, correct)
    if isinstance(response, str):
        return SlotScore(0, correct=False)
    if rule is Rule.SEQUENCE:
        correct = tuple(response) == tuple(key)
        return SlotScore(marks if correct else 0, correct)
    if rule is Rule.POINTS:
        found = found_areas(key, response)
        return SlotScore(marks * found // len(key), found == len(key))
    wanted, chosen = frozenset(key), frozenset(response)
    if chosen and chosen == wanted:
        return SlotScore(marks, correct=True)
    match rule:
        case Rule.EXACT | Rule.MARKED:
            earned = 0
        case Rule.PARTIAL_MISSING:
            earned = marks * partial_permille // FULL_PERMILLE if chosen and chosen < wanted else 0
        case Rule.XOR:
            earned = marks * agreement(wanted, chosen, options) // options
        case Rule.GROUPS:
            earned = marks * right_groups(wanted, chosen) // len({label[:1] for label in wanted})
        case _:
            assert_never(rule)
    return SlotScore(earned, correct=False)


def agreement(key: frozenset[str], chosen: frozenset[str], options: int) -> int:
    """Return how many of the options were treated as in the key: options − |chosen XOR key|, at least 0."""
    return max(0, options - len(key ^ chosen))


def right_groups(key: frozenset[str], chosen: frozenset[str]) -> int:
    """Return how many groups of the key have exactly their own labels chosen."""
    groups = {label[:1] for label in key}
    wrong = {label[:1] for label in key ^ chosen}
    return len(groups - wrong)


def score_weighed(rule: Rule, key: Sequence[str], response: Response, marks: int, weights: Weights) -> SlotScore:
    """Return 0 … `marks` hundredths by what each answer adds; the key's own sum is full marks and no response earns more."""
    if isinstance(response, str) or not response:
        return SlotScore(0, correct=False)
    answers, full = _answers(rule, key, response), weights.total(key)
    earned = min(full, max(0, weights.total(answers)))
    correct = sorted(answers) == sorted(key)
    return SlotScore(marks * earned // full, correct)


def _answers(rule: Rule, key: Sequence[str], response: Sequence[str]) -> list[str]:
    """Return what a response names, each once: of POINTS areas of the key, and what is no answer as an empty label."""
    if rule is Rule.POINTS:
        held = held_areas(key, response)
        return [key[at] for at in sorted({at for at in held if at is not None})] + [""] * held.count(None)
    chosen = sorted(set(response))
    if rule is not Rule.GROUPS:
        return chosen
    groups = Counter(label[:1] for label in chosen)
    return [label for label in chosen if groups[label[:1]] == 1] + [""] * sum(many > 1 for many in groups.values())


def found_areas(key: Sequence[str], response: Sequence[str]) -> int:
    """Return how many areas of the key have a point in them."""
    return len(set(held_areas(key, response)) - {None})


def held_areas(key: Sequence[str], response: Sequence[str]) -> list[int | None]:
    """Return for each point the place in the key of the first area that holds it, None where none does.

    No more points count than there are areas, so that nobody finds everything by pointing everywhere.
    """
    areas = [find_area(each) for each in key]
    points = [find_point(each) for each in response[: len(key)]]
    return [
        next((at for at, area in enumerate(areas) if area and point and area.holds(point)), None) for point in points
    ]


def text_matches(accepted: Sequence[str], response: str, tolerance: str | None = None) -> bool:
    """Tell whether a text equals a variant after NFKC, case folding and trimming, or lies within a tolerance of one."""
    given = normal_text(response)
    variants = [normal_text(variant) for variant in accepted]
    if not given or given in variants or not _NUMBER.fullmatch(given):
        return bool(given) and given in variants
    number = Decimal(given)
    near = [(match[1], match[2]) for each in variants if (match := _NEAR.fullmatch(each))]
    if tolerance is not None:
        near += [(each, tolerance) for each in variants if _NUMBER.fullmatch(each)]
    return any(abs(number - Decimal(middle)) <= Decimal(distance) for middle, distance in near)


def normal_text(text: str) -> str:
    """Return a text as it is compared: full-width forms folded, case folded, runs of blanks made one, ends trimmed."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split())


def score_form(slots: Sequence[SlotRule], responses: Mapping[int, Response]) -> FormScore:
    """Return the score of a form; a slot without a response counts as unanswered."""
    scores = [(slot, score_response(slot, responses.get(slot.slot, ()))) for slot in slots]
    return FormScore(
        marks=sum(score.marks_hundredths for _, score in scores),
        full_marks=sum(slot.marks for slot in slots),
        correct=sum(score.correct for _, score in scores),
        answered=sum(bool(responses.get(slot.slot)) for slot in slots),
        slots=tuple((slot.slot, score) for slot, score in sorted(scores, key=lambda entry: entry[0].slot)),
    )


def score_response(slot: SlotRule, response: Response) -> SlotScore:
    """Return the score of one response under its slot's rule, or by the item's own weights."""
    if slot.weights is not None:
        return score_weighed(slot.rule, slot.key, response, slot.marks, slot.weights)
    return score_slot(
        slot.rule,
        slot.key,
        response,
        slot.marks,
        options=slot.options,
        partial_permille=slot.partial_permille,
        tolerance=slot.tolerance,
    )


def percent_of(part: int, whole: int) -> int:
    """Return a share in whole per cent, rounded half up."""
    return (200 * part + whole) // (2 * whole)
