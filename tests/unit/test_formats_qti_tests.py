"""QTI tests: sections, weights, time and what a blueprint cannot hold; and a blueprint as a test and back."""

import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import pytest

from questionbank.blueprints.cells import Blueprint, Cell, PoolItem
from questionbank.blueprints.editing import blueprint_from
from questionbank.blueprints.packages import assessment_of, typed_of, unsaid
from questionbank.formats.reader import read_questions
from questionbank.formats.reading import Assessment, AssessmentSection, LeftOut, Reading
from questionbank.formats.write_qti_test import TEST_FORMATS, write_test
from questionbank.formats.writer import FORMATS
from questionbank.items.content import Interaction, ItemContent, ItemDraft
from tests.builders.questionbank import PLAIN, draft, some_drafts

HEAD = 'xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="T" title="月考"'
NUMBER = """<assessmentItem {head}><responseDeclaration identifier="RESPONSE" cardinality="single" baseType="float">
<correctResponse><value>36</value></correctResponse></responseDeclaration>
<itemBody><p>是<textEntryInteraction responseIdentifier="RESPONSE"/>V。</p></itemBody><responseProcessing>
<responseCondition><responseIf>{test}<setOutcomeValue identifier="SCORE"><baseValue baseType="float">1</baseValue>
</setOutcomeValue></responseIf></responseCondition></responseProcessing></assessmentItem>"""
PAIR = '<variable identifier="RESPONSE"/><correct identifier="RESPONSE"/>'
OTHER = '<variable identifier="RESPONSE"/><baseValue baseType="float">24</baseValue>'
TEST = """<assessmentTest {head}><outcomeDeclaration identifier="SCORE" masteryValue="2.5"/><timeLimits maxTime="5400"/>
<testPart identifier="P1"><assessmentSection identifier="S1" title="单选">
<assessmentItemRef identifier="q1" href="items/item-000001.xml"><weight identifier="W" value="2.5"/></assessmentItemRef>
<assessmentItemRef identifier="q2" href="items/./item-000002.xml"><weight identifier="W" value="0.333"/>
<preCondition/></assessmentItemRef><assessmentItemRef identifier="q9" href="gone.xml"/></assessmentSection>
<assessmentSection identifier="S2" title="抽题"><selection select="3"/><ordering shuffle="true"/><timeLimits maxTime="9"/>
{drawn}</assessmentSection></testPart>
<outcomeProcessing><outcomeCondition/></outcomeProcessing></assessmentTest>"""


def packed(members: Mapping[str, str | bytes]) -> Reading:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("imsmanifest.xml", "<manifest/>")
        for name, text in members.items():
            archive.writestr(name, text)
    return read_questions(out.getvalue(), "bank.zip")


def items_of(drafts: list[ItemDraft]) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(FORMATS["qti22"].write(drafts))) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name.startswith("items/")}


def test_a_test_of_another_system_becomes_cells_and_names_the_rest() -> None:
    drafts = [*some_drafts(each=2, kinds=(Interaction.CHOICE,)), *some_drafts(each=3, kinds=PLAIN[:2])]
    drawn = "".join(f'<assessmentItemRef identifier="d{n}" href="items/item-{n:06}.xml"/>' for n in range(3, 9))
    reading = packed({**items_of(drafts), "test.xml": TEST.format(head=HEAD, drawn=drawn)})
    [test] = reading.tests
    rows = {each.row: (each.content.interaction, each.node) for each in reading.drafts}
    typed, left_out = typed_of(test, rows, "special.1.2")
    blueprint = blueprint_from(typed)
    assert (blueprint.title, blueprint.duration_min, blueprint.pass_marks) == ("月考", 90, 250)
    assert [(cell.interaction.value, cell.count, cell.marks, cell.node) for cell in blueprint.cells] == [
        ("choice", 1, 250, "1.1"),
        ("choice", 1, 100, "1.1"),
        ("judgement", 2, 100, "1.1"),
        ("choice", 1, 100, "1.1"),
    ]
    assert set(left_out) == {
        LeftOut("T", "outcomeProcessing"),
        LeftOut("q2", "weight"),
        LeftOut("q2", "precondition"),
        LeftOut("q9", "item missing"),
        LeftOut("S2", "timeLimits"),
        LeftOut("抽题", "selection of several kinds"),
    }


@pytest.mark.parametrize("fmt", TEST_FORMATS)
def test_a_blueprint_comes_back_from_its_package(fmt: str) -> None:
    drafts = [draft(kind, place * 100 + n, node=f"1.{n % 2}") for place, kind in enumerate(PLAIN) for n in range(8)]
    pool = [
        PoolItem(
            item_id=f"{number:03}",
            version=str(number),
            node=each.node,
            interaction=each.content.interaction,
            difficulty=each.difficulty,
            options=0,
        )
        for number, each in enumerate(drafts)
    ]
    cells = (
        Cell(node="1.0", interaction=Interaction.CHOICE, count=2, marks=150),
        Cell(interaction=Interaction.CHOICE, count=3, marks=100),
        Cell(interaction=Interaction.TEXT_ENTRY, difficulty=(0, 70), count=2, marks=25),
    )
    blueprint = Blueprint(qualification="q", title="结业", duration_min=45, pass_marks=333, cells=cells, parallel=2)
    written, asked = assessment_of(blueprint, pool, {"1.0": "1.0 总则"})
    assert len(asked) == len({item.item_id for item in asked}) == 16
    reading = read_questions(write_test(written, [drafts[int(item.version)] for item in asked], fmt), "test.zip")
    assert (reading.refused, reading.unsupported, reading.left_out) == ((), {}, {})
    assert reading.tests == (written,)
    rows = {each.row: (each.content.interaction, each.node) for each in reading.drafts}
    typed, left_out = typed_of(reading.tests[0], rows, "q")
    assert (blueprint_from(typed).cells, left_out, unsaid(blueprint)) == (cells, (), ("平行卷套数",))


def test_a_fixed_form_is_a_test_without_a_draw() -> None:
    section = AssessmentSection(title="一", rows=(1, 2), marks=(100, 250))
    form = Assessment(title="甲卷", sections=(section,), duration_min=60, pass_marks=200)
    assert read_questions(write_test(form, some_drafts(each=1), "qti3"), "form.zip").tests == (form,)


@pytest.mark.parametrize(
    ("test", "key", "unsupported"),
    [
        (f'<equal toleranceMode="absolute" tolerance="0.5 0.5">{PAIR}</equal>', ("36±0.5",), {}),
        (f'<equal toleranceMode="absolute" tolerance="2">{PAIR}</equal>', ("36±2",), {}),
        (f'<equal toleranceMode="absolute" tolerance="3 2">{PAIR}</equal>', ("35.5±2.5",), {}),
        (f'<equal toleranceMode="relative" tolerance="5 5">{PAIR}</equal>', ("36±1.8",), {}),
        (f'<equal toleranceMode="exact">{PAIR}</equal>', ("36±0",), {}),
        (
            f"<or><equal>{PAIR}</equal><equal>{OTHER}</equal></or>",
            ("36±0", "24±0"),
            {},
        ),
        (
            f'<equal toleranceMode="absolute" tolerance="1" includeLowerBound="false">{PAIR}</equal>',
            ("36±0",),
            {"equal": 1},
        ),
        (f"<not><equal>{PAIR}</equal></not>", ("36±0",), {"equal": 1}),
        (
            f'<equalRounded roundingMode="decimalPlaces" figures="2">{PAIR}</equalRounded>',
            ("36±0",),
            {"equalRounded": 1},
        ),
        (f'<equal toleranceMode="absolute" tolerance="1e999999">{PAIR}</equal>', ("36±0",), {"equal": 1}),
    ],
)
def test_a_number_keeps_its_tolerance_or_names_what_it_loses(
    test: str, key: tuple[str, ...], unsupported: dict[str, int]
) -> None:
    reading = read_questions(NUMBER.format(head=HEAD, test=test).encode(), "item.xml")
    assert ([each.content.key for each in reading.drafts], reading.unsupported) == ([key], unsupported)
    assert reading.left_out == ({1: tuple(unsupported)} if unsupported else {})


@pytest.mark.parametrize(
    ("key", "said"),
    [(("36±0.5", "24±0"), b'tolerance="0.5 0.5"'), (("36±0.5", "\u4e09\u5341\u516d"), b'mapKey="36"')],
)
def test_another_system_reads_a_number_and_no_sign_of_ours(key: tuple[str, ...], said: bytes) -> None:
    content = ItemContent(interaction=Interaction.TEXT_ENTRY, stem="上限是____V。", key=key)
    [document] = items_of([ItemDraft(content=content)]).values()
    assert said in document
    assert b"36\xc2\xb10.5</value>" not in document
    assert b'mapKey="36\xc2\xb1' not in document


def test_the_tests_of_the_qti_set_are_read(outside_data: Path) -> None:
    folder = outside_data / "qti21"
    read: dict[str, Reading] = {}
    for name in ("dave", "WebDeveloperTest1", "GrahamSmith-French-01"):
        [root] = [path for path in folder.rglob(name) if path.is_dir()]
        members = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*.xml")}
        read[name] = packed(members)
    asked = {
        name: [sum(len(part.rows) for part in test.sections) for test in each.tests] for name, each in read.items()
    }
    assert {name: len(counts) for name, counts in asked.items()} == {
        "dave": 22,
        "WebDeveloperTest1": 1,
        "GrahamSmith-French-01": 1,
    }
    assert (asked["WebDeveloperTest1"], sum(asked["dave"])) == ([9], 63)
    [french] = read["GrahamSmith-French-01"].tests
    assert {part.select for part in french.sections} == {None, 1}
    assert {"branchrule", "precondition", "outcomeProcessing"} <= {each.feature for each in french.left_out}
