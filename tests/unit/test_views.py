import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam.core.weights import Weights
from questionbank.blueprints.cells import Blueprint, Cell, PoolItem
from questionbank.forms.assembly import Assembly, AssemblySlot, assemble
from questionbank.forms.canonical import digest
from questionbank.forms.views import (
    CandidateForm,
    CandidateSlot,
    FormContentError,
    ScoringForm,
    Section,
    render_views,
)
from questionbank.forms.wording import word_form
from questionbank.items.content import Interaction, ItemContent, Option
from questionbank.items.editing import Typed, draft_of
from questionbank.items.errors import ItemContentError
from tests.builders.questionbank import draft

J, C, M, T = Interaction.JUDGEMENT, Interaction.CHOICE, Interaction.MULTIPLE, Interaction.TEXT_ENTRY
KEYS = {J: ("F",), C: ("C",), M: ("A", "D"), T: ("canary-variant", "接零")}


def content(interaction: Interaction, number: int) -> ItemContent:
    labels = "ABCD" if interaction in (C, M) else ""
    return ItemContent(
        interaction=interaction,
        stem=f"题干 {interaction.value} {number}",
        options=tuple(Option(label, f"选项 {number}-{label}") for label in labels),
        key=KEYS[interaction],
        explanation="canary-explanation",
        basis="canary-basis",
    )


ITEMS = {f"canary-version-{kind.value}-{n}": content(kind, n) for kind in (J, C, M, T) for n in range(4)}
POOL = [
    PoolItem(
        item_id=f"canary-item-{version}",
        version=version,
        node="canary-node",
        interaction=each.interaction,
        difficulty=97,
        options=len(each.options),
    )
    for version, each in ITEMS.items()
]
PLAN = Blueprint(
    qualification="special.1.2",
    title="理论",
    duration_min=120,
    pass_marks=1,
    cells=tuple(Cell(interaction=kind, count=3, marks=150) for kind in (M, T, C, J)),
)


def draw(seed: bytes = bytes(32)) -> Assembly:
    return assemble(PLAN, POOL, seed=seed, sitting="s", keys=["candidate"])[0]


def render(assembly: Assembly) -> tuple[CandidateForm, ScoringForm]:
    return render_views(assembly, ITEMS, title="低压电工作业 理论", duration_s=7200)


def test_a_candidate_form_has_no_place_for_a_secret() -> None:
    assert {field.name for field in msgspec.structs.fields(CandidateForm)} == {
        "title",
        "duration_s",
        "sections",
        "slots",
    }
    assert {field.name for field in msgspec.structs.fields(CandidateSlot)} == {
        "slot",
        "interaction",
        "stem",
        "options",
        "marks",
        "photo",
        "points",
        "figures",
    }
    assert {field.name for field in msgspec.structs.fields(Section)} == {"interaction", "first", "last", "marks"}


def test_no_byte_of_a_candidate_form_tells_of_key_or_bank() -> None:
    shown = msgspec.json.encode(render(draw())[0])
    for secret in (b"canary", b"97", b"exact", b"partial", b"difficulty", b"key"):
        assert secret not in shown


@settings(max_examples=40)
@given(st.binary(min_size=16, max_size=16))
def test_the_displayed_key_points_to_the_authors_answer(seed: bytes) -> None:
    candidate, scoring = render(draw(seed))
    for shown, scored in zip(candidate.slots, scoring.slots, strict=True):
        texts = dict(shown.options)
        original = {option.id: option.text for option in ITEMS[scored.version].options}
        assert [texts[label] for label, _ in scored.option_map] == [original[each] for _, each in scored.option_map]
        if shown.interaction in (C, M):
            assert {texts[label] for label in scored.key} == {original[each] for each in KEYS[shown.interaction]}
            assert [label for label, _ in shown.options] == list("ABCD")
            assert list(scored.key) == sorted(scored.key)


def test_the_displayed_key_moves_with_the_options() -> None:
    keys = {
        slot.key for n in range(20) for slot in render(draw(n.to_bytes(16, "big")))[1].slots if slot.interaction is C
    }
    assert keys == {("A",), ("B",), ("C",), ("D",)}


def test_judgement_keeps_its_order_and_its_own_labels() -> None:
    candidate, scoring = render(draw())
    assert candidate.slots[0].options == (("T", "正确"), ("F", "错误"))
    assert (scoring.slots[0].key, scoring.slots[0].options, scoring.slots[0].option_map) == (("F",), 2, ())


def test_accepted_texts_are_known_to_scoring_alone() -> None:
    candidate, scoring = render(draw())
    assert (scoring.slots[-1].accepted, scoring.slots[-1].key) == (("canary-variant", "接零"), ())
    assert candidate.slots[-1].options == ()


def test_sections_cover_the_slots_in_group_order() -> None:
    candidate, _ = render(draw())
    assert [(each.interaction, each.first, each.last, each.marks) for each in candidate.sections] == [
        (J, 1, 3, 450),
        (C, 4, 6, 450),
        (M, 7, 9, 450),
        (T, 10, 12, 450),
    ]


def test_the_rule_of_each_interaction_can_be_chosen() -> None:
    rules = {J: "exact", C: "exact", M: "partial_missing", T: "text"}
    _, scoring = render_views(draw(), ITEMS, title="理论", duration_s=7200, rules=rules)
    assert {slot.rule for slot in scoring.slots if slot.interaction is M} == {"partial_missing"}


@pytest.mark.parametrize("options", [(), (Option("A", "甲"), Option("B", "乙"), Option("X", "丙"), Option("Y", "丁"))])
def test_content_that_is_not_what_was_drawn_is_refused(options: tuple[Option, ...]) -> None:
    changed = {version: msgspec.structs.replace(each, options=options) for version, each in ITEMS.items()}
    with pytest.raises(FormContentError):
        render_views(draw(), changed, title="理论", duration_s=7200)


def test_missing_content_is_refused_by_slot() -> None:
    with pytest.raises(FormContentError) as refusal:
        render_views(draw(), {}, title="理论", duration_s=7200)
    assert refusal.value.fields == {"slot": 1}


def printed(content: ItemContent) -> list[list[str]]:
    """Return the lines of the parts of a form that asks one item."""
    version = digest(content)
    slot = AssemblySlot(
        slot=1,
        item_id="i",
        version=version,
        interaction=content.interaction,
        difficulty=30,
        marks=100,
        cell=0,
        part=0,
        option_order=tuple(range(len(content.options))),
    )
    form = Assembly(key="k", algorithm="a", slots=(slot,))
    shown, scored = render_views(form, {version: content}, title="卷", duration_s=60)
    worded = word_form(shown, scored, {version: content}, number="1", warning="")
    return [[each.text for block in part.blocks for each in block] for part in worded.parts]


def test_a_case_is_printed_without_the_sign_of_its_several_answers() -> None:
    lines = printed(draft(Interaction.CASE, 7, node="1").content)[0]
    assert "2.（多选） 第二问7" in lines
    assert not [line for line in lines if "+" in line]


def test_a_printed_sheet_has_room_for_an_answer_in_words() -> None:
    paper, sheet, _ = printed(draft(Interaction.EXTENDED_TEXT, 7, node="1").content)
    assert "简答题（第 1 题，共 1 分）" in paper
    assert "请在答题卡上作答。" in paper
    assert sum("____" in line for line in sheet[sheet.index("简答题") :]) == 12
    _, short, _ = printed(draft(Interaction.TEXT_ENTRY, 7, node="1").content)
    assert sum("____" in line for line in short[short.index("填空题") :]) == 1


def test_a_printed_key_tells_what_each_answer_earns() -> None:
    hotspot = draft(Interaction.HOTSPOT, 7, node="1").content
    choice = content(C, 1)
    weights = Weights(entries=(("C", 200), ("A", 50)), others=-25, highest=200)
    asked = {
        "c": msgspec.structs.replace(choice, weights=weights),
        "h": msgspec.structs.replace(
            hotspot, weights=Weights(entries=tuple((each.id, 100) for each in hotspot.options))
        ),
    }
    slots = tuple(
        AssemblySlot(
            slot=at,
            item_id="i",
            version=version,
            interaction=each.interaction,
            difficulty=30,
            marks=150,
            cell=0,
            part=0,
            option_order=tuple(range(len(each.options)))[::-1],
        )
        for at, (version, each) in enumerate(asked.items(), 1)
    )
    shown, scored = render_views(Assembly(key="k", algorithm="a", slots=slots), asked, title="卷", duration_s=60)
    worded = word_form(shown, scored, asked, number="1", warning="")
    said = [each.text for block in worded.parts[2].blocks for each in block if each.text.startswith("给分")]
    assert said[0] == (
        "给分：B 得 2 分；D 得 0.5 分；其他答案各 -0.25 分。合计不低于 0 分，不高于 2 分。"
        "答案的合计 2 分即本题满分 1.5 分，其余按比例折算。"
    )
    assert said[1].count(" 得 1 分；") == len(hotspot.options)
    # what the candidate holds says nothing of it
    assert not [each for part in worded.parts[:2] for block in part.blocks for each in block if "给分" in each.text]


def test_the_refusal_of_an_item_with_too_many_options_counts_all_of_them() -> None:
    typed = Typed(stem="题", options=tuple(f"选项{at}" for at in range(30)), keys=("A",))
    with pytest.raises(ItemContentError) as refusal:
        draft_of(typed)
    assert refusal.value.fields["count"] == 30
