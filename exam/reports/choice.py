"""What a reader of figures has chosen, as the address of the page says it."""

from collections.abc import Callable
from datetime import date
from typing import Any, Literal
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from exam.records.api import (
    EVERYTHING,
    PLACE,
    By,
    Dimension,
    Narrowing,
    Period,
    Span,
    after,
    before,
    industry_of,
    period_at,
    title_of,
)
from exam.reports.errors import ReportDayError
from exam.standards.api import Category

Grouping = Literal["place", "category", "item", "centre", "industry"]
Level = Literal["", "own"]
"""Whether only what belongs to the region's own level (本级) is asked for, and to none below it."""
NONE = "none"
"""What an address says where rows without any value are asked for."""
EARLIEST = date(2000, 1, 1)
NOT_STATED = {
    Dimension.CATEGORY: "未注明人员类别",
    Dimension.ITEM: "未注明资格",
    Dimension.CENTRE: "未注明考点",
    Dimension.INDUSTRY: "未注明行业",
}
"""What rows without a value of a dimension are called, as msgids."""
OWN_LEVEL = "仅本级,不含下级"


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Region, period, narrowing and how to tell apart; `day` is any day of the period, empty for today.

    `until` is its last day where less than all of it is asked for, as of a period that a running one is compared with.
    Category, item, centre and industry are empty for all and NONE for what has none.
    """

    region: str = ""
    level: Level = ""
    span: Span = Span.YEAR
    day: str = ""
    until: str = ""
    category: str = ""
    item: str = ""
    centre: str = ""
    industry: str = ""
    by: Grouping = "place"
    show: str = "attempts"

    @property
    def narrowing(self) -> Narrowing:
        said = {each: str(getattr(self, each)) for each in Dimension}
        named: dict[str, Any] = {each: value for each, value in said.items() if value not in {"", NONE}}
        if Dimension.CENTRE in named:
            named[Dimension.CENTRE] = UUID(self.centre)
        without = frozenset(each for each, value in said.items() if value == NONE)
        return Narrowing(**named, without=without, own=self.level == "own")

    @property
    def narrowed(self) -> bool:
        """Whether less is asked for than all of the region."""
        return self.narrowing != EVERYTHING

    @property
    def grouping(self) -> By:
        return PLACE if self.by == "place" else By(dimension=Dimension(self.by))

    def facts(self, centre: str) -> list[tuple[str, str]]:
        """Return in words what is asked for, each with its name, as msgids; `centre` is the name of that centre."""
        named = (
            ("辖区范围", OWN_LEVEL if self.level else ""),
            ("人员类别", self._said(Dimension.CATEGORY, lambda code: Category(code).label)),
            ("资格", self._said(Dimension.ITEM, title_of)),
            ("考点", self._said(Dimension.CENTRE, lambda _: centre)),
            ("行业", self._said(Dimension.INDUSTRY, industry_of)),
        )
        return [(name, value) for name, value in named if value]

    def _said(self, dimension: Dimension, title: Callable[[str], str]) -> str:
        value = str(getattr(self, dimension))
        return NOT_STATED[dimension] if value == NONE else title(value) if value else ""

    def period(self, today: date) -> Period:
        """Return the chosen period; raises ReportDayError for a day of the future or of a time without figures."""
        try:
            day = date.fromisoformat(self.day) if self.day else today
            until = date.fromisoformat(self.until) if self.until else today
        except ValueError:
            raise ReportDayError(today=today.isoformat()) from None
        period = period_at(self.span, day, today=until)
        if not EARLIEST <= day <= today or not period.first_on <= until <= today:
            raise ReportDayError(today=today.isoformat())
        return period

    def query(self, **changes: str) -> str:
        """Return the address's query with some of it changed; what is empty or usual is left out."""
        usual, mine = Choice(), msgspec.structs.replace(self)
        pairs = {name: changes.get(name, str(getattr(mine, name))) for name in self.__struct_fields__}
        pairs |= {name: value for name, value in changes.items() if name not in pairs}
        return urlencode({name: each for name, each in pairs.items() if each and each != str(getattr(usual, name, ""))})

    def earlier(self, period: Period) -> str:
        """Return the query of the period before."""
        return self.query(day=before(period).first_on.isoformat(), until="")

    def later(self, period: Period, today: date) -> str:
        """Return the query of the period after, or an empty text where it has not begun."""
        first = after(period)
        return self.query(day=first.isoformat(), until="") if first <= today else ""
