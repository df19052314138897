"""Exact and near twins, and the verdict on every row."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Indel

from questionbank.formats.duplicates import NEAR, ExistingItem, find_duplicates, normalise_stem
from questionbank.formats.reader import read_questions
from questionbank.formats.verdicts import Verdict, judge_rows
from questionbank.items.content import Interaction, ItemContent, ItemDraft, Option


def judgement(row: int, stem: str, key: str = "T") -> ItemDraft:
    return ItemDraft(content=ItemContent(interaction=Interaction.JUDGEMENT, stem=stem, key=(key,)), row=row)


def choice(row: int, stem: str, texts: str, key: str) -> ItemDraft:
    options = tuple(Option(letter, text) for letter, text in zip("ABCD", texts.split(), strict=False))
    return ItemDraft(
        content=ItemContent(interaction=Interaction.CHOICE, stem=stem, options=options, key=(key,)), row=row
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("应先（）。", "应先( )"),
        ("ＡＢＣ　灭火器，", "ABC灭火器"),
        ("《安全生产法》规定", "安全生产法规定"),
    ],
)
def test_width_blanks_and_brackets_make_no_difference(one: str, other: str) -> None:
    assert normalise_stem(one) == normalise_stem(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("？？", "（ ）"),
        ("距离1.5m", "距离15m"),
        ("-5℃以下", "5℃以下"),
        ("10²Ω", "102Ω"),
        ("5~10人", "510人"),
        ("比例1:2", "比例12"),
        ("5%", "5"),
    ],
)
def test_what_tells_two_quantities_apart_stays(one: str, other: str) -> None:
    assert normalise_stem(one) != normalise_stem(other)


def test_the_first_of_a_file_wins() -> None:
    twins = find_duplicates([judgement(2, "作业前应验电。"), judgement(5, "作业前应验电")], [])
    assert twins[0] is None
    assert twins[1] is not None
    assert (twins[1].row, twins[1].percent, twins[1].same_key) == (2, None, True)


def test_options_in_another_order_are_the_same_question() -> None:
    drafts = [
        choice(1, "应先()", "验电 送电", "A"),
        choice(2, "应先()", "送电 验电", "B"),
        choice(3, "应先()", "送电 验电", "A"),
    ]
    _, same, contradicting = find_duplicates(drafts, [])
    assert same is not None
    assert contradicting is not None
    assert (same.same_key, contradicting.same_key) == (True, False)


def test_the_same_stem_with_other_options_is_only_near() -> None:
    twins = find_duplicates([choice(1, "正确的是()", "甲 乙", "A"), choice(2, "正确的是()", "丙 丁", "A")], [])
    assert twins[1] is not None
    assert twins[1].percent == 100


def test_options_that_differ_by_a_symbol_are_not_the_same() -> None:
    twins = find_duplicates(
        [choice(1, "欧姆定律是()", "I=U/R U=IR", "A"), choice(2, "欧姆定律是()", "I=UR U=IR", "A")], []
    )
    assert twins[1] is not None
    assert twins[1].percent == 100


def test_an_item_of_the_bank_is_named() -> None:
    existing = [ExistingItem("item-7", judgement(0, "高处作业应系安全带。").content)]
    exact, near = find_duplicates(
        [judgement(1, "高处作业应系安全带"), judgement(2, "高处作业时应系安全带。")], existing
    )
    assert exact is not None
    assert near is not None
    assert (exact.item, exact.percent) == ("item-7", None)
    assert (near.item, near.percent) == ("item-7", 95)


def test_a_near_twin_is_accepted_and_marked_and_a_contradiction_is_named() -> None:
    data = "题目,答案\n动火作业前应办理审批手续。,对\n动火作业前须办理审批手续。,对\n动火作业前应办理审批手续,错\n,对\n".encode()
    verdicts = judge_rows(read_questions(data, "a.csv"), [])
    assert [(verdict.row, verdict.verdict, verdict.code, verdict.other_row) for verdict in verdicts] == [
        (2, Verdict.ACCEPTED, "", None),
        (3, Verdict.NEAR_DUPLICATE, "near_duplicate", 2),
        (4, Verdict.DUPLICATE, "duplicate_other_key", 2),
        (5, Verdict.REFUSED, "stem_empty", None),
    ]
    assert "第 2 行" in verdicts[1].text
    assert verdicts[0].text == ""


STEMS = st.lists(st.text("安全生产电工", max_size=14), max_size=12)


@given(STEMS, STEMS)
def test_banding_by_length_misses_no_near_twin(new: list[str], old: list[str]) -> None:
    drafts = [judgement(row, stem) for row, stem in enumerate(dict.fromkeys(new), 1)]
    existing = [ExistingItem(str(place), judgement(0, stem).content) for place, stem in enumerate(old)]
    known = list(old)
    for draft, twin in zip(drafts, find_duplicates(drafts, existing), strict=True):
        best = max((Indel.normalized_similarity(draft.content.stem, stem) for stem in known), default=0)
        assert (twin is not None) == (best >= NEAR)
        if draft.content.stem not in known:
            known.append(draft.content.stem)


def test_a_thousand_rows_against_five_thousand_items_find_their_twins() -> None:
    generator = random.Random(7)
    signs = [chr(0x4E00 + place) for place in range(600)]
    stems = ["".join(generator.choices(signs, k=generator.randint(15, 60))) for _ in range(5_800)]
    existing = [ExistingItem(str(place), judgement(0, stem).content) for place, stem in enumerate(stems[:5_000])]
    edited = [f"{stem[:-1]}改" for stem in stems[:200]]
    twins = find_duplicates([judgement(row, stem) for row, stem in enumerate(edited + stems[5_000:], 1)], existing)
    assert [twin.item if twin else None for twin in twins] == [*map(str, range(200)), *[None] * 800]
