"""What the pages of results and sheets are made of: typed marks, bars, schemes, and an English word for each Chinese."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import grading
from exam.core.clock import local_date
from exam.core.errors import DomainError
from exam.standards.api import list_qualifications, resolve_rule_set
from grading import errors, practical, schemes, words
from grading.changes import Action
from grading.errors import MarksFormatError
from grading.schemas import RegradeForm, SheetForm, marks_from_text
from grading.schemes import NoSchemeError, get_group, list_groups
from grading.tables import distribution
from grading.weighing import ItemFigure
from tests.unit.test_grading_judging import AT

FOLDER = Path(next(iter(grading.__path__)))


@pytest.mark.parametrize(
    ("text", "hundredths"), [("85", 8500), (" 85.5 ", 8550), ("85.05", 8505), ("0", 0), ("100", 10_000), ("7.25", 725)]
)
def test_typed_marks_become_hundredths(text: str, hundredths: int) -> None:
    assert marks_from_text(text, "K1") == hundredths


@pytest.mark.parametrize("text", ["", "101", "100.01", "-1", "85.555", "八十", "8e1", "nan", "85,5", "1000"])
def test_what_is_no_mark_is_refused_with_its_station(text: str) -> None:
    with pytest.raises(MarksFormatError) as refusal:
        marks_from_text(text, "K3")
    assert refusal.value.fields == {"station": "K3"}


def test_a_form_with_one_station_reads_like_one_with_four() -> None:
    assert SheetForm(station="K2", marks="80").hundredths() == {"K2": 8000}
    assert SheetForm(station=["K1", "K2"], marks=["", "80"]).typed() == {"K1": "", "K2": "80"}


def test_an_action_without_key_drops_what_was_ticked() -> None:
    assert RegradeForm(item="i", action=Action.FULL_CREDIT, key=["A"]).change().key == ()


def test_no_action_is_taken_for_chosen() -> None:
    with pytest.raises(errors.RegradeActionError):
        RegradeForm(item="i").change()


def test_the_last_bar_includes_full_marks_and_the_highest_fills_the_drawing() -> None:
    bars = distribution([0, 999, 8000, 9999, 10_000], 8000)
    assert [bar.count for bar in bars] == [2, 0, 0, 0, 0, 0, 0, 0, 1, 2]
    assert max(bar.height for bar in bars) == 120
    assert [bar.passes for bar in bars[7:]] == [False, True, True]


def test_nobody_scored_draws_no_bar() -> None:
    assert {bar.height for bar in distribution([], 8000)} == {0}


def test_every_special_operation_has_a_scheme_with_the_weights_of_its_stations() -> None:
    for qualification in list_qualifications():
        if not qualification.code.startswith("special."):
            continue
        rules = resolve_rule_set(qualification.code, local_date(AT))
        scheme = get_group(qualification.code).scheme(rules)
        assert sum(station.weight_permille for station in scheme.stations) == 1000


def test_the_longest_entry_decides_the_group() -> None:
    assert get_group("special.1.2").code == "electrician-low-voltage"
    assert get_group("special.1.1").code == "special"


def test_an_officer_has_no_practical_scheme() -> None:
    with pytest.raises(NoSchemeError):
        get_group("officer.general")


def test_an_item_that_nobody_was_asked_has_no_share() -> None:
    assert ItemFigure(item_id="i", asked=0, correct=0, form_id=AT, slot=1).correct_percent == 0  # type: ignore[arg-type]


def _msgids() -> set[str]:
    """Return every Chinese message id of templates, errors, words and schemes."""
    found: set[str] = set()
    for template in (FOLDER / "templates" / "grading").glob("*.html"):
        found |= set(re.findall(r'_\("([^"]+)"\)', template.read_text(encoding="utf-8")))
    for module in (errors, practical, schemes):
        classes = [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, DomainError)]
        found |= {each.message for each in classes if each.__module__.startswith("grading")}
    for table in (words.OUTCOMES, words.PARTS, words.REASONS, words.ACTIONS, words.ACTION_EFFECTS):
        found |= set(table.values())
    for table in (words.REGRADE_STATES, words.SHEET_STATES, words.APPEAL_STATES):
        found |= set(table.values())
    for group in list_groups():
        found |= {group.source, *(each.title for each in group.stations), *(each.title for each in group.vetoes)}
    return {text for text in found if re.search("[\u4e00-\u9fff]", text)}


def test_every_sentence_has_its_english() -> None:
    with (FOLDER / "locale" / "en.po").open("rb") as file:
        english = {str(message.id): str(message.string) for message in read_po(file, locale="en")}
    assert {text for text in _msgids() if not english.get(text)} == set()


def test_english_keeps_the_fields_of_the_chinese() -> None:
    with (FOLDER / "locale" / "en.po").open("rb") as file:
        messages = [(str(each.id), str(each.string)) for each in read_po(file, locale="en") if each.id]
    fields = re.compile(r"\{(\w+)\}")
    assert [pair for pair in messages if set(fields.findall(pair[0])) != set(fields.findall(pair[1]))] == []
