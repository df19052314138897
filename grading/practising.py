"""Practice and mocks are scored by the rules of the examination itself (port of exam.training)."""

from collections.abc import Mapping, Sequence

from exam.training.api import SlotMark
from grading.changes import slot_rule
from grading.scoring import Response, score_form
from questionbank.api import ScoringForm


def score_practice(form: ScoringForm, responses: Mapping[int, Response]) -> Sequence[SlotMark]:
    """Return the marks of every slot in order."""
    score = score_form([slot_rule(slot) for slot in form.slots], responses)
    return [SlotMark(slot, each.marks_hundredths, each.correct) for slot, each in score.slots]
