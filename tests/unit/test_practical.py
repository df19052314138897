import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam.core.errors import SamePersonError
from grading.practical import (
    Outcome,
    Scheme,
    Settlement,
    Sheet,
    SheetInvalidError,
    SheetsDifferError,
    Station,
    find_dispute,
    score_practical,
)

CODES = ("K1", "K2", "K3", "K4")
SCHEME = Scheme(
    stations=(Station("K1", 200), Station("K2", 400), Station("K3", 200), Station("K4", 200)),
    pass_marks=8000,
    tolerance=500,
)
MARKS = st.fixed_dictionaries({code: st.integers(0, 10_000) for code in CODES})


def sheet(assessor: str, *marks: int, vetoes: frozenset[str] = frozenset()) -> Sheet:
    return Sheet(assessor=assessor, marks=dict(zip(CODES, marks, strict=True)), vetoes=vetoes)


def test_agreeing_sheets_give_the_weighted_mean() -> None:
    score = score_practical(SCHEME, sheet("a", 8000, 9000, 7000, 8500), sheet("b", 8400, 9000, 7000, 8500))
    assert score.outcome is Outcome.PASSED
    assert score.marks == (8200 * 200 + 9000 * 400 + 7000 * 200 + 8500 * 200) // 1000


@pytest.mark.parametrize(("last", "outcome"), [(8000, Outcome.PASSED), (7999, Outcome.FAILED)])
def test_the_pass_mark_itself_passes_and_nothing_is_rounded_up(last: int, outcome: Outcome) -> None:
    score = score_practical(SCHEME, sheet("a", 8000, 8000, 8000, last), sheet("b", 8000, 8000, 8000, 8000))
    assert score.outcome is outcome


def test_a_veto_item_fails_the_whole_and_keeps_the_marks() -> None:
    vetoes = frozenset({"live-work-unchecked"})
    score = score_practical(SCHEME, sheet("a", *[10_000] * 4, vetoes=vetoes), sheet("b", *[10_000] * 4, vetoes=vetoes))
    assert score.outcome is Outcome.VETOED
    assert score.marks == 10_000


@pytest.mark.parametrize(("gap", "disputed"), [(500, False), (501, True)])
def test_marks_agree_up_to_the_tolerance_itself(gap: int, *, disputed: bool) -> None:
    dispute = find_dispute(SCHEME, sheet("a", 8000, 8000, 8000, 8000), sheet("b", 8000, 8000 - gap, 8000, 8000))
    assert (dispute is not None) is disputed


def test_differing_sheets_are_not_scored_before_they_are_settled() -> None:
    with pytest.raises(SheetsDifferError) as refusal:
        score_practical(SCHEME, sheet("a", 8000, 9000, 8000, 8000), sheet("b", 8000, 5000, 8000, 8000))
    assert refusal.value.fields["stations"] == ("K2",)


def test_a_settled_station_replaces_both_marks_and_only_there() -> None:
    settlement = Settlement(settled_by="c", marks={"K2": 6000})
    score = score_practical(SCHEME, sheet("a", 8000, 9000, 8000, 8000), sheet("b", 8000, 5000, 8000, 8000), settlement)
    assert score.marks == (8000 * 600 + 6000 * 400) // 1000


@pytest.mark.parametrize(("stands", "outcome"), [(frozenset({"V1"}), Outcome.VETOED), (frozenset(), Outcome.PASSED)])
def test_a_veto_of_one_assessor_needs_settling(stands: frozenset[str], outcome: Outcome) -> None:
    first, second = sheet("a", *[9000] * 4, vetoes=frozenset({"V1"})), sheet("b", *[9000] * 4)
    with pytest.raises(SheetsDifferError):
        score_practical(SCHEME, first, second)
    assert (
        score_practical(SCHEME, first, second, Settlement(settled_by="c", marks={}, vetoes=stands)).outcome is outcome
    )


def test_a_settlement_cannot_invent_a_veto() -> None:
    settlement = Settlement(settled_by="c", marks={"K1": 9000}, vetoes=frozenset({"V9"}))
    score = score_practical(SCHEME, sheet("a", 9000, *[9000] * 3), sheet("b", 1000, *[9000] * 3), settlement)
    assert score.vetoes == ()


def test_one_person_cannot_fill_both_sheets() -> None:
    with pytest.raises(SamePersonError):
        score_practical(SCHEME, sheet("a", *[9000] * 4), sheet("a", *[9000] * 4))


def test_an_assessor_of_the_station_cannot_settle() -> None:
    with pytest.raises(SamePersonError):
        score_practical(SCHEME, sheet("a", *[9000] * 4), sheet("b", *[1000] * 4), Settlement(settled_by="b", marks={}))


@pytest.mark.parametrize("marks", [{"K1": 1}, {"K1": 1, "K2": 1, "K3": 1, "K4": 10_001}, dict.fromkeys("ABCD", 1)])
def test_an_unfit_sheet_is_refused(marks: dict[str, int]) -> None:
    with pytest.raises(SheetInvalidError):
        find_dispute(SCHEME, Sheet(assessor="a", marks=marks), sheet("b", *[9000] * 4))


def test_a_settlement_must_cover_every_disputed_station() -> None:
    with pytest.raises(SheetInvalidError):
        score_practical(
            SCHEME, sheet("a", *[9000] * 4), sheet("b", *[1000] * 4), Settlement(settled_by="c", marks={"K1": 9000})
        )


def test_weights_that_do_not_sum_to_one_are_refused() -> None:
    with pytest.raises(ValueError, match="1000 permille"):
        Scheme(stations=(Station("K1", 500),), pass_marks=8000, tolerance=0)


@settings(max_examples=50)
@given(MARKS, MARKS, MARKS)
def test_settled_sheets_stay_in_range_and_do_not_depend_on_who_is_first(
    first: dict[str, int], second: dict[str, int], settled: dict[str, int]
) -> None:
    one, two = Sheet(assessor="a", marks=first), Sheet(assessor="b", marks=second)
    dispute = find_dispute(SCHEME, one, two)
    disputed = () if dispute is None else dispute.stations
    settlement = Settlement(settled_by="c", marks={code: settled[code] for code in disputed})
    score = score_practical(SCHEME, one, two, settlement)
    assert score == score_practical(SCHEME, two, one, settlement)
    assert 0 <= score.marks <= 10_000
    assert (score.outcome is Outcome.PASSED) == (score.marks >= 8000)
