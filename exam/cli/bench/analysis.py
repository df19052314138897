"""How often analysis is right on the project's own clips, and what it costs."""

from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from exam.cli.bench.machine import describe_machine
from exam.cli.bench.report import Figure, Report
from proctor.api import Accuracy, FaceAccuracy, measure_accuracy, measure_faces

LIMIT = 0.005
"""Of a core for one candidate: ingest, recording and analysis together (targets of remote proctoring)."""
CLIPS = 13


def bench_analysis(*, seats: int, photographs: Path | None) -> Report:
    """Play every clip of the set for so many drawn candidates, and compare drawn faces, and those of photographs where there are some."""
    machine = describe_machine()
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("clips", total=CLIPS)
        accuracy = measure_accuracy(seats=seats, on_clip=lambda: progress.advance(task))
    figures = _figures(accuracy) | _face_figures("other_face", measure_faces(None))
    if photographs:
        figures |= _face_figures("other_face_photographs", measure_faces(photographs))
    return Report("analysis", figures, {"cpu_per_candidate": accuracy.cpu_share / LIMIT}, machine)


def _figures(accuracy: Accuracy) -> dict[str, Figure]:
    figures = {
        "set_version": Figure(accuracy.version, ""),
        "clips": Figure(accuracy.clips, ""),
        "pictures": Figure(accuracy.pictures, ""),
        "faults": Figure(len(accuracy.faults), "clips"),
        "cpu_per_candidate": Figure(accuracy.cpu_share * 100, "% of a core"),
        "cpu_per_picture": Figure(accuracy.cpu_share * 4000, "ms"),
    }
    for kind, precision in accuracy.precision.items():
        figures[f"{kind}_precision"] = Figure(precision, "")
        figures[f"{kind}_recall"] = Figure(accuracy.recall[kind], "")
    return figures


def _face_figures(kind: str, found: FaceAccuracy) -> dict[str, Figure]:
    return {
        f"{kind}_people": Figure(found.people, ""),
        f"{kind}_precision": Figure(found.precision, ""),
        f"{kind}_recall": Figure(found.recall, ""),
    }
