"""The period that figures are of: the month, quarter or year that a Shanghai date falls in, so far; pure."""

from datetime import date, datetime, timedelta
from enum import StrEnum

import msgspec

from exam.core.clock import local_date, local_midnight


class Span(StrEnum):
    """统计期."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """From the first day to today, both counted."""

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


def period_of(span: Span, now: datetime) -> Period:
    """Return the running month, quarter or year."""
    today = local_date(now)
    first_month = {Span.MONTH: today.month, Span.QUARTER: (today.month - 1) // 3 * 3 + 1, Span.YEAR: 1}[span]
    return Period(span=span, first_on=date(today.year, first_month, 1), last_on=today)
