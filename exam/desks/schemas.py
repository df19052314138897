"""Form bodies of the desks."""

from typing import Annotated

from msgspec import Meta

from exam.web.forms import Form


class EntranceForm(Form, frozen=True, kw_only=True):
    """What a candidate shows to get in: the text of the ticket's QR code and the ID number; `next` is the page wanted."""

    ticket: Annotated[str, Meta(max_length=200)] = ""
    id_number: Annotated[str, Meta(max_length=64)] = ""
    next: Annotated[str, Meta(max_length=500)] = ""


class AppealForm(Form, frozen=True, kw_only=True):
    """Why a result should be looked at again."""

    grounds: Annotated[str, Meta(max_length=4000)] = ""
