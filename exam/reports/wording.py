"""How a figure is written: counts with separators, shares and hours with one decimal; pure."""

from exam.records.api import Measure, Unit

NONE = "—"
_SECONDS_PER_HOUR = 2700
"""A class hour (学时) is 45 minutes."""
_TENTHS = 10


def written(measure: Measure, value: int | None) -> str:
    """Return a value for people."""
    if value is None:
        return NONE
    if measure.unit is Unit.SHARE:
        return f"{value / _TENTHS:.1f}%"
    return f"{_hours(value):,.1f}" if measure.unit is Unit.HOURS else f"{value:,}"


def cell(measure: Measure, value: int | None) -> int | float | None:
    """Return a value for a spreadsheet: a share in per cent, hours as class hours."""
    if value is None:
        return None
    if measure.unit is Unit.SHARE:
        return value / _TENTHS
    return round(_hours(value), 1) if measure.unit is Unit.HOURS else value


def change_written(measure: Measure, thousandths: int | None) -> str:
    """Return a change with its sign: per cent, or percentage points of a share."""
    if thousandths is None:
        return NONE
    sign = "+" if thousandths > 0 else ""
    return f"{sign}{thousandths / _TENTHS:.1f}{' pp' if measure.unit is Unit.SHARE else '%'}"


def _hours(seconds: int) -> float:
    return seconds / _SECONDS_PER_HOUR
