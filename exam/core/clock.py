"""The one source of time: UTC instants for the machine, Asia/Shanghai dates for the law."""

import time
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Port for time, so that deadlines can be tested at the millisecond."""

    def now(self) -> datetime:
        """Return the aware UTC instant."""

    def unix_us(self) -> int:
        """Return the same instant as Unix microseconds: for the one path where an object per request counts."""


class SystemClock:
    """The server's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def unix_us(self) -> int:
        return time.time_ns() // 1000


class FrozenClock:
    """A clock that moves only when told to, for tests and replays."""

    def __init__(self, start: datetime) -> None:
        self.instant = start.astimezone(UTC)

    def now(self) -> datetime:
        return self.instant

    def unix_us(self) -> int:
        return int(self.instant.timestamp()) * 1_000_000 + self.instant.microsecond

    def advance(self, step: timedelta) -> None:
        self.instant += step


def local_date(instant: datetime) -> date:
    """Return the Asia/Shanghai calendar date of an instant; statutory days are counted in it."""
    return instant.astimezone(SHANGHAI).date()


def years_after(day: date, years: int) -> date:
    """Return the same day so many years on; of 29 February the day after, a day longer rather than a day less."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def local_midnight(day: date) -> datetime:
    """Return the UTC instant at which a Shanghai day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)
