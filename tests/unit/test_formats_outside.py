"""Banks of the field: every row of them is accepted, a duplicate or refused for a reason that holds."""

import io
import zipfile
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from questionbank.formats.errors import MalformedJsonError, NoQuestionsError
from questionbank.formats.reader import read_questions
from questionbank.formats.reading import Reading
from questionbank.formats.verdicts import Verdict, judge_rows
from questionbank.formats.weighing import weights_text
from questionbank.interactions.registry import kind_of
from questionbank.items.content import Interaction

JUDGEMENT, CHOICE, MULTIPLE = Interaction.JUDGEMENT, Interaction.CHOICE, Interaction.MULTIPLE
BANKS = [
    ("低压电工_202001.json", 628, {JUDGEMENT: 319, CHOICE: 303}, {"option_empty": 6}),
    ("一般企业安全负责人.xlsx", 249, {CHOICE: 90, JUDGEMENT: 109, MULTIPLE: 50}, {}),
    ("一般企业安全管理员.xlsx", 299, {CHOICE: 110, JUDGEMENT: 94 + 35, MULTIPLE: 60}, {}),
    ("省级低压电工作业.xlsx", 734, {CHOICE: 294, JUDGEMENT: 375, MULTIPLE: 63}, {"option_order": 2}),
    ("危化品主要负责人.json", 845, {CHOICE: 482, JUDGEMENT: 363}, {}),
    ("低压判断.txt", 516, {JUDGEMENT: 516}, {}),
    ("低压选择.txt", 402, {CHOICE: 401}, {"hidden_character": 1}),
    ("电工选择_gb18030.csv", 1084, {CHOICE: 1083}, {"key_unclear": 1}),
    ("电工判断_gb18030.csv", 399, {JUDGEMENT: 399}, {}),
]


NUMBERS = {"giftFormatPhpExamples": 2, "numerical1": 10, "options1": 1}
"""Numerical questions of the GIFT samples; that of totara_moodle_numerical has an answer without a number."""


def read_bank(outside_data: Path, name: str) -> Reading:
    return read_questions((outside_data / "banks" / name).read_bytes(), name)


@pytest.mark.parametrize(("name", "rows", "kinds", "refused"), BANKS)
def test_every_row_of_a_bank_is_accounted_for(
    outside_data: Path, name: str, rows: int, kinds: dict[Interaction, int], refused: dict[str, int]
) -> None:
    reading = read_bank(outside_data, name)
    verdicts = judge_rows(reading, [])
    assert len(verdicts) == len({verdict.row for verdict in verdicts}) == rows
    assert Counter(draft.content.interaction for draft in reading.drafts) == kinds
    assert Counter(refusal.code for refusal in reading.refused) == refused
    assert reading.unsupported == {}


@pytest.mark.parametrize(
    ("name", "duplicates"), [("低压电工_202001.json", 2), ("危化品主要负责人.json", 0), ("电工判断_gb18030.csv", 78)]
)
def test_repeated_rows_are_found(outside_data: Path, name: str, duplicates: int) -> None:
    verdicts = judge_rows(read_bank(outside_data, name), [])
    assert sum(verdict.verdict is Verdict.DUPLICATE for verdict in verdicts) == duplicates


def test_a_bank_that_contradicts_itself_is_told_so(outside_data: Path) -> None:
    verdicts = judge_rows(read_bank(outside_data, "电工选择_gb18030.csv"), [])
    assert [verdict.row for verdict in verdicts if verdict.code == "duplicate_other_key"] == [601, 762, 1034]


def test_no_running_number_is_left_in_a_numbered_bank(outside_data: Path) -> None:
    reading = read_bank(outside_data, "一般企业安全管理员.xlsx")
    assert not [draft.row for draft in reading.drafts if draft.content.stem[:1].isdecimal()]


def test_a_joined_json_bank_is_refused_whole(outside_data: Path) -> None:
    with pytest.raises(MalformedJsonError) as caught:
        read_bank(outside_data, "malformed.json")
    assert caught.value.fields == {"line": 2406, "column": 1}


def test_gift_samples_have_as_many_rows_as_questions(outside_data: Path) -> None:
    names = {"TF": JUDGEMENT, "Short": Interaction.TEXT_ENTRY}
    samples = sorted((outside_data / "gift" / "tests" / "questions").glob("*.gift"))
    assert len(samples) > 40
    for sample in samples:
        expected = [one["type"] for one in msgspec.json.decode(sample.with_suffix(".json").read_bytes())]
        if set(expected) == {"Category"}:
            with pytest.raises(NoQuestionsError):
                read_questions(sample.read_bytes(), sample.name)
            continue
        reading = read_questions(sample.read_bytes(), sample.name)
        assert len(reading.drafts) + len(reading.refused) == len(expected), sample.name
        kinds = Counter(draft.content.interaction for draft in reading.drafts)
        for word, kind in names.items():
            numbers = NUMBERS.get(sample.stem, 0) if word == "Short" else 0
            assert kinds[kind] == expected.count(word) + numbers, sample.name


def test_qti_samples_are_items_or_tests(outside_data: Path) -> None:
    tests = 0
    kinds: Counter[Interaction] = Counter()
    refused: Counter[str] = Counter()
    for sample in (outside_data / "qti21").rglob("*.xml"):
        try:
            reading = read_questions(sample.read_bytes(), sample.name)
        except NoQuestionsError:
            tests += 1
            continue
        kinds.update(draft.content.interaction for draft in reading.drafts)
        refused.update(refusal.code for refusal in reading.refused)
        nameless = [one for one in reading.refused if one.code == "unsupported_interaction" and not reading.unsupported]
        assert nameless == [], sample.name
    assert (kinds.total() + refused.total(), tests) == (141, 24)
    assert kinds == {
        MULTIPLE: 11,
        CHOICE: 10,
        Interaction.TEXT_ENTRY: 9,
        Interaction.ORDER: 3,
        Interaction.MATCH: 1,
        Interaction.INLINE_CHOICE: 3,
    }
    assert refused == {
        "unsupported_interaction": 77,
        "reference_missing": 3,
        "figure_absent": 10,
        "key_count": 8,
        "key_missing": 2,
        "option_count": 1,
        "option_empty": 1,
        "group_keys": 2,
    }


def test_qti_samples_with_a_picture_are_read_with_it_from_a_package(outside_data: Path) -> None:
    folder = next((outside_data / "qti21").rglob("ims/hotspot.xml")).parent
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("imsmanifest.xml", "<manifest/>")
        names = ("choice.xml", "hotspot.xml", "math.xml", "nested_object.xml", "select_point.xml")
        pictures = ("ukair.png", "uk.png", "sign.png", "postcard.eps")
        for name in (*names, *(f"images/{each}" for each in pictures)):
            archive.write(folder / name, f"items/{name}")
    reading = read_questions(package.getvalue(), "samples.zip")
    assert [(one.row, one.fields.get("name")) for one in reading.refused] == [(4, "EPS")]
    choice, areas, formula, points = (draft.content for draft in reading.drafts)
    assert choice.stem == "Look at the text in the picture.\n〔图1〕\nWhat does it say?"
    assert [(each.text[:14], each.width) for each in choice.figures or ()] == [("NEVER LEAVE LU", 170)]
    assert formula.stem.endswith("associated with the equation 〔式1〕 ?")
    assert [[option.text for option in each.options] for each in (areas, points)] == [
        ["@ circle 77,115,8"],
        ["@ circle 102,113,16"],
    ]
    assert [str(each.photo) for each in (areas, points)] == ["Photo(206×280)"] * 2


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("choice_multiple.xml", ["A = 1", "D = 1", "F = -1", "其他 = -2", "最高 = 2"]),
        (
            "match.xml",
            [
                "Capulet -> Romeo and Juliet = 1",
                "Demetrius -> A Midsummer-Night's Dream = 0.5",
                "Lysander -> A Midsummer-Night's Dream = 0.5",
                "Prospero -> TheTempest = 1",
            ],
        ),
    ],
)
def test_a_qti_sample_keeps_its_marks_by_answer(outside_data: Path, name: str, lines: list[str]) -> None:
    path = next((outside_data / "qti21").rglob(f"ims/{name}"))
    reading = read_questions(path.read_bytes(), name)
    content = reading.drafts[0].content
    assert (weights_text(kind_of(content), content).split("\n"), reading.unsupported) == (lines, {})


def test_the_aiken_sample_is_read(outside_data: Path) -> None:
    reading = read_questions((outside_data / "moodle" / "questions.aiken.txt").read_bytes(), "questions.aiken.txt")
    assert [draft.content.key for draft in reading.drafts] == [("B",), ("T",)]
