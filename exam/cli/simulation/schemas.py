"""What the simulation reads of the server's answers; it tolerates new fields, as an old terminal would."""

from uuid import UUID

import msgspec


class Option(msgspec.Struct):
    """One displayed option."""

    label: str
    text: str


class Figure(msgspec.Struct):
    """A figure of a slot, in words."""

    text: str


class Slot(msgspec.Struct):
    """One slot of the candidate's form."""

    slot: int
    interaction: str
    stem: str
    options: list[Option]
    figures: list[Figure] = []


class Form(msgspec.Struct):
    """The candidate's form."""

    slots: list[Slot]


class Seat(msgspec.Struct):
    """One accepted registration, as the centre hands it to the candidate."""

    registration_id: UUID
    ticket: str
    room_id: UUID
    seat: str
    name: str
    id_number: str


class Report(msgspec.Struct, kw_only=True):
    """The result of a run: the keys of `ankao simulate --json` (DESIGN.md §8)."""

    candidates: int
    finished: int = 0
    released: int = 0
    passed: int = 0
    credentials: int = 0
    saves: int = 0
    save_p50_ms: float = 0.0
    save_p99_ms: float = 0.0
    start_p99_ms: float = 0.0
    errors: dict[str, int] = {}
    server_cpu_s: float = 0.0
    wall_s: float = 0.0
