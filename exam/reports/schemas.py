"""What the addresses of figures may say."""

from typing import Annotated

from litestar.params import FromQuery, QueryParameter

from exam.records.api import Span
from exam.reports.choice import Choice, Grouping

Text = Annotated[str, QueryParameter(max_length=64)]
Day = Annotated[str, QueryParameter(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
Id = Annotated[str, QueryParameter(pattern=r"^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$")]


async def choice_of(
    region: FromQuery[Text] = "",
    span: FromQuery[Span] = Span.YEAR,
    day: FromQuery[Day] = "",
    category: FromQuery[Text] = "",
    item: FromQuery[Text] = "",
    centre: FromQuery[Id] = "",
    industry: FromQuery[Text] = "",
    by: FromQuery[Grouping] = "place",
    show: FromQuery[Text] = "attempts",
) -> Choice:
    """Read the choice from the address."""
    return Choice(
        region=region,
        span=span,
        day=day,
        category=category,
        item=item,
        centre=centre,
        industry=industry,
        by=by,
        show=show,
    )
