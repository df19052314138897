"""The period that figures are of: the day, month, quarter or year that a Shanghai date falls in; pure."""

from calendar import monthrange
from datetime import date, datetime, timedelta
from enum import StrEnum

import msgspec

from exam.core.clock import local_date, local_midnight

_MONTHS = {"month": 1, "quarter": 3, "year": 12}


class Span(StrEnum):
    """统计期."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """From the first to the last day, both counted; a period that still runs ends today."""

    span: Span
    first_on: date
    last_on: date

    @property
    def since(self) -> datetime:
        return local_midnight(self.first_on)

    @property
    def until(self) -> datetime:
        """The instant after the last day."""
        return local_midnight(self.last_on + timedelta(days=1))

    @property
    def whole(self) -> bool:
        """Whether the period has run to its end."""
        return self.last_on == _end(self.span, self.first_on)

    @property
    def days(self) -> int:
        return (self.last_on - self.first_on).days + 1


def period_of(span: Span, now: datetime) -> Period:
    """Return the running day, month, quarter or year."""
    today = local_date(now)
    return period_at(span, today, today=today)


def period_at(span: Span, day: date, *, today: date) -> Period:
    """Return the period that a day falls in, as far as it has run."""
    first = _begin(span, day)
    return Period(span=span, first_on=first, last_on=max(first, min(_end(span, first), today)))


def before(period: Period) -> Period:
    """Return the period before (环比): whole if this one is, else its days up to the same number of days."""
    return _stretch(period, _begin(period.span, period.first_on - timedelta(days=1)))


def year_before(period: Period) -> Period:
    """Return the same period of the year before (同比), as `before` does."""
    first = period.first_on
    return _stretch(
        period, first.replace(year=first.year - 1, day=min(first.day, _last_day(first.year - 1, first.month)))
    )


def after(period: Period) -> date:
    """Return the first day of the period that follows."""
    return _end(period.span, period.first_on) + timedelta(days=1)


def _stretch(period: Period, first: date) -> Period:
    end = _end(period.span, first)
    last = end if period.whole else min(end, first + timedelta(days=period.days - 1))
    return Period(span=period.span, first_on=first, last_on=last)


def _begin(span: Span, day: date) -> date:
    if span is Span.DAY:
        return day
    months = _MONTHS[span]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def _end(span: Span, first: date) -> date:
    if span is Span.DAY:
        return first
    last_month = first.month + _MONTHS[span] - 1
    return date(first.year, last_month, _last_day(first.year, last_month))


def _last_day(year: int, month: int) -> int:
    return monthrange(year, month)[1]
