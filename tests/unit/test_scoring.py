import csv
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grading.scoring import Rule, SlotRule, SlotScore, agreement, percent_of, score_form, score_slot, text_matches

LABELS = st.lists(st.sampled_from("ABCDEF"), unique=True, max_size=6)
KEYS = st.lists(st.sampled_from("ABCDEF"), unique=True, min_size=1, max_size=6)
MARKS = st.integers(0, 10_000)
LABEL_RULES = st.sampled_from([Rule.EXACT, Rule.PARTIAL_MISSING, Rule.XOR])


def _rows(folder: Path, name: str) -> list[list[str]]:
    with (folder / "statistics" / f"ShinyItemAnalysis__dataMedical{name}.csv").open(encoding="utf-8") as file:
        return [row[:100] for row in csv.reader(file)][1:]


def test_exact_rule_reproduces_every_cell_of_a_published_exam(outside_data: Path) -> None:
    keys = [row[0] for row in _rows(outside_data, "key")]
    chosen, published = _rows(outside_data, "test"), _rows(outside_data, "")
    wrong = [
        (person, item)
        for person, (responses, marks) in enumerate(zip(chosen, published, strict=True))
        for item, (key, response, mark) in enumerate(zip(keys, responses, marks, strict=True))
        if score_slot(Rule.EXACT, key, list(response), 100).marks_hundredths != round(float(mark)) * 100
    ]
    assert len(chosen) * len(keys) == 239_200
    assert wrong == []


def test_xor_rule_reproduces_every_graded_score_of_a_published_exam(outside_data: Path) -> None:
    keys = [row[0] for row in _rows(outside_data, "key")]
    chosen, published = _rows(outside_data, "test"), _rows(outside_data, "graded")
    wrong = [
        (person, item)
        for person, (responses, marks) in enumerate(zip(chosen, published, strict=True))
        for item, (key, response, mark) in enumerate(zip(keys, responses, marks, strict=True))
        if score_slot(Rule.XOR, key, list(response), 4, options=4).marks_hundredths != round(float(mark))
    ]
    assert len(chosen) * len(keys) == 239_200
    assert wrong == []


@given(LABEL_RULES, KEYS, LABELS, MARKS, st.integers(0, 1000))
def test_any_labels_earn_between_nothing_and_full_marks(
    rule: Rule, key: list[str], response: list[str], marks: int, permille: int
) -> None:
    score = score_slot(rule, key, response, marks, options=6, partial_permille=permille)
    assert 0 <= score.marks_hundredths <= marks
    assert score.correct == (set(response) == set(key))
    assert not score.correct or score.marks_hundredths == marks


@given(LABEL_RULES, KEYS, LABELS, MARKS, st.randoms())
def test_the_order_of_labels_does_not_matter(
    rule: Rule, key: list[str], response: list[str], marks: int, chance: Random
) -> None:
    other = chance.sample(response, len(response))
    assert score_slot(rule, key, response, marks, options=6) == score_slot(rule, key, other, marks, options=6)


@given(KEYS, LABELS, MARKS)
def test_partial_rule_never_pays_for_a_wrong_option(key: list[str], response: list[str], marks: int) -> None:
    earned = score_slot(Rule.PARTIAL_MISSING, key, response, marks).marks_hundredths
    if set(response) - set(key) or not response:
        assert earned == 0
    elif set(response) < set(key):
        assert earned == marks // 2


@given(st.text(max_size=500), MARKS)
def test_any_text_earns_all_or_nothing(text: str, marks: int) -> None:
    score = score_slot(Rule.TEXT, ["接地", "36"], text, marks, tolerance="0.5")
    assert score in (SlotScore(0, correct=False), SlotScore(marks, correct=True))


@given(KEYS, LABELS)
def test_agreement_counts_the_options_treated_as_in_the_key(key: list[str], response: list[str]) -> None:
    treated = sum((label in key) == (label in response) for label in "ABCDEF")
    assert agreement(frozenset(key), frozenset(response), 6) == treated


def test_partial_share_is_a_parameter() -> None:
    assert score_slot(Rule.PARTIAL_MISSING, "ABC", ["A"], 200, partial_permille=250).marks_hundredths == 50


def test_unanswered_earns_nothing_under_the_exact_rule() -> None:
    assert score_slot(Rule.EXACT, ["T"], (), 100) == SlotScore(0, correct=False)


@pytest.mark.parametrize(("response", "marks"), [("BAC", 200), ("ABC", 0), ("BA", 0), ("BACD", 0), ("BCA", 0), ("", 0)])
def test_a_sequence_earns_all_or_nothing(response: str, marks: int) -> None:
    assert score_slot(Rule.SEQUENCE, "BAC", list(response), 200) == SlotScore(marks, correct=marks > 0)


@pytest.mark.parametrize(
    ("response", "marks"),
    [
        (["1B", "2A", "3C"], 200),
        (["1B", "2A"], 133),
        (["1B", "2A", "3A"], 133),
        (["3C"], 66),
        (["1A", "4B"], 0),
        ([], 0),
    ],
)
def test_each_right_group_earns_its_share(response: list[str], marks: int) -> None:
    assert score_slot(Rule.GROUPS, ["1B", "2A", "3C"], response, 200) == SlotScore(marks, correct=marks == 200)


def test_text_for_labels_and_labels_for_text_earn_nothing() -> None:
    assert score_slot(Rule.EXACT, ["A"], "A", 100).marks_hundredths == 0
    assert score_slot(Rule.TEXT, ["A"], ["A"], 100).marks_hundredths == 0


@pytest.mark.parametrize("typed", ["剩余电流 RCD", " 剩余电流　ｒｃｄ ", "剩余电流\trcd"])
def test_width_case_and_blanks_of_a_text_do_not_matter(typed: str) -> None:
    assert text_matches(["剩余电流 RCD"], typed)


@pytest.mark.parametrize(("typed", "close"), [("36", True), ("35.5", True), ("３６．５", True), ("36.51", False)])
def test_numbers_count_within_their_tolerance(typed: str, *, close: bool) -> None:
    assert text_matches(["36"], typed, "0.5") is close


@pytest.mark.parametrize(
    ("typed", "close"),
    [("36", True), ("35.5", True), ("３６．５", True), ("36.51", False), ("36±0.5", True), ("三十六", True)],
)
def test_a_variant_may_name_a_tolerance_of_its_own(typed: str, *, close: bool) -> None:
    assert score_slot(Rule.TEXT, ["36±0.5", "三十六"], typed, 100) == SlotScore(100 * close, correct=close)


@pytest.mark.parametrize("typed", ["NaN", "inf", "1e999999999", "-", "", "3" * 400])
def test_no_strange_number_is_within_a_tolerance(typed: str) -> None:
    assert not text_matches(["36"], typed, "999999999")


def test_form_score_adds_up_and_ignores_slots_that_are_not_on_the_form() -> None:
    slots = [
        SlotRule(slot=2, rule=Rule.PARTIAL_MISSING, key=("A", "C"), marks=200),
        SlotRule(slot=1, rule=Rule.EXACT, key=("T",), marks=100),
        SlotRule(slot=3, rule=Rule.EXACT, key=("B",), marks=100),
    ]
    score = score_form(slots, {1: ("T",), 2: ("A",), 9: ("T",)})
    assert (score.marks, score.full_marks, score.correct, score.answered) == (200, 400, 1, 2)
    assert [slot for slot, _ in score.slots] == [1, 2, 3]


@settings(max_examples=30)
@given(st.dictionaries(st.integers(1, 10), LABELS, max_size=10))
def test_form_score_stays_within_its_full_marks(responses: dict[int, list[str]]) -> None:
    slots = [SlotRule(slot=n, rule=Rule.XOR, key=("A", "B"), marks=150, options=4) for n in range(1, 11)]
    score = score_form(slots, responses)
    assert 0 <= score.marks <= score.full_marks == 1500


@pytest.mark.parametrize(
    "change",
    [{"key": ()}, {"marks": -1}, {"options": 1}, {"partial_permille": 1001}, {"tolerance": "NaN"}],
)
def test_a_rule_that_cannot_be_applied_is_refused(change: dict[str, object]) -> None:
    sound: dict[str, object] = {"slot": 1, "rule": Rule.XOR, "key": ("A", "B"), "marks": 100, "options": 4}
    with pytest.raises(ValueError, match="slot 1"):
        SlotRule(**(sound | change))  # type: ignore[arg-type]


@pytest.mark.parametrize(("part", "whole", "percent"), [(8, 12, 67), (1, 3, 33), (1, 200, 1), (0, 5, 0), (7, 7, 100)])
def test_a_share_is_rounded_half_up(part: int, whole: int, percent: int) -> None:
    assert percent_of(part, whole) == percent


AREAS = ["甲 @ rect 0,0,10,10", "rect 5,5,20,20", "circle 50,50,5"]


@pytest.mark.parametrize(
    ("response", "marks"),
    [
        (["1,1", "15,15", "50,54"], 300),
        (["7,7", "15,15"], 200),  # where areas overlap the first one counts
        (["7,7", "8,8", "9,9"], 100),
        (["99,99", "98,98", "97,97", "1,1"], 0),  # no more points than areas
        ([], 0),
        (["A"], 0),
        ("1,1", 0),
    ],
)
def test_each_area_that_is_found_earns_its_share(response: list[str] | str, marks: int) -> None:
    assert score_slot(Rule.POINTS, AREAS, response, 300) == SlotScore(marks, correct=marks == 300)


@given(st.lists(st.text(max_size=9) | st.just("1,1"), max_size=5), st.lists(st.text(max_size=20), min_size=1), MARKS)
def test_any_points_earn_between_nothing_and_full_marks(response: list[str], key: list[str], marks: int) -> None:
    assert 0 <= score_slot(Rule.POINTS, [*AREAS, *key], response, marks).marks_hundredths <= marks
