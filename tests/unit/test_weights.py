"""Marks by answer: bounds always hold, equal weights are the old rule, and files bring them back."""

import io
import re
import zipfile
from base64 import b64encode

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam.core.weights import Weights
from exam.web.format import marks
from grading.changes import slot_rule
from grading.scoring import Rule, SlotRule, SlotScore, score_response, score_slot
from questionbank.formats.reader import read_questions
from questionbank.formats.reading import Reading
from questionbank.formats.refusals import RowError
from questionbank.formats.weighing import read_weights, weights_text
from questionbank.formats.writer import FORMATS
from questionbank.forms.assembly import Assembly, AssemblySlot
from questionbank.forms.views import render_views
from questionbank.interactions.registry import KINDS, kind_of
from questionbank.items.content import Interaction, ItemContent, ItemDraft
from tests.builders.figures import picture_file
from tests.builders.questionbank import content as item_content

PAIRS = ["1A", "1B", "2A", "2B", "3A", "3B"]
AREAS = ["门 @ rect 0,0,9,9", "窗 @ circle 50,50,5", "rect 20,20,29,29"]
POINTS = st.lists(st.sampled_from(["1,1", "2,2", "50,50", "25,25", "99,99", "bad"]), max_size=6)
WORTH = st.integers(-300, 300)
WEIGHED = {
    Interaction.CHOICE: "{A} = 1\n{B} = 0.5\n其他 = -0.25",
    Interaction.MULTIPLE: "A = 1\nB = 1\nC = 1\nD = -0.5\n最高 = 2",
    Interaction.HOTSPOT: "A = 2\nB = 1\nC = 0.5\n其他 = -0.5\n最低 = 0.1",
}


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from("ABCDE"), WORTH),
    WORTH,
    st.integers(0, 100),
    st.none() | st.integers(100, 400),
    st.lists(st.sampled_from("ABCDEX"), max_size=8),
    st.integers(0, 1000),
)
def test_no_response_earns_less_than_nothing_or_more_than_the_marks(
    worth: dict[str, int], others: int, lowest: int, highest: int | None, response: list[str], full: int
) -> None:
    weights = Weights(entries=(*worth.items(), ("K", 200)), others=others, lowest=lowest, highest=highest)
    slot = SlotRule(slot=1, rule=Rule.EXACT, key=("K",), marks=full, weights=weights)
    assert 0 <= score_response(slot, response).marks_hundredths <= full
    assert score_response(slot, ["K"]) == SlotScore(full, correct=True)
    assert score_response(slot, []) == score_response(slot, "K") == SlotScore(0, correct=False)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([*PAIRS, "4A", "?"]), max_size=8), st.integers(1, 500), st.integers(0, 1000))
def test_equal_weights_of_pairs_are_the_rule_of_groups(response: list[str], worth: int, full: int) -> None:
    key = ("1B", "2A", "3B")
    weights = Weights(entries=tuple((pair, worth) for pair in key))
    slot = SlotRule(slot=1, rule=Rule.GROUPS, key=key, marks=full, weights=weights)
    assert (
        score_response(slot, response).marks_hundredths == score_slot(Rule.GROUPS, key, response, full).marks_hundredths
    )


@settings(max_examples=60, deadline=None)
@given(POINTS, st.integers(1, 500), st.integers(0, 1000))
def test_equal_weights_of_areas_are_the_rule_of_points(response: list[str], worth: int, full: int) -> None:
    weights = Weights(entries=tuple((area, worth) for area in AREAS))
    slot = SlotRule(slot=1, rule=Rule.POINTS, key=tuple(AREAS), marks=full, weights=weights)
    assert score_response(slot, response) == score_slot(Rule.POINTS, AREAS, response, full)


@pytest.mark.parametrize(
    ("response", "full"), [(["A", "B"], 200), (["A"], 100), (["A", "B", "C"], 200), (["A", "D"], 50), (["D"], 0)]
)
def test_weights_add_up_within_their_bounds(response: list[str], full: int) -> None:
    weights = Weights(entries=(("A", 100), ("B", 100), ("C", 100), ("D", -50)), highest=200)
    slot = SlotRule(slot=1, rule=Rule.EXACT, key=("A", "B"), marks=200, weights=weights)
    assert score_response(slot, response) == SlotScore(full, correct=response == ["A", "B"])


def test_weights_by_which_the_key_earns_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="slot 1"):
        SlotRule(slot=1, rule=Rule.EXACT, key=("A",), marks=200, weights=Weights(entries=(("B", 1),)))


def weighed(interaction: Interaction) -> ItemContent:
    content = item_content(interaction, 1)
    text = WEIGHED.get(interaction, "")
    if interaction is Interaction.CHOICE:
        other = next(option.id for option in content.options if option.id not in content.key)
        text = text.format(A=content.key[0], B=other)
    if interaction is Interaction.MATCH:
        words = dict(KINDS[interaction].weighed(content))
        wrong = next(label for label in words if label[:1] == "1" and label not in content.key)
        text = "\n".join(
            [*(f"{words[key]} = {place}" for place, key in enumerate(content.key, 1)), f"{words[wrong]} = 0.5"]
        )
    return msgspec.structs.replace(content, weights=read_weights(text, KINDS[interaction], content))


WITH_WEIGHTS = [Interaction.CHOICE, Interaction.MULTIPLE, Interaction.MATCH, Interaction.HOTSPOT]


@pytest.mark.parametrize("name", ["xlsx", "json", "qti3", "qti22"])
def test_weights_come_back_from_a_file(name: str) -> None:
    wanted = [each for each in WITH_WEIGHTS if name != "xlsx" or each is not Interaction.HOTSPOT]
    drafts = [ItemDraft(content=weighed(each), row=row) for row, each in enumerate(wanted, 1)]
    reading = read_questions(FORMATS[name].write(drafts), f"bank{FORMATS[name].suffix}")
    assert (reading.unsupported, reading.refused) == ({}, ())
    assert [each.content for each in reading.drafts] == [each.content for each in drafts]


PLACES = """<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="i" title="t">
<responseDeclaration identifier="R" cardinality="multiple" baseType="identifier"><correctResponse><value>a</value>
<value>b</value></correctResponse><mapping lowerBound="0">{entries}</mapping></responseDeclaration><itemBody><p>指出隐患。</p>
<hotspotInteraction responseIdentifier="R" maxChoices="{most}"><object type="image/png" data="{photo}"/>
<hotspotChoice identifier="a" shape="rect" coords="0,0,40,40" hotspotLabel="门"/>
<hotspotChoice identifier="b" shape="circle" coords="80,20,10"/>
<hotspotChoice identifier="c" shape="rect" coords="0,60,40,99"/></hotspotInteraction></itemBody>{processing}</assessmentItem>"""
TEMPLATE = '<responseProcessing template="http://www.imsglobal.org/question/qti_v2p1/rptemplates/map_response"/>'
WRITTEN = (
    '<responseProcessing><setOutcomeValue identifier="SCORE"><mapResponse identifier="R"/></setOutcomeValue>'
    "</responseProcessing>"
)


def read_hotspot(worth: dict[str, str], processing: str = TEMPLATE, most: int = 0) -> Reading:
    entries = "".join(f'<mapEntry mapKey="{key}" mappedValue="{value}"/>' for key, value in worth.items())
    photo = "data:image/png;base64," + b64encode(picture_file("grey", size=(160, 120))).decode()
    text = PLACES.format(entries=entries, processing=processing, most=most, photo=photo)
    return read_questions(text.encode(), "bank.xml")


@pytest.mark.parametrize("processing", [TEMPLATE, WRITTEN])
def test_mapped_values_of_hotspots_count(processing: str) -> None:
    reading = read_hotspot({"a": "2", "b": "1", "c": "-1"}, processing)
    assert (reading.refused, reading.unsupported) == ((), {})
    (content,) = (draft.content for draft in reading.drafts)
    kind = kind_of(content)
    assert weights_text(kind, content).split("\n") == ["A = 2", "B = 1", "其他 = -1"]
    weights = kind.weights_of(content, ())
    assert weights
    slot = SlotRule(slot=1, rule=Rule.POINTS, key=kind.key_of(content, ()), marks=300, weights=weights)
    points = {"a": "20,20", "b": "80,20", "c": "20,80"}
    earned = {
        each: score_response(slot, [points[one] for one in each]).marks_hundredths
        for each in ("a", "b", "ab", "ac", "bc")
    }
    assert earned == {"a": 200, "b": 100, "ab": 300, "ac": 100, "bc": 0}
    back = read_questions(FORMATS["qti3"].write(list(reading.drafts)), "bank.zip")
    assert [draft.content for draft in back.drafts] == [content]


@pytest.mark.parametrize(
    ("worth", "most", "unsupported"),
    [
        ({"a": "1", "b": "1"}, 2, {}),
        ({"a": "2", "b": "1"}, 1, {"mapping": 1}),
        ({"a": "2", "b": "1", "c": "0.5"}, 3, {"mapping": 1}),
        ({"a": "2", "b": "0.125"}, 0, {"mapping": 1}),
    ],
)
def test_a_mapping_of_hotspots_is_plain_or_named(worth: dict[str, str], most: int, unsupported: dict[str, int]) -> None:
    reading = read_hotspot(worth, most=most)
    assert (len(reading.drafts), reading.drafts[0].content.weights, reading.unsupported) == (
        1,
        msgspec.UNSET,
        unsupported,
    )


def test_areas_that_earn_nothing_are_no_hindrance_to_the_others() -> None:
    (content,) = (draft.content for draft in read_hotspot({"a": "2", "b": "1"}).drafts)
    with zipfile.ZipFile(io.BytesIO(FORMATS["qti22"].write([ItemDraft(content=content, row=1)]))) as package:
        text = package.read("items/item-000001.xml").decode()
        names = package.namelist()
        photo = b64encode(package.read(next(name for name in names if name.startswith("photos/")))).decode()
    text = text.replace(
        "</areaMapping>", '<areaMapEntry shape="rect" coords="0,60,40,99" mappedValue="0"/></areaMapping>'
    )
    text = re.sub(r'data="[^"]*"', f'data="data:image/jpeg;base64,{photo}"', text)
    reading = read_questions(text.encode(), "item.xml")
    assert ([draft.content for draft in reading.drafts], reading.unsupported) == ([content], {})


def test_a_file_that_cannot_hold_weights_says_so() -> None:
    assert all(FORMATS[name].leaves_out(weighed(Interaction.MATCH)) for name in ("moodle", "gift"))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("A: 1", "weights_unclear"),
        ("A = 1\nA = 2", "weights_unclear"),
        ("Z = 1", "weights_unclear"),
        ("A = 0.125", "weights_unclear"),
        ("D = 5\nA = 1\nB = 1", "weights_key"),
        ("A = 1\nC = 1\n最低 = -1", "weights_key"),
        ("最高 = 0", "weights_key"),
    ],
)
def test_weights_that_say_nothing_sound_are_refused(text: str, code: str) -> None:
    content = item_content(Interaction.MULTIPLE, 1)
    with pytest.raises(RowError) as caught:
        read_weights(text, kind_of(content), content)
    assert caught.value.code == code


@pytest.mark.parametrize("interaction", WITH_WEIGHTS)
def test_a_form_scores_its_key_in_full_by_weights_in_displayed_labels(interaction: Interaction) -> None:
    content = weighed(interaction)
    order = tuple(reversed(range(len(content.options))))
    slot = AssemblySlot(
        slot=1,
        item_id="i",
        version="v",
        interaction=interaction,
        difficulty=0,
        marks=300,
        cell=0,
        part=0,
        option_order=order,
    )
    shown, scored = render_views(
        Assembly(key="k", algorithm="a", slots=(slot,)), {"v": content}, title="", duration_s=0
    )
    rule = slot_rule(scored.slots[0])
    answer = ["20,20", "80,40", "115,65"] if interaction is Interaction.HOTSPOT else list(rule.key)
    assert score_response(rule, answer) == SlotScore(300, correct=True)
    assert slot_rule(scored.slots[0], rule.key).weights is None
    assert b"weights" not in msgspec.json.encode(shown)


def test_marks_below_nothing_are_shown_with_their_sign() -> None:
    assert [marks(each) for each in (-50, -100, 0, 150)] == ["-0.5", "-1", "0", "1.5"]


@pytest.mark.parametrize("name", ["qti3", "qti22"])
@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 300), min_size=3, max_size=3), st.integers(-300, 0), st.integers(0, 99), st.data())
def test_bounds_of_areas_come_back_from_qti(
    name: str, worth: list[int], others: int, least: int, data: st.DataObject
) -> None:
    content = item_content(Interaction.HOTSPOT, 1)
    highest = data.draw(st.none() | st.integers(max(worth) + least, 1000))
    entries = tuple((option.id, each) for option, each in zip(content.options, worth, strict=True))
    lowest = min(least, min(sum(worth), highest or sum(worth)) - 1)
    content = msgspec.structs.replace(
        content, weights=Weights(entries=entries, others=others, lowest=lowest, highest=highest)
    )
    reading = read_questions(FORMATS[name].write([ItemDraft(content=content, row=1)]), "bank.zip")
    assert reading.unsupported == {}
    [back] = [draft.content for draft in reading.drafts]
    assert back.weights in {content.weights, msgspec.UNSET}
    # a mapping that says no more than the rule of points is that rule
    assert back.weights or len(set(worth)) == 1


ORDERED = """<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p2" identifier="i" title="t">
<responseDeclaration identifier="R" cardinality="ordered" baseType="identifier">
<correctResponse><value>a</value><value>b</value></correctResponse>
<mapping lowerBound="0" upperBound="2"><mapEntry mapKey="a" mappedValue="1"/></mapping></responseDeclaration>
<itemBody><orderInteraction responseIdentifier="R"><prompt>先后</prompt><simpleChoice identifier="a">甲</simpleChoice>
<simpleChoice identifier="b">乙</simpleChoice></orderInteraction></itemBody></assessmentItem>"""


def test_a_mapping_of_an_order_which_counts_no_order_is_named_with_its_item() -> None:
    reading = read_questions(ORDERED.encode(), "a.xml")
    assert [draft.content.key for draft in reading.drafts] == [("A", "B")]
    assert reading.left_out == {1: ("mapping",)}
