"""The life of a credential: a state machine, the fold of its history, its worth on every day, its term and number."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from certs.numbers import (
    CredentialNumberError,
    SerialsUsedUpError,
    mask_number,
    own_number,
    own_prefix,
    parse_number,
    permit_number,
)
from certs.state import (
    EVENT_OF_ACT,
    FINAL_STATES,
    CredentialAct,
    CredentialState,
    CredentialStateError,
    Standing,
    allowed_acts,
    fold,
    next_state,
    standing_on,
)
from certs.terms import last_day_after, term_of
from exam.standards.api import Category, resolve_rule_set
from exam.standards.errors import NotStatedError
from tests.builders.sitting import id_number

FROM, UNTIL = date(2026, 6, 10), date(2032, 6, 9)
DAYS = st.dates(FROM - timedelta(days=30), UNTIL + timedelta(days=30))


class CredentialLife(RuleBasedStateMachine):
    """Every act at any time: refused ones change nothing, and the history always folds to the state."""

    def __init__(self) -> None:
        super().__init__()
        self.state = CredentialState.ISSUED
        self.history = ["issued"]
        self.was_final = False

    @rule(act=st.sampled_from(CredentialAct))
    def do(self, act: CredentialAct) -> None:
        if act not in allowed_acts(self.state):
            with pytest.raises(CredentialStateError):
                next_state(self.state, act)
            return
        assert not self.was_final
        self.state = next_state(self.state, act)
        self.history.append(EVENT_OF_ACT[act])
        self.was_final = self.state in FINAL_STATES

    @precondition(lambda self: "pdf_made" not in self.history)
    @rule()
    def print_it(self) -> None:
        self.history.append("pdf_made")

    @rule()
    def run_out(self) -> None:
        self.history.append("expired")

    @invariant()
    def history_folds_to_the_state(self) -> None:
        assert fold(self.history) is self.state

    @invariant()
    def final_states_allow_nothing(self) -> None:
        assert bool(allowed_acts(self.state)) is (self.state not in FINAL_STATES)


TestCredentialLife = CredentialLife.TestCase


@given(state=st.sampled_from(CredentialState), day=DAYS)
def test_only_an_issued_credential_within_its_term_is_valid(state: CredentialState, day: date) -> None:
    counts = state is CredentialState.ISSUED and FROM <= day <= UNTIL
    assert (standing_on(state, FROM, UNTIL, day) is Standing.VALID) is counts


@given(state=st.sampled_from(CredentialState), day=DAYS)
def test_what_has_run_out_never_becomes_valid_again(state: CredentialState, day: date) -> None:
    later = day + timedelta(days=400)
    if standing_on(state, FROM, UNTIL, day) is Standing.EXPIRED:
        assert standing_on(state, FROM, UNTIL, later) is Standing.EXPIRED


@pytest.mark.parametrize(
    ("day", "standing"),
    [
        (FROM - timedelta(days=1), Standing.NOT_YET),
        (FROM, Standing.VALID),
        (UNTIL, Standing.VALID),
        (UNTIL + timedelta(days=1), Standing.EXPIRED),
    ],
)
def test_both_ends_of_the_term_count(day: date, standing: Standing) -> None:
    assert standing_on(CredentialState.ISSUED, FROM, UNTIL, day) is standing


def test_a_suspended_credential_runs_out_all_the_same() -> None:
    assert standing_on(CredentialState.SUSPENDED, FROM, UNTIL, UNTIL) is Standing.SUSPENDED
    assert standing_on(CredentialState.SUSPENDED, FROM, UNTIL, UNTIL + timedelta(days=1)) is Standing.EXPIRED


def test_revocation_is_told_even_after_the_term() -> None:
    assert standing_on(CredentialState.REVOKED, FROM, UNTIL, UNTIL + timedelta(days=1)) is Standing.REVOKED


def test_an_impossible_history_does_not_fold() -> None:
    with pytest.raises(CredentialStateError):
        fold(["issued", "revoked", "restored"])


@given(start=st.dates(date(2010, 1, 1), date(2060, 1, 1)), years=st.integers(1, 60))
def test_a_term_ends_the_day_before_its_anniversary(start: date, years: int) -> None:
    after = last_day_after(start, years) + timedelta(days=1)
    leap_day_lost = (start.month, start.day) == (2, 29) and (after.month, after.day) == (3, 1)
    assert after.year == start.year + years
    assert leap_day_lost or (after.month, after.day) == (start.month, start.day)


def test_order_19_gives_six_years_without_review() -> None:
    term = term_of(resolve_rule_set("special.1.2", date(2026, 11, 23)), date(2026, 11, 23))
    assert (term.valid_until_on, term.review_due_on) == (date(2032, 11, 22), None)


def test_order_30_gave_six_years_with_a_review_after_three() -> None:
    term = term_of(resolve_rule_set("special.1.2", date(2026, 5, 20)), date(2026, 5, 20))
    assert (term.valid_until_on, term.review_due_on) == (date(2032, 5, 19), date(2029, 5, 19))


def test_an_officer_of_a_high_risk_unit_gets_three_years() -> None:
    term = term_of(resolve_rule_set("officer.chemical-trade", date(2026, 11, 23)), date(2026, 11, 23))
    assert term.valid_until_on == date(2029, 11, 22)


def test_a_rule_set_that_states_no_term_gives_none() -> None:
    rules = resolve_rule_set("special.1.2", date(2026, 11, 23))
    silent = type(rules.credential_term_years)(
        key="credential_term_years",
        value=None,
        stated=False,
        source="",
        mark=rules.credential_term_years.mark,
        rule_set="",
    )
    fields = {name: getattr(rules, name) for name in rules.__struct_fields__} | {"credential_term_years": silent}
    with pytest.raises(NotStatedError):
        term_of(type(rules)(**fields), date(2026, 11, 23))


@pytest.mark.parametrize(
    ("region", "prefix"),
    [
        ("33/3301/330106/330106001", "A3301062026"),
        ("33/3301/330106", "A3301062026"),
        ("33/3301", "A3301002026"),
        ("33", "A3300002026"),
    ],
)
def test_own_numbers_name_the_county_or_what_is_known_of_it(region: str, prefix: str) -> None:
    assert own_prefix(Category.PRINCIPAL, region, date(2026, 11, 23)) == prefix


@given(serial=st.integers(1, 999_999))
def test_own_numbers_read_back_and_show_no_serial_in_full(serial: int) -> None:
    number = own_number("B3301062026", serial)
    assert parse_number(f" {number[:7]} {number[7:].lower()} ") == number
    assert mask_number(number) == f"B330106******{number[-4:]}"


def test_a_million_serials_are_too_many() -> None:
    with pytest.raises(SerialsUsedUpError):
        own_number("B3301062026", 1_000_000)


def test_an_id_number_alone_stands_for_the_permit() -> None:
    number = permit_number(id_number(7))
    assert parse_number(id_number(7)) == parse_number(number.lower()) == number
    assert mask_number(number) == f"T330***********{number[-4:]}"


@pytest.mark.parametrize("typed", ["", "T123", "C3301062026000001", "T" + "1" * 19, "A330106202600000x"])
def test_other_texts_are_no_numbers(typed: str) -> None:
    with pytest.raises(CredentialNumberError):
        parse_number(typed)
