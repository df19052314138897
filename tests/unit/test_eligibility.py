"""Who may sit: a table of cases under the real rule sets, and properties that hold for any facts."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam.core.clock import local_date
from exam.sitting.eligibility import (
    Ban,
    Decision,
    MissingHours,
    Passed,
    PersonFacts,
    SittingFacts,
    Standing,
    Used,
    age_on,
    attempts_in_round,
    decide,
    reason_texts,
)
from exam.standards.api import RuleSet, resolve_rule_set

TODAY = date(2026, 11, 23)
OLD_DAY = date(2026, 3, 2)
THIS = UUID(int=1)
OTHER = UUID(int=2)
ADULT = date(1980, 5, 1)


def at(day: date, hour: int = 1) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def electrician(on: date = TODAY) -> RuleSet:
    return resolve_rule_set("special.1.2", on)


def officer(on: date = TODAY) -> RuleSet:
    return resolve_rule_set("officer.general", on)


def judge(facts: PersonFacts, rules: RuleSet, *, today: date = TODAY) -> Decision:
    return decide(facts, rules, SittingFacts(THIS, at(today + timedelta(days=20))), today)


def codes(decision: Decision) -> set[str]:
    return {reason.code for reason in decision.reasons}


def tried(*days: date, part: str = "theory") -> tuple[Used, ...]:
    return tuple(Used(part, at(day)) for day in days)


def test_adult_without_a_past_is_eligible_for_the_first_time() -> None:
    decision = judge(PersonFacts(birth_on=ADULT), electrician())
    assert decision.eligible
    assert not decision.make_up


def test_unstated_rules_are_noted_and_not_enforced() -> None:
    decision = judge(PersonFacts(birth_on=date(2015, 1, 1)), electrician())
    assert decision.eligible
    assert {"age_not_stated", "hours_not_stated"} <= {note.code for note in decision.notes}
    assert not any(note.stated for note in decision.notes if note.code.endswith("_not_stated"))


@pytest.mark.parametrize(
    ("birth_on", "allowed"),
    [(date(2008, 3, 3), False), (date(2008, 3, 2), True), (date(2008, 3, 1), True)],
)
def test_order_30_wants_eighteen_full_years(birth_on: date, *, allowed: bool) -> None:
    decision = judge(PersonFacts(birth_on=birth_on), electrician(OLD_DAY), today=OLD_DAY)
    assert decision.eligible is allowed
    assert codes(decision) == (set() if allowed else {"under_age"})


def test_refusal_names_its_article() -> None:
    decision = judge(PersonFacts(birth_on=date(2012, 1, 1)), electrician(OLD_DAY), today=OLD_DAY)
    [reason] = reason_texts(decision.reasons)
    assert reason["message"] == "申请时 14 周岁,规则要求年满 18 周岁。"
    assert reason["basis"] == "国家安全生产监督管理总局令第30号(第63号、第80号修正) 第4条"
    assert reason["stated"] is True


def test_order_30_leaves_education_to_documents() -> None:
    decision = judge(PersonFacts(birth_on=ADULT), electrician(OLD_DAY), today=OLD_DAY)
    assert decision.eligible
    assert {"education_by_document", "place_by_document"} <= {note.code for note in decision.notes}


def test_order_30_allows_one_make_up() -> None:
    facts = PersonFacts(birth_on=ADULT, attempts=tried(date(2026, 1, 5)))
    decision = judge(facts, electrician(OLD_DAY), today=OLD_DAY)
    assert decision.eligible
    assert decision.make_up


def test_order_30_wants_retraining_after_the_make_up() -> None:
    facts = PersonFacts(birth_on=ADULT, attempts=tried(date(2026, 1, 5), date(2026, 1, 20)))
    decision = judge(facts, electrician(OLD_DAY), today=OLD_DAY)
    assert codes(decision) == {"attempts_exhausted"}
    assert "重新参加培训" in reason_texts(decision.reasons)[0]["message"]


def test_retraining_opens_a_new_round() -> None:
    attempts = tried(date(2026, 1, 5), date(2026, 1, 20))
    facts = PersonFacts(birth_on=ADULT, attempts=attempts, trained_at=(at(date(2026, 2, 10)),))
    decision = judge(facts, electrician(OLD_DAY), today=OLD_DAY)
    assert decision.eligible
    assert not decision.make_up


def test_training_in_the_middle_of_a_round_does_not_reset_it() -> None:
    attempts = tried(date(2026, 1, 5), date(2026, 1, 20))
    facts = PersonFacts(birth_on=ADULT, attempts=attempts, trained_at=(at(date(2026, 1, 10)),))
    assert attempts_in_round(facts, electrician(OLD_DAY)) == 2


def test_order_19_does_not_limit_theory() -> None:
    days = [date(2026, 6, 1) + timedelta(days=number) for number in range(30)]
    decision = judge(PersonFacts(birth_on=ADULT, attempts=tried(*days)), electrician())
    assert decision.eligible
    assert decision.make_up


def test_valid_theory_pass_needs_no_second_one() -> None:
    passed = Passed("theory", date(2026, 10, 1), date(2027, 9, 30))
    assert codes(judge(PersonFacts(birth_on=ADULT, passes=(passed,)), electrician())) == {"theory_passed"}


def test_pass_that_ends_before_the_sitting_does_not_count() -> None:
    passed = Passed("theory", date(2025, 11, 30), TODAY + timedelta(days=19))
    assert judge(PersonFacts(birth_on=ADULT, passes=(passed,)), electrician()).eligible


def test_five_practical_failures_lead_back_to_theory_under_order_19() -> None:
    passed = Passed("theory", date(2026, 7, 1), date(2027, 6, 30))
    days = [date(2026, 8, 1) + timedelta(days=number) for number in range(5)]
    four = PersonFacts(birth_on=ADULT, passes=(passed,), attempts=tried(*days[:4], part="practical"))
    five = PersonFacts(birth_on=ADULT, passes=(passed,), attempts=tried(*days, part="practical"))
    assert codes(judge(four, electrician())) == {"theory_passed"}
    assert judge(five, electrician()).eligible


@pytest.mark.parametrize(("until", "allowed"), [(TODAY, False), (TODAY - timedelta(days=1), True)])
def test_ban_holds_through_its_last_day(until: date, *, allowed: bool) -> None:
    facts = PersonFacts(birth_on=ADULT, bans=(Ban(until, "总局令第30号 第30条"),))
    decision = judge(facts, electrician())
    assert decision.eligible is allowed
    assert [reason.basis for reason in decision.reasons] == ([] if allowed else ["总局令第30号 第30条"])


@pytest.mark.parametrize(("sitting", "code"), [(THIS, "already_registered"), (OTHER, "duplicate_registration")])
def test_standing_registration_refuses_a_second_one(sitting: UUID, code: str) -> None:
    facts = PersonFacts(birth_on=ADULT, standing=(Standing(sitting, at(TODAY)),))
    assert codes(judge(facts, electrician())) == {code}


@pytest.mark.parametrize(("hours", "allowed"), [(0, False), (3199, False), (3200, True)])
def test_officers_need_their_initial_hours(hours: int, *, allowed: bool) -> None:
    decision = judge(PersonFacts(birth_on=ADULT, hours=hours), officer())
    assert decision.eligible is allowed
    assert codes(decision) == (set() if allowed else {"hours_short"})


def test_refusal_names_the_missing_hours_of_each_node() -> None:
    gaps = (
        MissingHours(code="3.2", title="事故隐患排查治理", practice=False, hours=50),
        MissingHours(code="8.2", title="现场急救", practice=True, hours=200),
    )
    decision = judge(PersonFacts(birth_on=ADULT, hours=2950, gaps=gaps), officer())
    [reason] = reason_texts(decision.reasons)
    assert reason["message"] == (
        "已登记培训 29.5 学时,规则要求 32 学时。尚缺(学时):3.2 事故隐患排查治理 0.5、8.2 现场急救(实操) 2。"
    )


def test_hours_enough_in_sum_do_not_stand_in_for_a_node_that_lacks_them() -> None:
    gaps = (MissingHours(code="3.2", title="事故隐患排查治理", practice=False, hours=50),)
    decision = judge(PersonFacts(birth_on=ADULT, hours=3200, gaps=gaps), officer())
    assert not decision.eligible
    [reason] = reason_texts(decision.reasons)
    assert (reason["code"], reason["message"]) == (
        "hours_short",
        "学时总数已够,但培训方案有条目尚未学满。尚缺(学时):3.2 事故隐患排查治理 0.5。",
    )


def test_every_refusal_is_listed_at_once() -> None:
    facts = PersonFacts(
        birth_on=ADULT,
        bans=(Ban(TODAY, "x"),),
        standing=(Standing(OTHER, at(TODAY)),),
        attempts=tried(date(2026, 9, 1), date(2026, 9, 2)),
    )
    assert codes(judge(facts, officer())) == {"banned", "duplicate_registration", "attempts_exhausted", "hours_short"}


def test_leap_day_birthday_is_kept_on_the_first_of_march() -> None:
    assert age_on(date(2008, 2, 29), date(2026, 2, 28)) == 17
    assert age_on(date(2008, 2, 29), date(2026, 3, 1)) == 18


days = st.dates(date(2020, 1, 1), date(2026, 11, 22))
parts = st.sampled_from(["theory", "practical"])
facts_of_anyone = st.builds(
    PersonFacts,
    birth_on=st.dates(date(1950, 1, 1), date(2015, 1, 1)),
    passes=st.lists(
        st.builds(
            lambda part, on, length: Passed(part, on, on + timedelta(days=length)), parts, days, st.integers(0, 400)
        ),
        max_size=3,
    ).map(tuple),
    attempts=st.lists(st.builds(lambda part, on: Used(part, at(on)), parts, days), max_size=6).map(tuple),
    bans=st.lists(st.builds(Ban, st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.just("x")), max_size=2).map(tuple),
    standing=st.lists(st.builds(Standing, st.just(OTHER), days.map(at)), max_size=2).map(tuple),
    hours=st.integers(0, 10000),
    trained_at=st.lists(days.map(at), max_size=3).map(tuple),
)
rule_sets = st.sampled_from([electrician(), electrician(OLD_DAY), officer()])


@given(facts_of_anyone, rule_sets)
def test_eligible_exactly_without_refusals_and_every_refusal_has_a_basis(facts: PersonFacts, rules: RuleSet) -> None:
    decision = judge(facts, rules)
    assert decision.eligible is (not decision.reasons)
    assert all(reason.stated and reason.basis for reason in decision.reasons)
    assert all("{" not in text["message"] for text in reason_texts((*decision.reasons, *decision.notes)))


@given(facts_of_anyone, rule_sets)
def test_order_of_facts_does_not_matter(facts: PersonFacts, rules: RuleSet) -> None:
    turned = PersonFacts(
        birth_on=facts.birth_on,
        passes=facts.passes[::-1],
        attempts=facts.attempts[::-1],
        bans=facts.bans[::-1],
        standing=facts.standing[::-1],
        hours=facts.hours,
        trained_at=facts.trained_at[::-1],
    )
    assert codes(judge(facts, rules)) == codes(judge(turned, rules))


@given(facts_of_anyone, rule_sets)
def test_more_hours_never_make_anyone_ineligible(facts: PersonFacts, rules: RuleSet) -> None:
    richer = PersonFacts(
        birth_on=facts.birth_on,
        passes=facts.passes,
        attempts=facts.attempts,
        bans=facts.bans,
        standing=facts.standing,
        hours=facts.hours + 3200,
        trained_at=facts.trained_at,
    )
    assert codes(judge(richer, rules)) <= codes(judge(facts, rules))


@given(facts_of_anyone)
def test_round_never_counts_more_than_what_was_used(facts: PersonFacts) -> None:
    used = [attempt for attempt in facts.attempts if attempt.part == "theory"]
    assert 0 <= attempts_in_round(facts, electrician(OLD_DAY)) <= len(used)
    assert all(local_date(attempt.at) <= TODAY for attempt in used)
