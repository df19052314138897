"""What cmi5 lets a unit say: each rule by the statement that breaks it, and any talk by what must hold of it."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam.training.cmi5 import words
from exam.training.cmi5.errors import StatementFormError, StatementRuleError
from exam.training.cmi5.launch import launch_data, own_statement
from exam.training.cmi5.rules import Standing, Unit, hear
from exam.training.cmi5.statement import Account, read_statements
from exam.training.lessons.package import MoveOn, PackageItem

START = datetime(2026, 12, 1, tzinfo=UTC)
ITEM = PackageItem(
    key="au-1", title="急救", href="a.html", mastery="0.8", publisher="https://c.example/au", move_on=MoveOn.BOTH
)
UNIT = Unit(
    item=ITEM,
    activity="urn:uuid:5dc1d0ea-7a0b-5d2b-9a39-2f9d4fd7a001",
    actor=Account(home_page="https://exam.example", name="copy"),
    registration=UUID(int=7),
    session=UUID(int=8),
    mode="Normal",
)
RESULTS: dict[str, dict[str, Any]] = {
    words.INITIALIZED: {},
    words.COMPLETED: {"completion": True, "duration": "PT1M"},
    words.PASSED: {"success": True, "duration": "PT1M", "score": {"scaled": 0.9}},
    words.FAILED: {"success": False, "duration": "PT1M", "score": {"scaled": 0.5}},
    words.TERMINATED: {"duration": "PT1M"},
}
OPEN = Standing(initialized=True)


def said(used: str, number: int = 1, **more: Any) -> dict[str, Any]:
    """Return a defined statement that is right in every way."""
    body = own_statement(UNIT, used, at=START, extensions={words.MASTERY: 0.8})
    result = RESULTS[used]
    if {"success", "completion"} & result.keys():
        body["context"]["contextActivities"]["category"].append({"id": words.CATEGORY_MOVE_ON})
    return {**body, "id": str(UUID(int=number)), **({"result": deepcopy(result)} if result else {}), **more}


def step(standing: Standing, body: dict[str, Any], unit: Unit = UNIT) -> Standing:
    [sent] = read_statements(msgspec.json.encode(body))
    return hear(unit, standing, sent.read)


def test_a_whole_talk_leaves_the_unit_completed_and_passed() -> None:
    standing = Standing()
    for verb in (words.INITIALIZED, words.COMPLETED, words.PASSED, words.TERMINATED):
        standing = step(standing, said(verb))
    assert standing == Standing(
        initialized=True, terminated=True, judged=True, completed=True, success="passed", score="0.9"
    )


@pytest.mark.parametrize(
    ("standing", "body", "rule"),
    [
        (Standing(), said(words.COMPLETED), "initialized"),
        (OPEN, said(words.INITIALIZED), "initialized"),
        (Standing(initialized=True, terminated=True), said(words.COMPLETED), "terminated"),
        (Standing(initialized=True, completed=True), said(words.COMPLETED), "completed"),
        (Standing(initialized=True, success="passed"), said(words.FAILED), "passed/failed"),
        (Standing(initialized=True, judged=True, success="failed"), said(words.PASSED), "passed/failed"),
        (OPEN, said(words.COMPLETED, timestamp="2026-12-01T08:00:00+08:00"), "timestamp"),
        (OPEN, said(words.COMPLETED, result={"completion": True}), "duration"),
        (OPEN, said(words.COMPLETED, result={"duration": "PT1M"}), "completion"),
        (OPEN, said(words.TERMINATED, result={"duration": "PT1M", "success": True}), "success"),
        (OPEN, said(words.TERMINATED, result={"duration": "PT1M", "score": {"scaled": 1}}), "score"),
        (
            OPEN,
            said(words.PASSED, result={"success": True, "duration": "PT1M", "score": {"scaled": 0.79}}),
            "masteryScore",
        ),
        (
            OPEN,
            said(words.FAILED, result={"success": False, "duration": "PT1M", "score": {"scaled": 0.8}}),
            "masteryScore",
        ),
        (OPEN, said(words.PASSED, result={"success": True, "duration": "PT1M", "score": {"raw": 5}}), "score.raw"),
        (OPEN, said(words.COMPLETED, object={"id": "urn:uuid:other"}), "object"),
        (OPEN, said(words.COMPLETED, actor={"account": {"homePage": "https://exam.example", "name": "x"}}), "actor"),
        (OPEN, said(words.COMPLETED, verb={"id": words.SATISFIED}), "verb"),
        (OPEN, said(words.COMPLETED, verb={"id": words.VOIDED}), "verb"),
    ],
)
def test_a_statement_that_breaks_a_rule_is_refused_by_its_name(
    standing: Standing, body: dict[str, Any], rule: str
) -> None:
    with pytest.raises(StatementRuleError) as refused:
        step(standing, body)
    assert refused.value.fields == {"what": rule}


@pytest.mark.parametrize("part", ["registration", "extensions", "contextActivities"])
def test_a_statement_must_carry_what_the_launch_gave(part: str) -> None:
    body = said(words.INITIALIZED)
    del body["context"][part]
    with pytest.raises(StatementRuleError):
        step(Standing(), body)


def test_a_review_may_be_opened_and_closed_but_judges_nothing() -> None:
    review = msgspec.structs.replace(UNIT, mode="Review")
    opened = step(Standing(completed=True, success="passed"), said(words.INITIALIZED), review)
    assert step(opened, said(words.TERMINATED), review).terminated
    with pytest.raises(StatementRuleError):
        step(Standing(initialized=True), said(words.COMPLETED), review)


@pytest.mark.parametrize(
    "text",
    [
        b"{",
        b"[]",
        b"null",
        b"[" * 5000,
        msgspec.json.encode({**said(words.INITIALIZED), "hours": 9}),
        msgspec.json.encode({**said(words.INITIALIZED), "attachments": []}),
        msgspec.json.encode({**said(words.INITIALIZED), "result": None}),
        msgspec.json.encode({**said(words.INITIALIZED), "verb": {"id": "done"}}),
        msgspec.json.encode({**said(words.COMPLETED), "result": {"completion": True, "duration": "1 hour"}}),
        msgspec.json.encode([said(words.INITIALIZED), said(words.COMPLETED)]),
    ],
)
def test_what_is_no_statement_is_refused(text: bytes) -> None:
    with pytest.raises(StatementFormError):
        read_statements(text)


def test_launch_data_names_what_the_course_asks() -> None:
    told = launch_data(UNIT)
    assert (told["launchMode"], told["moveOn"], told["masteryScore"]) == ("Normal", "CompletedAndPassed", 0.8)
    assert told["contextTemplate"]["extensions"] == {words.SESSION: str(UNIT.session)}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(sorted(RESULTS)), max_size=12))
def test_no_talk_ends_twice_completes_twice_or_loses_a_pass(verbs: list[str]) -> None:
    standing, heard = Standing(), []
    for verb in verbs:
        try:
            standing = step(standing, said(verb))
            heard.append(verb)
        except StatementRuleError:
            continue
    assert all(heard.count(verb) <= 1 for verb in RESULTS)
    assert not heard or heard[0] == words.INITIALIZED
    assert words.TERMINATED not in heard[:-1]
    assert standing.completed == (words.COMPLETED in heard)
    assert (standing.success == "passed") == (words.PASSED in heard)
