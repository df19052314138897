"""Form bodies of the enterprise's desk, and what the queries of both desks may say."""

from typing import Annotated, Literal

from litestar.params import QueryParameter
from msgspec import Meta

from exam.web.forms import Form

RegionPath = Annotated[str, QueryParameter(max_length=64)]
Within = Literal["", "30", "60", "90"]
"""Days ahead; an empty text asks for every usable credential."""


Band = Literal["30", "60", "90"]
"""Days ahead of the forecast."""


class EngageForm(Form, frozen=True, kw_only=True):
    """One person whom the enterprise employs; `started_on` as the browser's date field sends it."""

    name: Annotated[str, Meta(max_length=100)] = ""
    id_number: Annotated[str, Meta(max_length=64)] = ""
    role: Annotated[str, Meta(max_length=20)] = ""
    started_on: Annotated[str, Meta(max_length=20)] = ""
    contact: Annotated[str, Meta(max_length=60)] = ""


class ContactForm(Form, frozen=True, kw_only=True):
    """The telephone of somebody who works here."""

    contact: Annotated[str, Meta(max_length=60)] = ""


class EndForm(Form, frozen=True, kw_only=True):
    """The last day of an engagement."""

    ended_on: Annotated[str, Meta(max_length=20)] = ""


class RescueForm(Form, frozen=True, kw_only=True):
    """Opening the list for an emergency asks nothing."""
