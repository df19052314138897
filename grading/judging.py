"""From marks to an outcome by the rule set that a registration is judged by; pure."""

from collections.abc import Iterable
from datetime import date, datetime

import msgspec

from exam.core.clock import local_midnight
from exam.standards.api import RuleSet
from grading.verdict import Outcome, Part, PartRule, PartScore, combine, last_valid_day


class Pass(msgspec.Struct, frozen=True):
    """A part that the person has passed on a day, anywhere."""

    part: Part
    passed_on: date


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """One part judged: its own pass mark in hundredths, whether it is passed, and where the whole exam stands."""

    pass_marks: int
    passed: bool
    outcome: Outcome


def pass_marks_of(rules: RuleSet, part: Part) -> int:
    """Return the pass mark of a part in hundredths; raises NotStatedError."""
    parameter = rules.theory_pass_mark if part is Part.THEORY else rules.practical_pass_mark
    return parameter.require()


def is_theory_first(rules: RuleSet) -> bool:
    """Tell whether theory must be passed before practice (104号 art. 9): yes unless the rules say otherwise."""
    return rules.theory_before_practical.value is not False


def part_rules(rules: RuleSet) -> list[PartRule]:
    """Return the required parts with their pass marks."""
    parts = [Part(part.value) for part in rules.parts.require()]
    return [PartRule(part, pass_marks_of(rules, part)) for part in parts]


def valid_until_on(rules: RuleSet, passed_on: date) -> date:
    """Return the last day on which a pass counts towards the whole."""
    return last_valid_day(passed_on, rules.pass_validity_months.require())


def judge(
    rules: RuleSet,
    part: Part,
    marks: int,
    taken_at: datetime,
    *,
    on: date,
    vetoed: bool = False,
    earlier: Iterable[Pass] = (),
) -> Judgement:
    """Judge one part, together with the other parts passed until `on` (Asia/Shanghai).

    A failed part is a failed outcome, whatever else was passed: the result speaks of this part.
    """
    required = part_rules(rules)
    needed = pass_marks_of(rules, part)
    if marks < needed or vetoed:
        return Judgement(pass_marks=needed, passed=False, outcome=Outcome.FAILED)
    enough = {rule.part: rule.pass_marks for rule in required}
    others = [
        # a pass known by its day stands at the beginning of that day: before what is taken on it
        PartScore(part=each.part, marks=enough[each.part], taken_at=local_midnight(each.passed_on))
        for each in earlier
        if each.part is not part and each.part in enough
    ]
    verdict = combine(
        required,
        [*others, PartScore(part=part, marks=marks, taken_at=taken_at)],
        on=on,
        validity_months=rules.pass_validity_months.require(),
        theory_first=is_theory_first(rules),
    )
    whole = verdict.outcome is Outcome.PASSED
    return Judgement(pass_marks=needed, passed=True, outcome=Outcome.PASSED if whole else _OTHER_OUTSTANDING[part])


_OTHER_OUTSTANDING = {
    Part.THEORY: Outcome.THEORY_PASSED_PRACTICAL_OUTSTANDING,
    Part.PRACTICAL: Outcome.PRACTICAL_PASSED_THEORY_OUTSTANDING,
}
