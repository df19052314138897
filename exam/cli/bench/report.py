"""What a bench says: figures with units, and ratios against what was measured beside them."""

import msgspec
from rich.console import Console
from rich.table import Table

from exam.cli.bench.machine import Machine


class Figure(msgspec.Struct, frozen=True):
    """One measured value."""

    value: float
    unit: str


class Report(msgspec.Struct, frozen=True):
    """The keys of `ankao bench … --json` (DESIGN.md §8)."""

    name: str
    figures: dict[str, Figure]
    against: dict[str, float]
    machine: Machine


def show(report: Report, *, as_json: bool) -> None:
    """Print one JSON object and nothing else, or a table for people."""
    if as_json:
        print(msgspec.json.encode(report).decode())
        return
    table = Table(title=f"bench {report.name}", caption=_caption(report.machine))
    for heading, side in (("figure", "left"), ("value", "right"), ("unit", "left")):
        table.add_column(heading, justify="right" if side == "right" else "left")
    for name, figure in report.figures.items():
        table.add_row(name, f"{figure.value:,.6g}", figure.unit)
    table.add_section()
    for name, ratio in report.against.items():
        table.add_row(name, f"{ratio:,.4g}", "×")
    Console().print(table)


def _caption(machine: Machine) -> str:
    return f"{machine.cpu}, {machine.cores} cores, Python {machine.python}, load {machine.load}"
