"""Divisions of GB/T 4754 and the cells of a row of enterprises."""

import pytest

from exam.records.enterprises.divisions import division_of, load_classification, title_of_division
from exam.records.enterprises.errors import DivisionError, EnterpriseFieldError
from exam.records.enterprises.reading import given_of
from tests.builders.records import unified_code


def test_the_classification_has_twenty_sections_and_ninety_seven_divisions_without_a_gap() -> None:
    sections = load_classification().sections
    divisions = [division for section in sections for division in section]
    assert [section.code for section in sections] == list("ABCDEFGHIJKLMNOPQRST")
    assert [int(division.code[1:]) for division in divisions] == list(range(1, 98))


@pytest.mark.parametrize("typed", ["C26", "c26", "26", "2614", "C2614", "化学原料和化学制品制造业"])
def test_a_division_is_known_by_its_code_its_classes_or_its_title(typed: str) -> None:
    assert division_of(typed) == "C26"
    assert title_of_division("C26") == "化学原料和化学制品制造业"


@pytest.mark.parametrize("typed", ["", "B26", "98", "00", "2", "26145", "化工", "制造业"])
def test_what_names_no_division_is_refused(typed: str) -> None:
    with pytest.raises(DivisionError):
        division_of(typed)


def test_an_empty_cell_says_nothing() -> None:
    given = given_of(
        {"uscc": unified_code(1), "name": " 甲 ", "size": "", "high_risk": "是", "industry": "金属非金属矿山"}
    )
    assert given.fields == {"name": "甲", "high_risk": True, "industry": "mine"}
    assert not given.gone


@pytest.mark.parametrize(
    ("column", "typed"),
    [("size", "巨型"), ("high_risk", "可能"), ("state", "停产"), ("name", ""), ("in_charge", "长" * 61)],
)
def test_a_cell_with_what_may_not_stand_there_is_refused(column: str, typed: str) -> None:
    with pytest.raises(EnterpriseFieldError):
        given_of({"uscc": unified_code(1), "name": "甲", column: typed})
