"""The terminal's wire format: instants in Unix milliseconds, unknown fields refused."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from questionbank.api import CandidateForm, CandidateSlot, Figure, FigureKind, clean_formula

Short = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Coordinate = Annotated[str, msgspec.Meta(min_length=40, max_length=50, pattern="^[A-Za-z0-9_-]+$")]
Nonce = Annotated[int, msgspec.Meta(ge=1, le=9_007_199_254_740_991)]


class PublicKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The coordinates of a P-256 key, as its JWK has them."""

    x: Coordinate
    y: Coordinate


class EnrolRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A terminal shows its public key."""

    public_key: PublicKey
    label: Annotated[str, msgspec.Meta(max_length=100)] = ""


class CheckInRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A candidate at a seat shows ticket and ID number; signed by the terminal."""

    terminal_id: UUID
    ticket: Short
    id_number: Short
    nonce: Nonce
    signature: Short


class LeaseRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A terminal asks for, or asks again for, the lease of an attempt."""

    terminal_id: UUID
    nonce: Nonce
    signature: Short


class SubmitRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the terminal believes it has answered; told apart from what the server counted, never used as such.

    `cause` tells a candidate's decision from a terminal that hands in by itself at the end of the time.
    """

    answered: Annotated[int, msgspec.Meta(ge=0, le=500)]
    cause: Literal["candidate", "time_up"] = "candidate"


class TerminalPlace(msgspec.Struct):
    """Where a terminal stands."""

    terminal_id: UUID
    state: str
    code: str
    room: dict[str, Any] | None
    seat: str | None
    sitting: dict[str, Any] | None
    server_now: int


class CandidateDisplay(msgspec.Struct):
    """The candidate as the terminal shows one."""

    name_masked: str
    id_masked: str
    photo_url: str | None


class CheckInAnswer(msgspec.Struct):
    """The attempt of a check-in."""

    attempt_id: UUID
    candidate: CandidateDisplay
    qualification: str
    state: str
    server_now: int


class MessageItem(msgspec.Struct):
    """One message of the proctor, with the codes of its reason and of a ready text; the page has their words."""

    id: UUID
    reason: str
    text: str
    ready: str
    sent_at: int
    needs_ack: bool


class ActItem(msgspec.Struct):
    """What the proctor did last, with the code of its reason; the page has the words."""

    act: str
    reason: str
    extension_ms: int
    at: int


class LeaseAnswer(msgspec.Struct):
    """The lease, or None while the proctor has not admitted the candidate, who meanwhile has a pass for the camera."""

    state: str
    lease: str | None
    waiting_pass: str | None
    epoch: int
    server_now: int
    starts_at: int
    deadline_at: int | None
    duration_s: int
    remaining_ms: int | None
    candidate: CandidateDisplay
    room: str
    seat: str
    qualification: str
    messages: list[MessageItem]
    seq_high: dict[str, int]


class WireOption(msgspec.Struct):
    """One displayed option."""

    label: str
    text: str


class WirePhoto(msgspec.Struct):
    """The photo of a question, as a data URL, and how many points of it are asked for."""

    url: str
    width: int
    height: int
    points: int


class WireFigure(msgspec.Struct):
    """What stands at a mark of a question's texts: a data URL, or the MathML of a formula; `text` says it in words."""

    kind: str
    source: str
    width: int
    height: int
    text: str


class WireSlot(msgspec.Struct):
    """One question as the terminal shows it; marks in hundredths."""

    slot: int
    interaction: str
    stem: str
    options: list[WireOption]
    marks: int
    photo: WirePhoto | msgspec.UnsetType = msgspec.UNSET
    figures: list[WireFigure] | msgspec.UnsetType = msgspec.UNSET


class WireSection(msgspec.Struct):
    """A run of slots of one interaction; the terminal has the words for it."""

    interaction: str
    slots: list[int]


class WireForm(msgspec.Struct):
    """The candidate's form: made from a CandidateForm, which holds no key (DESIGN.md §6.3)."""

    title: str
    duration_s: int
    sections: list[WireSection]
    slots: list[WireSlot]


def wire_form(form: CandidateForm) -> WireForm:
    """Return the form as it goes over the wire."""
    slots = [
        WireSlot(
            slot.slot,
            slot.interaction.value,
            slot.stem,
            [WireOption(*option) for option in slot.options],
            slot.marks,
            _wire_photo(slot),
            [_wire_figure(each) for each in slot.figures] if slot.figures else msgspec.UNSET,
        )
        for slot in form.slots
    ]
    sections = [
        WireSection(section.interaction.value, list(range(section.first, section.last + 1)))
        for section in form.sections
    ]
    return WireForm(form.title, form.duration_s, sections, slots)


def _wire_photo(slot: CandidateSlot) -> WirePhoto | msgspec.UnsetType:
    if slot.photo is msgspec.UNSET or slot.points is msgspec.UNSET:
        return msgspec.UNSET
    return WirePhoto(slot.photo.url, slot.photo.width, slot.photo.height, slot.points)


def _wire_figure(figure: Figure) -> WireFigure:
    source = clean_formula(figure.data) if figure.kind is FigureKind.FORMULA else figure.url
    return WireFigure(figure.kind.value, source, figure.width, figure.height, figure.text)


class StartAnswer(msgspec.Struct):
    """The form, and the candidate's own deadline."""

    state: str
    server_now: int
    deadline_at: int
    remaining_ms: int
    form: WireForm


class StoredResponse(msgspec.Struct):
    """The response of a slot that counts."""

    slot: int
    seq: int
    response: tuple[str, ...] | str


class ResponsesAnswer(msgspec.Struct):
    """All current responses of an attempt."""

    responses: list[StoredResponse]


class StateAnswer(msgspec.Struct):
    """Where the attempt stands; the receipt once it has ended."""

    state: str
    server_now: int
    starts_at: int
    remaining_ms: int | None
    deadline_at: int | None
    messages: list[MessageItem]
    hand_raised: bool
    submitted_at: int | None = None
    answered: int | None = None
    receipt_code: str | None = None
    digest: str | None = None
    act: ActItem | None = None


def ms(instant: datetime) -> int:
    """Return an instant in Unix milliseconds."""
    return int(instant.timestamp() * 1000)


def ms_or_none(instant: datetime | None) -> int | None:
    """Return an instant in Unix milliseconds, or None."""
    return ms(instant) if instant else None
