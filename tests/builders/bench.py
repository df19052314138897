"""A bench run as an operator runs it, and what its report must look like (DESIGN.md §8)."""

import json
from typing import Any

from click.testing import CliRunner

from exam.cli.main import cli


def run_bench(*words: str) -> dict[str, Any]:
    """Run `ankao bench … --json`; its standard output must be one JSON object and nothing else."""
    done = CliRunner().invoke(cli, ["bench", *words, "--json"])
    assert done.exit_code == 0, (done.stderr[-2000:], done.exception)
    report: dict[str, Any] = json.loads(done.stdout)
    assert set(report) == {"name", "figures", "against", "machine"}
    assert set(report["machine"]) == {"cpu", "cores", "python", "load"}
    assert all(set(figure) == {"value", "unit"} for figure in report["figures"].values())
    return report


def above_nothing(report: dict[str, Any]) -> bool:
    """Tell whether every ratio is of something; what a media node takes in a second is within one tick of nothing."""
    return all(ratio > 0 for ratio in report["against"].values())
