from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.changes import Action, RuleChange, displayed_key, scaled_marks, score_attempt
from grading.scoring import FormScore, Response
from questionbank.api import Interaction, ScoringForm, ScoringSlot

SHUFFLED = (("A", "C"), ("B", "A"), ("C", "D"), ("D", "B"))
"""Displayed label, author's label."""


def slot(number: int, interaction: Interaction, key: tuple[str, ...], **fields: object) -> ScoringSlot:
    values: dict[str, object] = {
        "item_id": f"item-{number}",
        "version": "v",
        "rule": "exact",
        "accepted": (),
        "option_map": () if interaction is Interaction.JUDGEMENT else SHUFFLED,
        "options": 4,
        "marks": 100,
    }
    return ScoringSlot(slot=number, interaction=interaction, key=key, **(values | fields))  # type: ignore[arg-type]


FORM = ScoringForm(
    algorithm="draw@1",
    slots=(
        slot(1, Interaction.JUDGEMENT, ("T",)),
        slot(2, Interaction.CHOICE, ("B",)),
        slot(3, Interaction.MULTIPLE, ("A", "D"), marks=200),
        slot(4, Interaction.TEXT_ENTRY, (), rule="text", accepted=("接地",), option_map=()),
        slot(5, Interaction.ORDER, ("C", "A", "D", "B"), rule="sequence"),
    ),
)
RIGHT: dict[int, Response] = {1: ("T",), 2: ("B",), 3: ("A", "D"), 4: "接地", 5: ("C", "A", "D", "B")}


def marks(responses: Mapping[int, Response], *changes: RuleChange) -> tuple[int, int]:
    score = score_attempt(FORM, responses, changes)
    return score.marks, score.full_marks


def change(number: int, action: Action, *key: str) -> RuleChange:
    return RuleChange(item_id=f"item-{number}", action=action, key=key)


def test_a_form_without_changes_is_scored_by_its_own_keys() -> None:
    assert marks(RIGHT) == (600, 600)
    assert marks(RIGHT | {3: ("A",)}) == (400, 600)
    assert marks(RIGHT | {5: ("A", "C", "D", "B")}) == (500, 600)


def test_a_key_in_the_authors_labels_finds_what_was_displayed() -> None:
    assert displayed_key(FORM.slots[1], ("D",)) == ("C",)
    assert displayed_key(FORM.slots[2], ("C", "B")) == ("A", "D")
    assert displayed_key(FORM.slots[0], ("F",)) == ("F",)
    assert displayed_key(FORM.slots[4], ("D", "C", "B", "A")) == ("C", "A", "D", "B")


def test_a_new_key_alone_counts_as_displayed() -> None:
    rekey = change(2, Action.REKEY, "D")
    assert marks({2: ("C",)}, rekey)[0] == 100
    assert marks({2: ("B",)}, rekey)[0] == 0


def test_a_further_key_adds_without_taking() -> None:
    also = change(2, Action.ACCEPT_ALSO, "D")
    assert [marks({2: (label,)}, also)[0] for label in "ABCD"] == [0, 100, 100, 0]


def test_an_accepted_text_may_be_added() -> None:
    assert marks({4: "接地线"}, change(4, Action.ACCEPT_ALSO, "接地线"))[0] == 100


def test_full_credit_reaches_those_who_left_the_slot_empty() -> None:
    assert marks({}, change(3, Action.FULL_CREDIT)) == (200, 600)


def test_a_void_item_leaves_the_sum_and_the_full_marks() -> None:
    score = score_attempt(FORM, RIGHT, [change(3, Action.VOID)])
    assert (score.marks, score.full_marks, [number for number, _ in score.slots]) == (400, 400, [1, 2, 4, 5])
    assert scaled_marks(score, 10_000) == 10_000


def test_later_changes_of_an_item_follow_earlier_ones() -> None:
    both = (change(2, Action.REKEY, "D"), change(2, Action.REKEY, "A"))
    assert [marks({2: (label,)}, *both)[0] for label in "ABCD"] == [0, 100, 0, 0]


@pytest.mark.parametrize(("earned", "full", "scaled"), [(0, 0, 0), (1, 3, 3333), (2, 3, 6666), (3, 3, 10_000)])
def test_scaling_rounds_down_once(earned: int, full: int, scaled: int) -> None:
    score = FormScore(marks=earned, full_marks=full, correct=0, answered=0, slots=())
    assert scaled_marks(score, 10_000) == scaled


@given(
    st.dictionaries(st.integers(1, 4), st.lists(st.sampled_from("ABCDTF"), max_size=4, unique=True).map(tuple)),
    st.integers(1, 3),
    st.sampled_from([Action.ACCEPT_ALSO, Action.FULL_CREDIT]),
)
def test_lenient_changes_never_take_marks(responses: dict[int, tuple[str, ...]], number: int, action: Action) -> None:
    key = ("A",) if action is Action.ACCEPT_ALSO else ()
    before, after = score_attempt(FORM, responses), score_attempt(FORM, responses, [change(number, action, *key)])
    assert before.marks <= after.marks <= after.full_marks
