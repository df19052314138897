"""The history of a run, one JSON line per step of each save, for the judge alone to decide over."""

from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import msgspec

Step = Literal["invoke", "ok", "fail", "info"]
"""As in Jepsen: asked for; acknowledged; refused for certain; no answer, so unknown."""


class Save(msgspec.Struct, frozen=True):
    """One step of one save."""

    step: Step
    attempt: UUID
    slot: int
    seq: int
    response: Any
    at_ms: int


class Finish(msgspec.Struct, frozen=True):
    """An acknowledged hand-in and its receipt."""

    attempt: UUID
    receipt: str
    digest: str
    answered: int


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the file."""

    save: Save | None = None
    finish: Finish | None = None


class History:
    """Appends lines to a file, each written before the next step is taken."""

    def __init__(self, path: Path | None) -> None:
        self._file = path.open("wb", buffering=0) if path else None
        self._encoder = msgspec.json.Encoder()

    def save(self, save: Save) -> None:
        self._write(Line(save=save))

    def finish(self, finish: Finish) -> None:
        self._write(Line(finish=finish))

    def _write(self, line: Line) -> None:
        if self._file is not None:
            self._file.write(self._encoder.encode(line) + b"\n")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def read_history(path: Path) -> list[Line]:
    """Return the lines of a history; a torn last line of a killed run is left out."""
    lines = []
    decoder = msgspec.json.Decoder(Line)
    for raw in path.read_bytes().splitlines():
        try:
            lines.append(decoder.decode(raw))
        except msgspec.DecodeError:
            break
    return lines
