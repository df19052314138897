"""What cmi5 lets a unit say, and when (its sections 9 and 10): a pure step from where the unit stands to where it stands then."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import msgspec

from exam.training.cmi5 import words
from exam.training.cmi5.errors import StatementRuleError
from exam.training.cmi5.statement import Account, Result, Score, Statement
from exam.training.lessons.package import PackageItem


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """A unit as it was launched: what every statement of it must carry."""

    item: PackageItem
    activity: str
    actor: Account
    registration: UUID
    session: UUID
    mode: str


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a unit stands: in its session, and over all sessions of the learner's copy (`completed`, `success`, `score`)."""

    initialized: bool = False
    terminated: bool = False
    judged: bool = False
    completed: bool = False
    success: str = "unknown"
    score: str = ""


def hear(unit: Unit, standing: Standing, said: Statement) -> Standing:
    """Take a statement in; raises StatementRuleError and names the rule that it breaks."""
    _require(said.actor.account == unit.actor, "actor")
    _require(said.context.registration == unit.registration, "registration")
    _require(said.context.extensions.get(words.SESSION) == str(unit.session), "sessionid")
    _require(unit.item.publisher in said.context.context_activities.ids("grouping"), "contextTemplate")
    _require(said.timestamp is not None and said.timestamp.utcoffset() == timedelta(0), "timestamp")
    _require(said.id is not None, "id")
    _require(said.verb.id not in words.OF_US, "verb")
    _require(not standing.terminated, "terminated")
    categories = said.context.context_activities.ids("category")
    if words.CATEGORY not in categories:
        _require(standing.initialized, "initialized")
        _require(words.CATEGORY_MOVE_ON not in categories, "moveon")
        return standing
    _require(said.verb.id in words.OF_UNITS, "verb")
    _require(said.object.id == unit.activity, "object")
    _require((said.verb.id == words.INITIALIZED) != standing.initialized, "initialized")
    _judge_result(said, words.CATEGORY_MOVE_ON in categories)
    return _step(unit, standing, said)


def _step(unit: Unit, standing: Standing, said: Statement) -> Standing:
    change = msgspec.structs.replace
    match said.verb.id:
        case words.INITIALIZED:
            return change(standing, initialized=True)
        case words.TERMINATED:
            return change(standing, terminated=True)
    _require(unit.mode == "Normal", "launchMode")
    if said.verb.id == words.COMPLETED:
        _require(not standing.completed, "completed")
        return change(standing, completed=True)
    _require(not standing.judged and standing.success != "passed", "passed/failed")
    passed = said.verb.id == words.PASSED
    _judge_score(unit, said, passed=passed)
    scaled = said.result.score.scaled if said.result.score else None
    success, score = "passed" if passed else "failed", "" if scaled is None else f"{scaled:.4g}"
    return change(standing, judged=True, success=success, score=score)


_SUCCESS = {words.PASSED: True, words.FAILED: False}
_TIMED = words.OF_UNITS - {words.INITIALIZED}


def _judge_result(said: Statement, move_on: bool) -> None:  # noqa: FBT001  # one of two facts about the statement
    result, verb = said.result, said.verb.id
    _require(result.success is _SUCCESS.get(verb), "success")
    _require(result.completion is (True if verb == words.COMPLETED else None), "completion")
    _require(result.score is None or verb in _SUCCESS, "score")
    _require(result.duration is not None or verb not in _TIMED, "duration")
    _require(move_on == _decides(result), "moveon")


def _decides(result: Result) -> bool:
    return result.success is not None or result.completion is not None


def _judge_score(unit: Unit, said: Statement, *, passed: bool) -> None:
    """Hold a score against the one that was given at launch; a unit that says none is taken at its word."""
    score = said.result.score or Score()
    if score.raw is not None:
        inside = score.min is not None and score.max is not None and score.min <= score.raw <= score.max
        _require(inside, "score.raw")
    if score.scaled is None:
        return
    _require(score.scaled >= 0, "score.scaled")
    if unit.item.mastery:
        needed = Decimal(unit.item.mastery)
        _require((Decimal(str(score.scaled)) >= needed) == passed, "masteryScore")
        told = said.context.extensions.get(words.MASTERY)
        _require(isinstance(told, (int, float)) and Decimal(str(told)) == needed, "masteryscore")


def _require(holds: bool, what: str) -> None:  # noqa: FBT001  # the condition is the point
    if not holds:
        raise StatementRuleError(what=what)
