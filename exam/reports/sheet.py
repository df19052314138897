"""The table of a file of figures: what every format of it says."""

from collections.abc import Callable
from datetime import date

import msgspec

from exam.core.clock import SHANGHAI
from exam.core.sheets.writer import OutCell
from exam.records.api import MEASURES, Desk, Measure, Unit, countable, value_of
from exam.reports.choice import Choice
from exam.reports.overview import Compared, Line, Overview
from exam.reports.wording import cell

Translate = Callable[[str], str]
GROUPINGS = {
    "place": "辖区",
    "category": "人员类别",
    "item": "资格",
    "centre": "考点",
    "industry": "行业",
}
COMPARISON = ("本期", "上期", "环比", "上年同期", "同比")


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """Title and facts, a table of lines by measure with a closing sum, and what is compared; all translated."""

    title: str
    facts: list[tuple[str, str]]
    head: list[str]
    rows: list[list[OutCell]]
    compared: list[Compared]
    labels: dict[str, str]
    comparison: list[str]
    meanings: list[tuple[str, str]]
    made_on: date

    @property
    def all_rows(self) -> list[list[OutCell]]:
        """Return the table and under it what a reader must know of it."""
        below: list[list[OutCell]] = [[], [self.title]]
        below += [[name, value] for name, value in (*self.facts, *self.meanings)]
        return [*self.rows, *below]


def sheet_of(desk: Desk, choice: Choice, overview: Overview, translate: Translate) -> Sheet:
    """Return the table of an overview in the reader's language."""
    measures = [each for each in MEASURES if countable(each, choice.narrowing, choice.grouping)]
    rows: list[list[OutCell]] = [
        [_name(line, translate), *(cell(each, line.value(each.code)) for each in measures)] for line in overview.lines
    ]
    closing = f"{desk.region.name} {translate('合计')}"
    rows.append([closing, *(cell(each, value_of(each, overview.total)) for each in measures)])
    return Sheet(
        title=f"{desk.region.name} {translate('统计分析')}",
        facts=[
            *_facts(choice, overview, translate),
            (translate("统计时间"), f"{desk.now.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"),
        ],
        head=[translate(GROUPINGS[choice.by]), *(_heading(each, translate) for each in measures)],
        rows=rows,
        compared=overview.measures,
        labels={each.measure.code: translate(each.measure.label) for each in overview.measures},
        comparison=[translate(word) for word in COMPARISON],
        meanings=[(translate(each.label), translate(each.meaning)) for each in MEASURES],
        made_on=desk.today,
    )


def _name(line: Line, translate: Translate) -> str:
    return f"{line.name} {translate('本级')}" if line.own else translate(line.name)


def _heading(measure: Measure, translate: Translate) -> str:
    label = translate(measure.label)
    return f"{label} (%)" if measure.unit is Unit.SHARE else label


def _facts(choice: Choice, overview: Overview, translate: Translate) -> list[tuple[str, str]]:
    period = f"{overview.period.first_on} — {overview.period.last_on}"
    return [
        (translate("统计期"), period),
        *((translate(name), translate(value)) for name, value in choice.facts(overview.centre)),
    ]
