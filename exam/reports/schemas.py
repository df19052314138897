"""What the addresses of figures may say, and the forms of reports."""

from typing import Annotated, Literal

from litestar.params import FromQuery, QueryParameter
from msgspec import Meta

from exam.records.api import Span
from exam.reports.choice import NONE, Choice, Grouping, Level
from exam.reports.errors import UnknownPartError
from exam.standards.api import Category, load_catalogue
from exam.web.forms import Form

Text = Annotated[str, QueryParameter(max_length=64)]
Day = Annotated[str, QueryParameter(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
Id = Annotated[str, QueryParameter(pattern=rf"^([0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}|{NONE})?$")]
Item = Annotated[str, QueryParameter(pattern=r"^[a-z0-9_.-]{0,64}$")]
"""A qualification, also one that is not taught any more, for what was passed in it still counts."""


async def choice_of(
    region: FromQuery[Text] = "",
    level: FromQuery[Level] = "",
    span: FromQuery[Span] = Span.YEAR,
    day: FromQuery[Day] = "",
    until: FromQuery[Day] = "",
    category: FromQuery[Text] = "",
    item: FromQuery[Item] = "",
    centre: FromQuery[Id] = "",
    industry: FromQuery[Text] = "",
    by: FromQuery[Grouping] = "place",
    show: FromQuery[Text] = "attempts",
) -> Choice:
    """Read the choice from the address; raises UnknownPartError for a category or industry that there is not."""
    industries = {each.code for each in load_catalogue().industries}
    if category not in {"", NONE, *Category} or industry not in {"", NONE} | industries:
        raise UnknownPartError
    return Choice(
        region=region,
        level=level,
        span=span,
        day=day,
        until=until,
        category=category,
        item=item,
        centre=centre,
        industry=industry,
        by=by,
        show=show,
    )


Act = Literal["sign", "reopen", "submit", "receive"]
"""What one may do with a report besides filling it in and returning it."""


class StartForm(Form, frozen=True, kw_only=True):
    """Which report of which period to begin."""

    form: Annotated[str, Meta(max_length=40)]
    region: Annotated[str, Meta(max_length=64)]
    day: Annotated[str, Meta(max_length=10)]


class EntriesForm(Form, frozen=True, kw_only=True):
    """What people add to a report, as typed: the entries of `forms.toml` and words."""

    inspections: Annotated[str, Meta(max_length=9)] = ""
    found: Annotated[str, Meta(max_length=9)] = ""
    settled: Annotated[str, Meta(max_length=9)] = ""
    note: Annotated[str, Meta(max_length=2000)] = ""


class PlainForm(Form, frozen=True, kw_only=True):
    """An act that needs no words."""


class ReturnForm(Form, frozen=True, kw_only=True):
    """Why a report is returned."""

    reason: Annotated[str, Meta(max_length=500)] = ""
