"""Coverage of a syllabus and a blueprint, the acts open to each person, and what a comparison of texts shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questionbank.blueprints.cells import Blueprint, Cell, PoolItem
from questionbank.blueprints.coverage import Chapter, Count, cover, cover_cells
from questionbank.items.content import Interaction
from questionbank.items.state import STEPS, ItemAct, ItemState, allowed_acts
from questionbank.items.viewing import diff_text

JUDGEMENT, CHOICE = Interaction.JUDGEMENT, Interaction.CHOICE
CHAPTERS = (Chapter("1", "法规", 60), Chapter("2", "技术", 40))
MAKERS = ("author", "reviewer", "publisher")


def blueprint(*cells: Cell) -> Blueprint:
    return Blueprint(qualification="q", title="t", duration_min=60, pass_marks=1, cells=cells)


def items(node: str, interaction: Interaction, count: int) -> list[PoolItem]:
    return [
        PoolItem(
            item_id=f"{node}-{interaction}-{n}",
            version="v",
            node=node,
            interaction=interaction,
            difficulty=30,
            options=0,
        )
        for n in range(count)
    ]


def test_need_is_count_times_weight_times_five() -> None:
    everywhere = blueprint(Cell(interaction=JUDGEMENT, count=10, marks=100))
    covered = cover(everywhere, CHAPTERS, items("1.1", JUDGEMENT, 30) + items("2", JUDGEMENT, 7))
    assert [chapter.counts for chapter in covered.chapters] == [(Count(30, 30),), (Count(7, 20),)]
    assert covered.gaps == 13


def test_a_cell_of_one_chapter_asks_nothing_of_the_others() -> None:
    narrow = blueprint(Cell(node="1.1", interaction=CHOICE, count=3, marks=100))
    covered = cover(narrow, CHAPTERS, [])
    assert [chapter.counts for chapter in covered.chapters] == [(Count(0, 15),), (Count(0, 0),)]


def test_items_outside_every_chapter_are_shown_apart() -> None:
    everywhere = blueprint(Cell(interaction=JUDGEMENT, count=1, marks=100))
    covered = cover(everywhere, CHAPTERS, items("", JUDGEMENT, 2) + items("10", JUDGEMENT, 1))
    assert (covered.chapters[-1].code, covered.chapters[-1].counts) == ("", (Count(3, 0),))


def test_bands_of_difficulty_are_counted_apart() -> None:
    easy = Cell(interaction=CHOICE, difficulty=(0, 40), count=2, marks=100)
    hard = Cell(interaction=CHOICE, difficulty=(41, 100), count=1, marks=100)
    nodes = (*CHAPTERS, Chapter("2.1", "绝缘", 20, top=False))
    covered = cover(blueprint(hard, easy), nodes, items("2.1", CHOICE, 3))
    assert [(column.difficulty, column.middle) for column in covered.columns] == [((0, 40), 20), ((41, 100), 70)]
    assert [row.counts for row in covered.chapters] == [
        (Count(0, 6), Count(0, 3)),
        (Count(3, 4), Count(0, 2)),
        (Count(3, 2), Count(0, 1)),
    ]
    # a node below a chapter is missing within what the chapter misses
    assert covered.gaps == 6 + 3 + 1 + 2


def test_a_short_cell_says_how_many_are_missing() -> None:
    cells = cover_cells(blueprint(Cell(interaction=CHOICE, count=4, marks=100)), items("1", CHOICE, 3))
    assert [(cell.number, cell.have, cell.short, cell.times) for cell in cells] == [(1, 3, 1, 0)]


@pytest.mark.parametrize("state", ItemState)
@pytest.mark.parametrize("role", MAKERS)
def test_nobody_decides_on_an_own_item(state: ItemState, role: str) -> None:
    acts = allowed_acts(state, frozenset(MAKERS) | {role}, own=True, reviewed=False)
    assert not {ItemAct.APPROVED, ItemAct.PUBLISHED, ItemAct.RETURNED} & set(acts)


def test_who_approved_does_not_publish() -> None:
    assert ItemAct.PUBLISHED not in allowed_acts(ItemState.APPROVED, frozenset(MAKERS), own=False, reviewed=True)


@pytest.mark.parametrize("state", ItemState)
def test_every_act_that_is_offered_leads_on_from_its_state(state: ItemState) -> None:
    for own in (True, False):
        for act in allowed_acts(state, frozenset(MAKERS), own=own, reviewed=False):
            assert state in STEPS[act].before


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_comparison_holds_both_texts_whole(old: str, new: str) -> None:
    pieces = diff_text(old, new)
    assert "".join(piece.text for piece in pieces if piece.kind != "new") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "gone") == new
