"""Bodies of the media routes; unknown fields are refused, and no description is longer than any honest one."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from proctor.media.consent import Point
from proctor.media.relay import Relay
from proctor.media.sdp import MAX_BYTES

Sdp = Annotated[str, msgspec.Meta(max_length=MAX_BYTES)]


class Connect(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From web to node: a ticket and the offer it was minted for."""

    ticket: Annotated[str, msgspec.Meta(max_length=8192)]
    sdp: Sdp


class Publish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From a terminal: an offer with one section for each track, in the order tile, full, screen, sound."""

    sdp: Sdp
    tracks: Annotated[list[str], msgspec.Meta(min_length=1, max_length=4)]


class ConsentFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From a terminal: what the candidate agreed to and what its own check found; a hint, not a proof."""

    text_version: Annotated[str, msgspec.Meta(max_length=20)]
    """Of what was shown when the candidate chose."""
    agreed: bool
    camera: Literal["ok", "denied", "missing", "none"]
    microphone: Literal["ok", "silent", "denied", "missing", "none"]
    screen: bool
    uplink_kbps: Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]
    skew_ms: Annotated[int, msgspec.Meta(ge=-(10**13), le=10**13)]


class CameraCheck(msgspec.Struct, frozen=True):
    """To a terminal: what its candidate is told before the camera opens, and whether a proctor lets go without one."""

    text_version: str
    points: list[Point]
    screen: bool
    """Whether the room asks candidates to share their screens, and below to try their microphones."""
    microphone: bool
    waived: bool


class Conduct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From a terminal, every few seconds and at once when something changes: a hint, for the page is the candidate's.

    `copies` and `unprompted` count since the last report that was taken.
    """

    away_ms: Annotated[int, msgspec.Meta(ge=0, le=86_400_000)]
    """How long the page has been hidden or without focus; 0 while it is in front."""
    copies: Annotated[int, msgspec.Meta(ge=0, le=10_000)]
    """Copies, cuts and pastes."""
    screens: bool
    """Whether the desktop reaches over a second screen."""
    unprompted: Annotated[int, msgspec.Meta(ge=0, le=10_000)]
    """Answers that changed though no key, pointer or finger had moved."""


class Heard(msgspec.Struct, frozen=True):
    """To a terminal: who listens to its seat now, and why, in the candidate's words; no ids where nobody does."""

    ids: list[UUID]
    reason: str
    left_s: float
    """Until the microphone closes at the latest."""


class Microphone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From a terminal: what became of its microphone, for the acts of listening that it knows of."""

    ids: Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=16)]
    state: Literal["on", "off", "denied", "missing", "failed"]


class Probed(msgspec.Struct, frozen=True):
    """To a terminal: how much arrived and the server's time in Unix milliseconds."""

    bytes: int
    server_now: int


class Watch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From a wall: an offer with one section for each picture, in order."""

    sdp: Sdp
    sources: Annotated[list[str], msgspec.Meta(min_length=1, max_length=32)]


class Answered(msgspec.Struct, frozen=True):
    """To a page: the node's answer, and where the operator has a relay the way over it for the next try."""

    peer: UUID
    sdp: str
    relay: Relay | None = None
