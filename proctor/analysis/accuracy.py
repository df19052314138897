"""The published accuracy, for commands: OpenCV and the model are loaded only when it is measured."""

from collections.abc import Callable
from pathlib import Path

import msgspec


class Accuracy(msgspec.Struct, frozen=True, kw_only=True):
    """Of one version of the evaluation set: precision and recall by observation, and what one candidate costs."""

    version: int
    precision: dict[str, float]
    recall: dict[str, float]
    faults: list[tuple[str, int, str]]
    """Clip, seat, and what was wrong or missed."""
    clips: int
    pictures: int
    cpu_share: float
    """Share of a core for one candidate, a picture every four seconds."""


def measure_accuracy(*, seats: int, on_clip: Callable[[], None] = lambda: None) -> Accuracy:
    """Play the whole set for so many seats; takes some fifteen seconds of processor time for each."""
    from proctor.analysis.evaluation.clips import CLIPS  # noqa: PLC0415
    from proctor.analysis.evaluation.evaluate import evaluate  # noqa: PLC0415

    found = evaluate(seats=seats, on_clip=on_clip)
    return Accuracy(
        version=found.version,
        precision={kind: tally.precision for kind, tally in found.tallies.items()},
        recall={kind: tally.recall for kind, tally in found.tallies.items()},
        faults=found.faults,
        clips=len(CLIPS) * seats,
        pictures=found.pictures,
        cpu_share=found.cpu_share,
    )


class FaceAccuracy(msgspec.Struct, frozen=True, kw_only=True):
    """Of prompts that somebody else sits there: on so many people, drawn or photographed."""

    people: int
    precision: float
    recall: float


def measure_faces(folder: Path | None, *, drawn: int = 20) -> FaceAccuracy:
    """Seat everybody of a folder's photographs, or drawn people; takes some two seconds of processor time for each."""
    from proctor.analysis.evaluation.photographs import Sitters  # noqa: PLC0415

    found = Sitters()
    if folder:
        found.seat_all(folder)
    else:
        found.seat_drawn(drawn)
    return FaceAccuracy(people=found.people, precision=found.tally.precision, recall=found.tally.recall)
