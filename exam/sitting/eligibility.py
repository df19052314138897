"""Who may sit: one decision over a person's facts and the rule set of the day; pure (DOMAIN.md §1.1, §1.5).

Every refusal names its article. A rule that is not stated is never enforced, and the decision says so.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from exam.core.clock import local_date
from exam.standards.api import Education, Exhausted, Parameter, Part, RuleSet, basis_of, explain

POLICY = "本系统设定"


class Passed(msgspec.Struct, frozen=True):
    """A part passed; it counts through `valid_until`."""

    part: str
    passed_on: date
    valid_until: date


class Used(msgspec.Struct, frozen=True):
    """An attempt of a part that was used up."""

    part: str
    at: datetime


class Ban(msgspec.Struct, frozen=True):
    """No application through `until_on`, by `basis`; `ground` is why, as a code, empty where it is not known."""

    until_on: date
    basis: str
    ground: str = ""


class Standing(msgspec.Struct, frozen=True):
    """An accepted registration for the same qualification whose sitting is not released."""

    sitting_id: UUID
    starts_at: datetime


class MissingHours(msgspec.Struct, frozen=True, kw_only=True):
    """What is missing of one node of the training programme, in hundredths of an hour."""

    code: str
    title: str
    practice: bool
    hours: int


class PersonFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a person over all regions for one qualification.

    `hours` are the hundredths that count towards the programme, `gaps` what its nodes still miss.
    """

    birth_on: date
    passes: tuple[Passed, ...] = ()
    attempts: tuple[Used, ...] = ()
    bans: tuple[Ban, ...] = ()
    standing: tuple[Standing, ...] = ()
    hours: int = 0
    gaps: tuple[MissingHours, ...] = ()
    trained_at: tuple[datetime, ...] = ()


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One thing weighed; `message` is a Chinese msgid with `fields` to fill in, `basis` its article.

    `stated` is false where the rules are silent: such a reason never refuses.
    """

    code: str
    message: str
    basis: str
    stated: bool
    fields: dict[str, str | int] = {}


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """`reasons` refuse; `notes` tell what the rules leave to documents or do not state."""

    eligible: bool
    make_up: bool
    reasons: tuple[Reason, ...]
    notes: tuple[Reason, ...]


class SittingFacts(msgspec.Struct, frozen=True):
    """The sitting that is applied for."""

    id: UUID
    starts_at: datetime


def decide(facts: PersonFacts, rules: RuleSet, sitting: SittingFacts, today: date) -> Decision:
    """Return whether a person may be registered; `today` is the Shanghai date of the application."""
    checks: tuple[Callable[[], Iterable[Reason]], ...] = (
        lambda: _age(facts, rules, today),
        lambda: _bans(facts, today),
        lambda: _standing(facts, sitting),
        lambda: _passed(facts, rules, sitting),
        lambda: _attempts(facts, rules),
        lambda: _hours(facts, rules),
        lambda: _documents(rules),
    )
    found = [reason for check in checks for reason in check()]
    refusals = tuple(reason for reason in found if reason.stated and reason.code not in _BY_DOCUMENT)
    return Decision(
        eligible=not refusals,
        make_up=attempts_in_round(facts, rules) > 0,
        reasons=refusals,
        notes=tuple(reason for reason in found if reason not in refusals),
    )


def attempts_in_round(facts: PersonFacts, rules: RuleSet) -> int:
    """Return the theory attempts since the last pass, or since the training that followed a used-up round."""
    limit = rules.theory_attempts.value
    marks = [(used.at, "used") for used in facts.attempts if used.part == Part.THEORY]
    marks += [(at, "trained") for at in facts.trained_at]
    passes = sorted(passed.passed_on for passed in facts.passes if passed.part == Part.THEORY)
    count = 0
    for at, what in sorted(marks):
        while passes and passes[0] < local_date(at):
            passes.pop(0)
            count = 0
        if what == "used":
            count += 1
        elif isinstance(limit, int) and count >= limit:
            count = 0
    return 0 if passes else count


def age_on(birth_on: date, day: date) -> int:
    """Return full years; who is born on 29 February has the birthday on 1 March of a common year."""
    return day.year - birth_on.year - ((day.month, day.day) < (birth_on.month, birth_on.day))


def _age(facts: PersonFacts, rules: RuleSet, today: date) -> Iterable[Reason]:
    least = rules.minimum_age_years
    if least.value is None:
        yield _silent(rules, least, "age_not_stated", "规则中未载明最低年龄,未作限制。")
    elif (age := age_on(facts.birth_on, today)) < least.value:
        yield _refusal(
            rules, least, "under_age", "申请时 {age} 周岁,规则要求年满 {least} 周岁。", age=age, least=least.value
        )


_BANNED = {
    "fraud": "因以欺骗、贿赂等手段取得证书被撤销,在 {until} 之前(含当日)不得申请。",
    "false_record": "因证书记载虚假信息被撤销,在 {until} 之前(含当日)不得申请。",
    "penalty": "因违法行为被处罚,在 {until} 之前(含当日)不得申请。",
    "false_material": "因申请时隐瞒有关情况或者提供虚假材料,在 {until} 之前(含当日)不得申请。",
}


def _bans(facts: PersonFacts, today: date) -> Iterable[Reason]:
    for ban in facts.bans:
        if ban.until_on >= today:
            yield Reason(
                code="banned",
                message=_BANNED.get(ban.ground, "在 {until} 之前(含当日)不得申请。"),
                basis=ban.basis,
                stated=True,
                fields={"until": ban.until_on.isoformat()},
            )


def _standing(facts: PersonFacts, sitting: SittingFacts) -> Iterable[Reason]:
    for other in facts.standing:
        same = other.sitting_id == sitting.id
        yield Reason(
            code="already_registered" if same else "duplicate_registration",
            message="已报名本场次。" if same else "同一资格已报名 {on} 的场次,成绩公布前不能重复报名。",
            basis=POLICY,
            stated=True,
            fields={} if same else {"on": local_date(other.starts_at).isoformat()},
        )


def _passed(facts: PersonFacts, rules: RuleSet, sitting: SittingFacts) -> Iterable[Reason]:
    held = [passed for passed in facts.passes if passed.part == Part.THEORY]
    latest = max(held, key=lambda passed: passed.valid_until, default=None)
    if latest is None or latest.valid_until < local_date(sitting.starts_at) or _must_start_again(facts, rules, latest):
        return
    key = rules.pass_validity_months
    message = "理论考试已合格,有效至 {until},不需要再次报名。"
    yield _refusal(rules, key, "theory_passed", message, until=latest.valid_until.isoformat())


def _must_start_again(facts: PersonFacts, rules: RuleSet, latest: Passed) -> bool:
    """Say whether the practical attempts that a theory pass opened are used up and theory is to be sat anew."""
    limit = rules.practical_attempts.value
    if not isinstance(limit, int) or rules.on_attempts_exhausted.value is not Exhausted.REREGISTER:
        return False
    tried = [used for used in facts.attempts if used.part == Part.PRACTICAL and local_date(used.at) >= latest.passed_on]
    return len(tried) >= limit


def _attempts(facts: PersonFacts, rules: RuleSet) -> Iterable[Reason]:
    limit = rules.theory_attempts
    if limit.value is None:
        yield _silent(rules, limit, "attempts_not_stated", "规则中未载明考试次数,未作限制。")
    elif isinstance(limit.value, int) and (used := attempts_in_round(facts, rules)) >= limit.value:
        retrain = rules.on_attempts_exhausted.value is Exhausted.RETRAIN
        message = _RETRAIN if retrain else _NEW_HOURS
        yield _refusal(rules, limit, "attempts_exhausted", message, used=used, limit=limit.value)


_RETRAIN = "理论考试已参加 {used} 次,规则允许 {limit} 次。须重新参加培训,学时登记后可再次报名。"
_NEW_HOURS = "理论考试已参加 {used} 次,规则允许 {limit} 次。登记新的培训学时后可再次报名。"


def _hours(facts: PersonFacts, rules: RuleSet) -> Iterable[Reason]:
    least = rules.training_hours_initial
    if least.value is None:
        yield _silent(rules, least, "hours_not_stated", "规则中未载明培训学时,未作限制。")
    elif facts.hours < least.value * 100 or facts.gaps:
        message = _hours_words(facts, enough=facts.hours >= least.value * 100)
        done, missing = f"{facts.hours / 100:g}", "、".join(_gap_text(gap) for gap in facts.gaps)
        yield _refusal(rules, least, "hours_short", message, done=done, needed=least.value, missing=missing)


def _hours_words(facts: PersonFacts, *, enough: bool) -> str:
    if enough:
        return _NODES_SHORT
    return _SHORT_BY_NODE if facts.gaps else "已登记培训 {done} 学时,规则要求 {needed} 学时。"


_NODES_SHORT = "学时总数已够,但培训方案有条目尚未学满。尚缺(学时):{missing}。"
_SHORT_BY_NODE = "已登记培训 {done} 学时,规则要求 {needed} 学时。尚缺(学时):{missing}。"


def _gap_text(gap: MissingHours) -> str:
    part = "(实操)" if gap.practice else ""
    return f"{gap.code} {gap.title}{part} {gap.hours / 100:g}"


def _documents(rules: RuleSet) -> Iterable[Reason]:
    education, anywhere = rules.education, rules.apply_anywhere
    if education.value not in {None, Education.NONE}:
        words = explain(rules, education.key).text
        yield _refusal(
            rules, education, "education_by_document", "文化程度({words})由经办人核对证明材料。", words=words
        )
    if anywhere.value is False:
        yield _refusal(rules, anywhere, "place_by_document", "户籍所在地或从业所在地由经办人核对证明材料。")


_BY_DOCUMENT = frozenset({"education_by_document", "place_by_document"})
"""Stated by the rules and checked on paper by the centre: noted, not refused."""


def _refusal(rules: RuleSet, key: Parameter[Any], code: str, message: str, **fields: str | int) -> Reason:
    return Reason(code=code, message=message, basis=basis_of(rules, key.key), stated=True, fields=fields)


def _silent(rules: RuleSet, key: Parameter[Any], code: str, message: str) -> Reason:
    return Reason(code=code, message=message, basis=basis_of(rules, key.key), stated=False)


def reason_texts(reasons: Sequence[Reason]) -> list[dict[str, Any]]:
    """Return reasons as plain values for storage and for programs: code, message, basis, stated."""
    return [
        {
            "code": reason.code,
            "message": reason.message.format_map(reason.fields),
            "basis": reason.basis,
            "stated": reason.stated,
        }
        for reason in reasons
    ]
