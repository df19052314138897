"""Form bodies of the desks."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from exam.delivery.api import WireForm
from exam.web.forms import Form


class EntranceForm(Form, frozen=True, kw_only=True):
    """What a candidate shows to get in: the text of the ticket's QR code and the ID number; `next` is the page wanted."""

    ticket: Annotated[str, Meta(max_length=200)] = ""
    id_number: Annotated[str, Meta(max_length=64)] = ""
    next: Annotated[str, Meta(max_length=500)] = ""


Label = Annotated[str, Meta(pattern="^([1-9]?[A-Z]|[0-9]{1,4},[0-9]{1,4})$")]
Answer = Annotated[str, Meta(max_length=500, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]


class MockSaveIn(Struct, frozen=True, forbid_unknown_fields=True):
    """One change of a response in a mock, as the terminal's page sends it."""

    slot: Annotated[int, Meta(ge=1, le=500)]
    seq: Annotated[int, Meta(ge=1, le=1_000_000_000)]
    response: Annotated[list[Label], Meta(max_length=26)] | Answer


class MockSavesIn(Struct, frozen=True, forbid_unknown_fields=True):
    """A few changes in any order."""

    saves: Annotated[list[MockSaveIn], Meta(min_length=1, max_length=64)]


class MockSubmitIn(Struct, frozen=True, forbid_unknown_fields=True):
    """A hand-in: what the page counted as answered, and whether the time was up."""

    answered: Annotated[int, Meta(ge=0, le=500)]
    cause: Literal["candidate", "time_up"] = "candidate"


class MockAccepted(Struct, frozen=True):
    """A change that was kept."""

    slot: int
    seq: int
    receipt: str = ""


class MockRefused(Struct, frozen=True):
    """A change that was not, and why."""

    slot: int
    seq: int
    code: str


class MockSaved(Struct, frozen=True, kw_only=True):
    """The answer to a save; instants in Unix milliseconds, as for an attempt."""

    server_now: int
    remaining_ms: int
    state: str
    accepted: list[MockAccepted]
    refused: list[MockRefused]


class MockState(Struct, frozen=True, kw_only=True):
    """Where a mock stands; `form` at its start, never with a key."""

    server_now: int
    remaining_ms: int
    state: str
    form: WireForm | None = None


class MockStored(Struct, frozen=True):
    """The response of a slot that counts."""

    slot: int
    seq: int
    response: tuple[str, ...] | str


class MockResponses(Struct, frozen=True):
    """All responses of a mock."""

    responses: list[MockStored]


class AppealForm(Form, frozen=True, kw_only=True):
    """Why a result should be looked at again."""

    grounds: Annotated[str, Meta(max_length=4000)] = ""
