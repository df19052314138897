"""Forms as data: every rule can be kept and broken, a correction is what differs; periods compare like with like."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from exam.core.clock import local_midnight
from exam.records.period import Span, after, before, period_at, period_of, year_before
from exam.reports.submission.forms import Cells, Rule, broken_rules, changed, load_forms
from exam.reports.submission.state import ENDED, FOLLOWS, ReportState

DAYS = st.dates(date(2001, 1, 1), date(2035, 12, 31))
CATALOGUE = load_forms()
CELLS = [
    *(f"{line}.{code}" for table in CATALOGUE.tables for line in table.lines for code in table.measures),
    *(f"entry.{entry.code}" for entry in CATALOGUE.entries),
]


@given(st.dictionaries(st.sampled_from(CELLS), st.integers(0, 3)))
def test_rules_say_what_plain_sums_say(cells: Cells) -> None:
    def total(addresses: tuple[str, ...]) -> int:
        parts = [address.split("*") for address in addresses]
        return sum(v for cell, v in cells.items() if any(cell.startswith(p[0]) and cell.endswith(p[-1]) for p in parts))

    def kept(rule: Rule) -> bool:
        left, right = total(rule.left), total(rule.right)
        return {"equal": left == right, "at_most": left <= right, "only_with": left == 0 or right > 0}[rule.relation]

    assert broken_rules(cells) == [rule for rule in CATALOGUE.rules if not kept(rule)]


def test_every_rule_speaks_of_cells_that_exist() -> None:
    lone = dict.fromkeys(CELLS, 1)
    for rule in CATALOGUE.rules:
        for address in (*rule.left, *rule.right):
            probe = Rule(code="", left=(address,), relation="at_most", right=(), message="")
            assert not probe.kept(lone), address
    assert all(CATALOGUE.label_of(cell) for cell in CELLS)


@given(
    st.dictionaries(st.sampled_from(CELLS), st.integers(0, 2)),
    st.dictionaries(st.sampled_from(CELLS), st.integers(0, 2)),
)
def test_a_correction_is_every_counted_cell_that_differs(reported: Cells, now: Cells) -> None:
    found = changed(reported, now)
    assert found == {
        cell: (reported[cell], now[cell]) for cell in reported.keys() & now.keys() if reported[cell] != now[cell]
    }


@given(DAYS, DAYS, st.sampled_from(Span))
def test_periods_tile_time_and_compare_like_with_like(day: date, today: date, span: Span) -> None:
    day, today = min(day, today), max(day, today)
    period = period_at(span, day, today=today)
    assert period.first_on <= day <= period.last_on <= today
    earlier = before(period)
    assert after(earlier) == period.first_on
    for other in (earlier, year_before(period)):
        assert other.last_on < period.first_on
        assert other.whole if period.whole else other.days <= period.days
    assert (year_before(period).first_on.year, earlier.since) == (
        period.first_on.year - 1,
        local_midnight(earlier.first_on),
    )
    assert period_of(span, local_midnight(today)).last_on == today


def test_a_received_or_returned_report_goes_nowhere() -> None:
    assert all(not FOLLOWS[state] for state in ENDED)
    assert set(FOLLOWS) == set(ReportState)
