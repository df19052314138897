"""工作日: counting statutory time limits (行政许可法 第82条); pure, over a calendar read from data."""

from datetime import date, timedelta

import msgspec

from exam.standards.marks import Mark

SATURDAY = 5


class FixedHolidays(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Statutory days with a fixed Gregorian date ("MM-DD"), for years from `since_year` without a notice here."""

    source: str
    mark: Mark
    since_year: int
    days: tuple[str, ...]


class HolidayYear(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One year as the State Council's notice set it: days off, and weekend days that are worked."""

    year: int
    source: str
    mark: Mark
    off: frozenset[date]
    worked_weekends: frozenset[date]


class WorkCalendar(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of `holidays.toml`."""

    fixed: FixedHolidays
    years: tuple[HolidayYear, ...]

    def find_year(self, year: int) -> HolidayYear | None:
        """Return the year's notice, or None where it is not known: limits counted into it are provisional."""
        return next((known for known in self.years if known.year == year), None)

    def is_working_day(self, day: date) -> bool:
        """Say whether offices work on a Shanghai date; a year without notice knows weekends and fixed days only."""
        notice = self.find_year(day.year)
        if notice is not None:
            return day in notice.worked_weekends or (day.weekday() < SATURDAY and day not in notice.off)
        fixed = day.year >= self.fixed.since_year and day.strftime("%m-%d") in self.fixed.days
        return day.weekday() < SATURDAY and not fixed

    def working_days_after(self, day: date, count: int) -> date:
        """Return the `count`-th working day after a date; the date itself is not counted (民法典 第201条)."""
        if count < 1:
            raise ValueError(count)
        while count:
            day += timedelta(days=1)
            count -= self.is_working_day(day)
        return day

    def working_days_left(self, day: date, until: date) -> int:
        """Return how many working days lie after `day` through `until`; as many below zero where it has passed."""
        first, last = sorted((day, until))
        count = sum(self.is_working_day(first + timedelta(days=step)) for step in range(1, (last - first).days + 1))
        return count if until >= day else -count
