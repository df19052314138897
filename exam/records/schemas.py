"""Form bodies of the enterprise's desk."""

from typing import Annotated

from msgspec import Meta

from exam.web.forms import Form


class EngageForm(Form, frozen=True, kw_only=True):
    """One person whom the enterprise employs; `started_on` as the browser's date field sends it."""

    name: Annotated[str, Meta(max_length=100)] = ""
    id_number: Annotated[str, Meta(max_length=64)] = ""
    role: Annotated[str, Meta(max_length=20)] = ""
    started_on: Annotated[str, Meta(max_length=20)] = ""


class EndForm(Form, frozen=True, kw_only=True):
    """The last day of an engagement."""

    ended_on: Annotated[str, Meta(max_length=20)] = ""
