"""Bodies of grading's forms and of its routes for programs; unknown fields are refused."""

import re
from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from exam.web.forms import Form
from grading.changes import Action, RuleChange
from grading.errors import MarksFormatError, RegradeActionError
from grading.signed import SheetView
from grading.views import ResultView

Marks = Annotated[int, msgspec.Meta(ge=0, le=10_000)]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
Words = Annotated[str, msgspec.Meta(max_length=2000)]
Typed = Annotated[str, msgspec.Meta(max_length=100)]

_MARKS = re.compile(r"([0-9]{1,3})(?:[.。]([0-9]{1,2}))?")
FULL = 10_000


def marks_from_text(text: str, station: str) -> int:
    """Return hundredths of what a person typed ("85", "85.5"), or raise MarksFormatError."""
    found = _MARKS.fullmatch(text.strip())
    hundredths = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else FULL + 1
    if hundredths > FULL:
        raise MarksFormatError(station=station)
    return hundredths


def as_list(value: list[str] | str) -> list[str]:
    """Return what was sent once or several times under one name."""
    return [value] if isinstance(value, str) else list(value)


class EmptyForm(Form, frozen=True, kw_only=True):
    """A confirmation without words."""


class SheetForm(Form, frozen=True, kw_only=True):
    """A sheet as it is typed: marks in the order of `station`."""

    station: list[Code] | Typed = ""
    marks: list[Typed] | Typed = ""
    veto: list[Code] | Typed = ""
    note: Words = ""

    def typed(self) -> dict[str, str]:
        """Return what was typed by station, also where it is no number."""
        pairs = zip(as_list(self.station), as_list(self.marks), strict=False)
        return {station: marks for station, marks in pairs if station}

    def hundredths(self) -> dict[str, int]:
        """Return the marks by station; raises MarksFormatError."""
        return {station: marks_from_text(text, station) for station, text in self.typed().items()}

    def vetoes(self) -> list[str]:
        return [veto for veto in as_list(self.veto) if veto]


class NoteForm(Form, frozen=True, kw_only=True):
    """An agreement, with words if one likes."""

    note: Words = ""


class MarkForm(Form, frozen=True, kw_only=True):
    """One's own mark for an answer in words."""

    marks: Typed = ""
    note: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class AnswerForm(Form, frozen=True, kw_only=True):
    """The answer to an appeal."""

    decision: Literal["upheld", "dismissed"]
    answer: Words = ""


class RegradeForm(Form, frozen=True, kw_only=True):
    """One item and what becomes of it; `text` holds what is typed one per line: accepted texts, or labels in sequence."""

    item: Typed
    action: Action | None = None
    key: list[Code] | Typed = ""
    text: Words = ""
    reason: Words = ""

    def change(self) -> RuleChange:
        """Return the change; an action that takes no key is given none, whatever was ticked before.

        Raises RegradeActionError while none is chosen: each moves marks, so none is proposed.
        """
        if self.action is None:
            raise RegradeActionError
        key = [line.strip() for line in self.text.splitlines() if line.strip()] or [
            label for label in as_list(self.key) if label
        ]
        takes = self.action in {Action.REKEY, Action.ACCEPT_ALSO}
        return RuleChange(item_id=self.item, action=self.action, key=tuple(key) if takes else ())


class RecordSheet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sheet recorded by a program: marks by station in hundredths."""

    registration_id: UUID
    marks: dict[str, Marks]
    vetoes: list[Code] = []
    note: Words = ""


class ConfirmSheet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The second assessor's word; marks and vetoes of one's own where it is no."""

    agree: bool
    marks: dict[str, Marks] | None = None
    vetoes: list[Code] = []
    note: Words = ""


class SettleSheet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The third assessor's word on the disputed stations and vetoes."""

    marks: dict[str, Marks]
    vetoes: list[Code] = []
    note: Words = ""


class ProposeRegrade(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A proposal by a program."""

    changes: Annotated[list[RuleChange], msgspec.Meta(min_length=1, max_length=100)]
    reason: Words


class SheetOut(msgspec.Struct):
    """Where a sheet stands."""

    id: UUID
    state: str
    result: "ResultOut | None" = None


class ResultOut(msgspec.Struct):
    """One result; marks are hundredths, `released_at` an ISO instant or null."""

    result_id: UUID
    registration_id: UUID
    attempt_id: UUID | None
    part: str
    version: int
    marks: int
    pass_marks: int
    passed: bool
    outcome: str
    released_at: str | None


class CandidateOut(msgspec.Struct):
    """A registration by its latest part (practical after theory), with every part beside it."""

    registration_id: UUID
    attempt_id: UUID | None
    part: str
    marks: int
    pass_marks: int
    passed: bool
    outcome: str
    version: int
    released_at: str | None
    parts: list[ResultOut]


class StandingOut(msgspec.Struct):
    """Where the results of a sitting stand."""

    sitting_id: UUID
    state: str
    candidates: int
    ready: int
    held: int
    unscored: int
    voided: int
    released: int
    results: list[CandidateOut]


class ReleaseOut(msgspec.Struct):
    """What a release told, and what it had to leave."""

    released: int
    held: int
    unscored: int


class RegradeOut(msgspec.Struct):
    """A proposal and its effect."""

    regrade_id: UUID
    state: str
    effect: dict[str, int]


def result_out(view: ResultView) -> ResultOut:
    """Return a result as programs are told it."""
    return ResultOut(
        result_id=view.id,
        registration_id=view.registration_id,
        attempt_id=view.attempt_id,
        part=view.part,
        version=view.version,
        marks=view.marks,
        pass_marks=view.pass_marks,
        passed=view.passed,
        outcome=view.outcome,
        released_at=view.released_at.isoformat() if view.released_at else None,
    )


def candidates_out(views: Sequence[ResultView]) -> list[CandidateOut]:
    """Return the results of a sitting by registration, in the order in which they first appear."""
    grouped: dict[UUID, list[ResultView]] = {}
    for view in views:
        grouped.setdefault(view.registration_id, []).append(view)
    return [_candidate_out(own) for own in grouped.values()]


def _candidate_out(own: Sequence[ResultView]) -> CandidateOut:
    parts = sorted(own, key=lambda view: (view.part != "theory", view.taken_at))
    latest = result_out(parts[-1])
    return CandidateOut(
        registration_id=latest.registration_id,
        attempt_id=next((view.attempt_id for view in parts if view.attempt_id), None),
        part=latest.part,
        marks=latest.marks,
        pass_marks=latest.pass_marks,
        passed=latest.passed,
        outcome=latest.outcome,
        version=latest.version,
        released_at=latest.released_at,
        parts=[result_out(view) for view in parts],
    )


def sheet_out(view: SheetView, results: Sequence[ResultView] = ()) -> SheetOut:
    """Return a sheet as programs are told it, with its result once it is decided."""
    own = next((each for each in results if each.sheet_id == view.id), None)
    return SheetOut(id=view.id, state=view.state, result=result_out(own) if own else None)
