"""What a reader of figures has chosen, as the address of the page says it."""

from datetime import date
from typing import Literal
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from exam.records.api import PLACE, By, Dimension, Narrowing, Period, Span, after, before, period_at
from exam.reports.errors import ReportDayError

Grouping = Literal["place", "category", "item", "centre", "industry"]
EARLIEST = date(2000, 1, 1)


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Region, period, narrowing and how to tell apart; `day` is any day of the period, empty for today."""

    region: str = ""
    span: Span = Span.YEAR
    day: str = ""
    category: str = ""
    item: str = ""
    centre: str = ""
    industry: str = ""
    by: Grouping = "place"
    show: str = "attempts"

    @property
    def narrowing(self) -> Narrowing:
        centre = UUID(self.centre) if self.centre else None
        return Narrowing(category=self.category, item=self.item, centre=centre, industry=self.industry)

    @property
    def grouping(self) -> By:
        return PLACE if self.by == "place" else By(dimension=Dimension(self.by))

    def period(self, today: date) -> Period:
        """Return the chosen period; raises ReportDayError for a day of the future or of a time without figures."""
        try:
            day = date.fromisoformat(self.day) if self.day else today
        except ValueError:
            raise ReportDayError(today=today.isoformat()) from None
        if not EARLIEST <= day <= today:
            raise ReportDayError(today=today.isoformat())
        return period_at(self.span, day, today=today)

    def query(self, **changes: str) -> str:
        """Return the address's query with some of it changed; what is empty or usual is left out."""
        usual, mine = Choice(), msgspec.structs.replace(self)
        pairs = {name: changes.get(name, str(getattr(mine, name))) for name in self.__struct_fields__}
        pairs |= {name: value for name, value in changes.items() if name not in pairs}
        return urlencode({name: each for name, each in pairs.items() if each and each != str(getattr(usual, name, ""))})

    def earlier(self, period: Period) -> str:
        """Return the query of the period before."""
        return self.query(day=before(period).first_on.isoformat())

    def later(self, period: Period, today: date) -> str:
        """Return the query of the period after, or an empty text where it has not begun."""
        first = after(period)
        return self.query(day=first.isoformat()) if first <= today else ""
