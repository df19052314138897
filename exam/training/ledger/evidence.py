"""Evidence of study as the server's clock saw it; instants are Unix milliseconds, durations milliseconds."""

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

import msgspec

THEORY, PRACTICE = "theory", "practice"


class Origin(StrEnum):
    """How hours came into the ledger."""

    ATTESTED = "attested"
    """登记学时: somebody stands for them on paper."""
    ONLINE = "online"
    """在线学习: measured by the server, lesson by lesson."""
    CLASS = "class"
    """面授: signed in and confirmed by a teacher."""


class LedgerKey(msgspec.Struct, frozen=True):
    """What hours are summed by: whose training it was for, which node and which part of it, and how it was measured.

    `node` is empty where the hours were attested as a whole; `enrolment` is None there too.
    """

    qualification: str
    kind: str
    enrolment: UUID | None
    node: str
    part: str
    origin: Origin


def order_of(key: LedgerKey) -> tuple[str, ...]:
    """Return what keys are put in order by; they cannot be compared themselves, for some have no enrolment."""
    return tuple(str(part) for part in msgspec.structs.astuple(key))


class TraceKind(StrEnum):
    """What a trace records."""

    OPENED = "opened"
    BEAT = "beat"
    ASKED = "asked"
    """A presence check was put to the learner."""
    PRESENT = "present"
    """It was answered."""
    CLOSED = "closed"


class Trace(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thing the server saw, in the order of the person's traces.

    `seen`, `idle_s`, `advance_ms` and `drift_ms` are what a beat's sender says; they can take time away and never add
    any: `advance_ms` is how far the lesson's front moved, `drift_ms` how much the sender's clock moved against ours.
    """

    visit: UUID
    kind: TraceKind
    at: int
    seen: bool = True
    idle_s: int = 0
    advance_ms: int = 0
    drift_ms: int = 0


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """学习记录: one lesson opened by one person on one device; `rules` is the version of the ledger's rules.

    `lesson` is the learner's copy of it (enrolment and lesson), of which no more than `length_ms` is ever credited.
    """

    id: UUID
    key: LedgerKey
    lesson: UUID
    length_ms: int
    rules: str


class Span(msgspec.Struct, frozen=True, gc=False):
    """A stretch of time from `start` to before `end`."""

    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start


class StudySpan(msgspec.Struct, frozen=True, gc=False):
    """Time studied in one visit, its presence proved."""

    span: Span
    visit: UUID


class ClassSpan(msgspec.Struct, frozen=True):
    """Time of a class that a teacher has confirmed for the person, in its newest correction."""

    span: Span
    key: LedgerKey


class Attested(msgspec.Struct, frozen=True):
    """Hours that somebody stands for: they have a length and no time of day."""

    key: LedgerKey
    length_ms: int


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the ledger knows of one person; `traces` in their order."""

    visits: Mapping[UUID, Visit]
    traces: tuple[Trace, ...] = ()
    classes: tuple[ClassSpan, ...] = ()
    attested: tuple[Attested, ...] = ()
