"""What the addresses and forms of the exchange may say."""

from typing import Annotated, Literal

from msgspec import Meta

from exam.web.forms import Form

Code = Annotated[str, Meta(max_length=64)]
Reason = Annotated[str, Meta(min_length=1, max_length=500)]


class NeighbourForm(Form, frozen=True, kw_only=True):
    """A neighbour as typed; an empty address is of one that only calls."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    region: Annotated[str, Meta(max_length=64)]
    address: Annotated[str, Meta(max_length=500)] = ""
    form: Literal["json", "xml"] = "json"
    kinds: tuple[Code, ...] | Code = ()
    """A browser sends the one that was ticked as text."""
    given: Annotated[str, Meta(max_length=200)] = ""
    """The secret that an upper node has handed over."""
    sends: Literal["", "true"] = ""
    carriage: Literal["message", "batch"] = "message"


class ReasonForm(Form, frozen=True, kw_only=True):
    """An act with its reason."""

    reason: Reason


class PlainForm(Form, frozen=True, kw_only=True):
    """An act that needs no words."""


class TokenForm(Form, frozen=True, kw_only=True):
    """A token to be issued; `days` is how long it lasts."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    scopes: tuple[Code, ...] | Code = ()
    days: Annotated[str, Meta(pattern=r"^[0-9]{1,4}$")]


def ticked(values: tuple[str, ...] | str) -> tuple[str, ...]:
    """Return what was ticked, however many."""
    return (values,) if isinstance(values, str) else values
