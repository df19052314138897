"""Statutory time limits in working days, over weekends, holidays and worked weekends."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam.standards import api
from exam.standards.loader import load


def test_a_weekend_is_not_counted() -> None:
    assert api.working_days_after(date(2026, 7, 3), 1) == date(2026, 7, 6)


def test_the_day_itself_is_not_counted() -> None:
    assert api.working_days_after(date(2026, 7, 6), 5) == date(2026, 7, 13)


def test_a_long_holiday_and_its_worked_saturdays_are_counted_rightly() -> None:
    # 2026-02-14 (Saturday) is worked, 15 to 23 are off.
    assert api.working_days_after(date(2026, 2, 13), 1) == date(2026, 2, 14)
    assert api.working_days_after(date(2026, 2, 13), 2) == date(2026, 2, 24)


def test_a_year_without_notice_knows_weekends_and_fixed_days_only() -> None:
    assert [known is not None for _, known in api.calendar_sources(date(2026, 12, 30), date(2030, 1, 1))] == [
        True,
        *[False] * 4,
    ]
    assert not api.is_working_day(date(2030, 10, 1))
    assert api.is_working_day(date(2030, 10, 4))


def test_a_limit_is_counted_from_one_day_upwards() -> None:
    with pytest.raises(ValueError, match="0"):
        api.working_days_after(date(2026, 7, 1), 0)


@pytest.mark.parametrize("year", [2025, 2026])
def test_a_notice_names_days_of_its_year_and_only_worked_weekends(year: int) -> None:
    notice = load().calendar.find_year(year)

    assert notice is not None
    assert {day.year for day in notice.off | notice.worked_weekends} == {year}
    assert all(day.weekday() >= 5 for day in notice.worked_weekends)
    assert not notice.off & notice.worked_weekends


@given(day=st.dates(date(2020, 1, 1), date(2032, 1, 1)), count=st.integers(1, 60))
def test_the_days_between_hold_exactly_the_counted_working_days(day: date, count: int) -> None:
    end = api.working_days_after(day, count)
    between = (day + timedelta(days=step) for step in range(1, (end - day).days + 1))

    assert api.is_working_day(end)
    assert sum(api.is_working_day(each) for each in between) == count


@given(day=st.dates(date(2025, 1, 1), date(2027, 6, 1)), count=st.integers(1, 40))
def test_what_is_left_is_what_was_given(day: date, count: int) -> None:
    until = api.working_days_after(day, count)
    assert api.working_days_left(day, until) == count
    assert api.working_days_left(until, day) == -count
    assert api.working_days_left(day, day) == 0
