"""双评: what two independent markers of an answer in words come to, by a rule that is data; pure."""

import tomllib
from functools import cache
from importlib.resources import files

import msgspec

from exam.core.errors import DomainError
from exam.web.format import marks as show_marks

FULL_PERMILLE = 1000


class MarkingRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How answers of some qualifications are marked; `covers` holds the beginnings of their codes.

    Two marks agree where they differ by at most `tolerance_permille` of the item's full marks; a mark is a multiple of
    `step` hundredths.
    """

    covers: tuple[str, ...]
    tolerance_permille: int
    step: int
    source: str
    mark: str

    def __post_init__(self) -> None:
        if not 0 <= self.tolerance_permille <= FULL_PERMILLE or self.step < 1:
            message = "tolerance_permille must lie in 0..1000 and step must be positive"
            raise ValueError(message)

    def tolerance(self, full: int) -> int:
        """Return the greatest difference that counts as agreement, in hundredths, rounded down."""
        return full * self.tolerance_permille // FULL_PERMILLE


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rules: tuple[MarkingRule, ...]


class AnswerMarksError(DomainError):
    """A mark is no whole number of steps between nothing and the item's full marks."""

    code = "answer_marks"
    message = "分数应为 0 到 {full} 分,以 {step} 分为一档。"


@cache
def list_rules() -> tuple[MarkingRule, ...]:
    """Return every rule of the packaged file."""
    text = (files("grading") / "data" / "marking.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _File).rules


def get_rule(qualification: str) -> MarkingRule:
    """Return the rule of a qualification: that with the longest beginning of its code."""
    fits = [(len(code), rule) for rule in list_rules() for code in rule.covers if qualification.startswith(code)]
    return max(fits, key=lambda pair: pair[0])[1]


def require_mark(marks: int, *, full: int, step: int) -> int:
    """Return a mark that may be given; full marks always may. Raises AnswerMarksError."""
    if not 0 <= marks <= full or (marks % step and marks != full):
        raise AnswerMarksError(full=show_marks(full), step=show_marks(step))
    return marks


def find_agreed(first: int, second: int, *, tolerance: int) -> int | None:
    """Return the mean of two marks that agree, rounded half up, or None where a third must decide."""
    return None if abs(first - second) > tolerance else (first + second + 1) // 2
