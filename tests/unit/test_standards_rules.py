"""What the packaged rules say on a date, and that exactly one rule set says it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam.standards import api
from exam.standards.errors import NoRuleSetError, NotStatedError, UnknownQualificationError
from exam.standards.loader import load
from exam.standards.marks import Mark
from exam.standards.qualifications import Category
from exam.standards.rule_sets import Education, Exhausted, Part
from exam.standards.sources import current_sources
from exam.standards.vocabulary import value_types

OLD, NEW = date(2026, 5, 31), date(2026, 6, 1)
days = st.dates(date(2010, 7, 1), date(2030, 12, 31))
codes = st.sampled_from([qualification.code for qualification in api.list_qualifications()])


@given(code=codes, on=days)
def test_every_qualification_has_one_rule_set_on_every_date(code: str, on: date) -> None:
    qualification = api.get_qualification(code)
    holding = [s for s in current_sources(load().sources) if s.applies(qualification) and s.holds_on(on)]

    assert api.resolve_rule_set(code, on) == api.resolve_rule_set(code, on)
    assert len({source.family for source in holding}) == len(holding)
    assert any(source.family != "project-policy" for source in holding)


@given(code=codes, on=days)
def test_what_is_not_stated_is_never_enforceable(code: str, on: date) -> None:
    rules = api.resolve_rule_set(code, on)

    for explanation in api.list_explanations(rules):
        parameter = getattr(rules, explanation.key)
        assert parameter.stated == (parameter.value is not None) == parameter.mark.binds
        assert explanation.text != "规则中未载明" or not parameter.stated


@given(code=codes, on=days)
def test_a_stored_version_brings_the_same_rules_back(code: str, on: date) -> None:
    rules = api.resolve_rule_set(code, on)

    assert api.recall_rule_set(code, rules.version) == rules


def test_special_operations_change_their_order_on_the_first_of_june() -> None:
    assert api.resolve_rule_set("special.1.2", OLD).version == "order-30@1+104@1+licensing@1+policy@1"
    assert api.resolve_rule_set("special.1.2", NEW).version == "order-19@1+104@1+licensing@1+policy@1"


def test_the_old_order_allows_one_make_up_and_then_retraining() -> None:
    rules = api.resolve_rule_set("special.1.2", OLD)

    assert (rules.theory_attempts.value, rules.practical_attempts.value) == (2, 2)
    assert rules.on_attempts_exhausted.value is Exhausted.RETRAIN


def test_the_new_order_limits_only_practice() -> None:
    rules = api.resolve_rule_set("special.1.2", NEW)

    assert (rules.theory_attempts.value, rules.practical_attempts.value) == ("unlimited", 5)
    assert rules.on_attempts_exhausted.value is Exhausted.REREGISTER


def test_the_orders_prevail_over_the_make_up_of_document_104() -> None:
    assert api.resolve_rule_set("special.1.2", NEW).theory_attempts.rule_set == "order-19@1"
    assert api.resolve_rule_set("principal.coal", NEW).theory_attempts.rule_set == "104@1"


def test_review_every_three_years_ends_with_the_new_order() -> None:
    assert api.resolve_rule_set("special.1.2", OLD).review_every_years.value == 3
    assert api.resolve_rule_set("special.1.2", NEW).review_every_years.value == "none"
    assert api.resolve_rule_set("special.1.2", NEW).credential_term_years.value == 6


def test_marks_are_hundredths_and_shown_as_marks() -> None:
    rules = api.resolve_rule_set("officer.general", NEW)

    assert (rules.theory_full_marks.value, rules.theory_pass_mark.value) == (10000, 8000)
    assert api.explain(rules, "theory_pass_mark").text == "80"


def test_principals_sit_theory_only_and_pay_nothing() -> None:
    rules = api.resolve_rule_set("principal.chemical-trade", NEW)

    assert rules.parts.value == (Part.THEORY,)
    assert rules.fee_free.value is True
    assert not rules.practical_attempts.stated
    with pytest.raises(NotStatedError):
        rules.practical_attempts.require()


@pytest.mark.parametrize(
    ("code", "initial", "yearly"),
    [
        ("officer.general", 32, 12),
        ("officer.transport", 32, 12),
        ("officer.coal", 48, 16),
        ("principal.fireworks", 48, 16),
    ],
)
def test_training_hours_follow_the_industry(code: str, initial: int, yearly: int) -> None:
    rules = api.resolve_rule_set(code, NEW)

    assert (rules.training_hours_initial.value, rules.training_hours_yearly.value) == (initial, yearly)


def test_education_follows_the_order_and_the_operation() -> None:
    assert api.resolve_rule_set("special.1.2", OLD).education.value is Education.JUNIOR_MIDDLE
    assert api.resolve_rule_set("special.9.1", OLD).education.value is Education.SENIOR_MIDDLE
    assert api.resolve_rule_set("special.1.2", NEW).education.value is Education.NONE
    assert not api.resolve_rule_set("special.9.1", NEW).education.stated


def test_the_general_licensing_law_fills_what_the_new_order_leaves_open() -> None:
    parameter = api.resolve_rule_set("special.1.2", NEW).decision_working_days

    assert (parameter.value, parameter.rule_set) == (20, "licensing@1")


def test_an_unverified_value_is_kept_out_of_reach() -> None:
    rules = api.resolve_rule_set("officer.coal", NEW)

    assert rules.training_record_retention_years.mark is Mark.UNVERIFIED
    assert rules.training_record_retention_years.value is None
    with pytest.raises(NotStatedError):
        rules.training_record_retention_years.require()


def test_a_setting_of_this_system_is_shown_as_one() -> None:
    explanation = api.explain(api.resolve_rule_set("officer.coal", NEW), "hand_in_grace_s")

    assert (explanation.text, explanation.source, explanation.mark_label) == (
        "30",
        "规定未载明,由本系统设定",
        "本系统设定",
    )


def test_every_key_has_its_own_chinese_title() -> None:
    titles = [explanation.title for explanation in api.list_explanations(api.resolve_rule_set("special.1.2", NEW))]

    assert len(set(titles)) == len(value_types())


def test_the_catalogue_holds_fifty_four_items_in_ten_groups() -> None:
    items = api.list_qualifications(Category.SPECIAL)

    assert len(items) == 54
    assert len({item.group for item in items}) == 10
    assert api.get_qualification("special.1.2").title == "低压电工作业"
    assert api.get_qualification("special.1.4").note


def test_seed_qualifications_have_their_titles() -> None:
    assert api.get_qualification("principal.chemical-trade").title == "危险化学品经营单位主要负责人"
    assert api.get_qualification("officer.general").title == "一般生产经营单位安全生产管理人员"


def test_the_catalogue_whose_text_was_not_seen_holds_nothing() -> None:
    unseen = [version for version in api.load_catalogue().catalogues if not version.stated]

    assert [version.code for version in unseen] == ["2026-45"]
    assert all(item.catalogue != "2026-45" for item in api.load_catalogue().items)


def test_an_unknown_qualification_is_refused() -> None:
    with pytest.raises(UnknownQualificationError):
        api.resolve_rule_set("special.99", NEW)


def test_before_the_first_rule_nothing_can_be_judged() -> None:
    with pytest.raises(NoRuleSetError):
        api.resolve_rule_set("special.1.2", date(2010, 6, 30))


@pytest.mark.parametrize("version", ["order-19@2", "44@1", "", "104@1+"])
def test_a_version_that_never_was_is_refused(version: str) -> None:
    with pytest.raises(NoRuleSetError):
        api.recall_rule_set("special.1.2", version)


def test_an_unknown_key_cannot_be_explained() -> None:
    with pytest.raises(KeyError):
        api.explain(api.resolve_rule_set("special.1.2", NEW), "version")
