"""Periods of figures are Shanghai months, quarters and years so far."""

from datetime import UTC, date, datetime

import pytest

from exam.records.period import Span, period_of

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "first_on"),
    [(Span.MONTH, date(2026, 11, 1)), (Span.QUARTER, date(2026, 10, 1)), (Span.YEAR, date(2026, 1, 1))],
)
def test_period_begins_with_its_first_day_and_ends_today(span: Span, first_on: date) -> None:
    period = period_of(span, NOW)
    assert (period.first_on, period.last_on) == (first_on, date(2026, 11, 23))
    assert period.until == datetime(2026, 11, 23, 16, tzinfo=UTC)


def test_evening_in_greenwich_is_the_next_day_in_shanghai() -> None:
    assert period_of(Span.YEAR, datetime(2026, 12, 31, 17, tzinfo=UTC)).first_on == date(2027, 1, 1)
