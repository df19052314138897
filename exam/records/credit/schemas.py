"""What the addresses and forms of credit may say."""

from typing import Annotated, Literal

from msgspec import Meta

from exam.web.forms import Form

Show = Literal["found", "open", "over"]
"""Which leads: not looked into, in the process, or over."""
Words = Annotated[str, Meta(max_length=4000)]


class FindForm(Form, frozen=True, kw_only=True):
    """Looking now asks nothing."""


class WordsForm(Form, frozen=True, kw_only=True):
    """An act that needs words."""

    reason: Words = ""
