"""Who scores practice: the same rules as an exam's, which lie above this package (crossing rule 4)."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from exam.core.ports import Port
from questionbank.api import ScoringForm

Response = Sequence[str] | str
"""Displayed labels, or the text of a text entry; empty where nothing was answered."""


class SlotMark(msgspec.Struct, frozen=True):
    """Marks of one slot in hundredths; `right` only for the key itself."""

    slot: int
    marks: int
    right: bool


class Scorer(Protocol):
    """Scores the responses to a form, one mark per slot in order."""

    def __call__(self, form: ScoringForm, responses: Mapping[int, Response], /) -> Sequence[SlotMark]: ...


SCORER = Port[Scorer]("training.scorer")
