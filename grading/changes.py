"""Scoring a form under its scoring view, and under what regrades have changed of it since; pure."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from grading.scoring import FormScore, Response, Rule, SlotRule, SlotScore, score_response
from questionbank.api import ScoringForm, ScoringSlot


class Action(StrEnum):
    """重评方式: what a regrade does to one item."""

    REKEY = "rekey"
    """Only the new key counts (更正答案)."""
    ACCEPT_ALSO = "accept_also"
    """The old key and the new one both count (两个答案均给分)."""
    FULL_CREDIT = "full_credit"
    """Everybody who was given the item gets its marks (该题全员给分)."""
    VOID = "void"
    """The item counts for nobody, and the rest is brought up to full marks (该题作废)."""


class RuleChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One change of one item.

    `key` is in the author's labels ("A"…, "T"/"F", or accepted texts), because every candidate saw the options in an
    order of their own; it is empty unless the action needs one.
    """

    item_id: str
    action: Action
    key: tuple[str, ...] = ()


NEEDS_KEY = frozenset({Action.REKEY, Action.ACCEPT_ALSO})


def score_attempt(
    form: ScoringForm,
    responses: Mapping[int, Response],
    changes: Sequence[RuleChange] = (),
    awarded: Mapping[int, int] | None = None,
) -> FormScore:
    """Return the score of a form with `changes` applied in order; a voided slot is neither counted nor listed.

    `awarded` are the marks in hundredths that people gave to answers in words, by slot.
    """
    scores: list[tuple[ScoringSlot, SlotScore]] = []
    for slot in form.slots:
        own = [change for change in changes if change.item_id == slot.item_id]
        score = _score_slot(slot, responses.get(slot.slot, ()), own, (awarded or {}).get(slot.slot, 0))
        if score is not None:
            scores.append((slot, score))
    return FormScore(
        marks=sum(score.marks_hundredths for _, score in scores),
        full_marks=sum(slot.marks for slot, _ in scores),
        correct=sum(score.correct for _, score in scores),
        answered=sum(bool(responses.get(slot.slot)) for slot in form.slots),
        slots=tuple((slot.slot, score) for slot, score in sorted(scores, key=lambda pair: pair[0].slot)),
    )


def _score_slot(slot: ScoringSlot, response: Response, changes: Sequence[RuleChange], awarded: int) -> SlotScore | None:
    rules, given = [slot_rule(slot)], False
    for change in changes:
        match change.action:
            case Action.VOID:
                return None
            case Action.FULL_CREDIT:
                given = True
            case Action.REKEY:
                rules = [slot_rule(slot, displayed_key(slot, change.key))]
            case Action.ACCEPT_ALSO:
                rules.append(slot_rule(slot, displayed_key(slot, change.key)))
    if slot.rule == Rule.MARKED:
        return SlotScore(slot.marks if given else awarded, awarded == slot.marks)
    best = max((score_response(rule, response) for rule in rules), key=lambda score: score.marks_hundredths)
    return SlotScore(slot.marks, best.correct) if given else best


def slot_rule(slot: ScoringSlot, key: tuple[str, ...] = ()) -> SlotRule:
    """Return how a slot is scored, by its own key or by another one in displayed labels.

    The item's weights belong to its own key: another key is scored by the rule alone.
    """
    rule = Rule(slot.rule)
    own = slot.accepted if rule in {Rule.TEXT, Rule.MARKED} else slot.key
    weights = None if key or slot.weights is msgspec.UNSET else slot.weights
    return SlotRule(slot=slot.slot, rule=rule, key=key or own, marks=slot.marks, options=slot.options, weights=weights)


def displayed_key(slot: ScoringSlot, key: Sequence[str]) -> tuple[str, ...]:
    """Turn a key in the author's labels into what this form displayed; labels without a mapping stay as they are."""
    displayed = {original: shown for shown, original in slot.option_map}
    labels = tuple(displayed.get(label, label) for label in key)
    return labels if slot.rule in {Rule.SEQUENCE, Rule.POINTS} else tuple(sorted(labels))


def scaled_marks(score: FormScore, full_marks: int) -> int:
    """Return the marks out of `full_marks` hundredths, rounded down once; a form that counts nothing earns nothing."""
    return score.marks * full_marks // score.full_marks if score.full_marks else 0
