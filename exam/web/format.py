"""Filters of the templates: instants in Shanghai time, marks from hundredths, masked nothing (masking is a rule of identity)."""

from datetime import date, datetime
from typing import Any

from exam.core.clock import SHANGHAI


def when(instant: datetime | None) -> str:
    """Show an instant as Shanghai local time to the minute."""
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if instant else "—"


def moment(instant: datetime | None) -> str:
    """Show an instant as Shanghai local time to the second."""
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S") if instant else "—"


def day(value: date | None) -> str:
    """Show a date."""
    return value.isoformat() if value else "—"


def clock_time(instant: datetime | None) -> str:
    """Show the time of day in Shanghai."""
    return instant.astimezone(SHANGHAI).strftime("%H:%M") if instant else "—"


def clock_second(instant: datetime | None) -> str:
    """Show the time of day in Shanghai to the second."""
    return instant.astimezone(SHANGHAI).strftime("%H:%M:%S") if instant else "—"


def marks(hundredths: int | None) -> str:
    """Show marks kept in hundredths, without a needless fraction."""
    if hundredths is None:
        return "—"
    whole, rest = divmod(abs(hundredths), 100)
    return "-" * (hundredths < 0) + (str(whole) if not rest else f"{whole}.{rest:02d}".rstrip("0"))


FILTERS: dict[str, Any] = {
    "when": when,
    "moment": moment,
    "day": day,
    "clock_time": clock_time,
    "clock_second": clock_second,
    "marks": marks,
}
