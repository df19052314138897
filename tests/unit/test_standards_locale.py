"""Whatever the standards show in Chinese has its English."""

from datetime import date
from importlib.resources import files

from babel.messages.pofile import read_po

from exam.standards import api, errors
from exam.standards.marks import Mark
from exam.standards.qualifications import Category
from exam.standards.vocabulary import _WORDS


def translated() -> set[object]:
    with (files("exam.standards") / "locale" / "en.po").open("rb") as stream:
        return {message.id for message in read_po(stream, locale="en") if message.id and message.string}


def test_errors_labels_and_words_are_translated() -> None:
    shown = {
        errors.UnknownQualificationError.message,
        errors.NoRuleSetError.message,
        errors.NotStatedError.message,
        *(mark.label for mark in Mark),
        *(category.label for category in Category),
        *_WORDS.values(),
    }

    assert shown <= translated()


def test_every_parameter_and_its_value_in_words_is_translated() -> None:
    rules = [api.resolve_rule_set(code, date(2026, 7, 1)) for code in ("special.1.2", "special.9.1", "officer.coal")]
    explanations = [explanation for each in rules for explanation in api.list_explanations(each)]

    assert {explanation.title for explanation in explanations} <= translated()
    assert {explanation.text for explanation in explanations if not explanation.text.isdigit()} <= translated()


def test_every_qualification_is_translated() -> None:
    catalogue = api.load_catalogue()
    shown = {version.title for version in catalogue.catalogues} | {group.title for group in catalogue.groups}
    for qualification in api.list_qualifications():
        shown |= {qualification.title, qualification.note or qualification.title}

    assert shown <= translated()
