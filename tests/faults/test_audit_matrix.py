"""The claim of the log, tried: every attack is prevented or noticed, and an honest run raises no alarm."""

import os
import subprocess
import sys

import msgspec
import pytest

from exam.cli.matrix.command import Matrix

EVENTS = int(os.environ.get("ANKAO_MATRIX_EVENTS", "2000"))
"""100,000 by the environment."""


@pytest.mark.slow
def test_every_attack_is_noticed_and_an_honest_run_is_not() -> None:
    command = [sys.executable, "-m", "exam.cli", "audit", "matrix", "--json", "--events", str(EVENTS)]
    result = subprocess.run(command, check=False, capture_output=True, text=True, timeout=1200)
    assert result.stdout, result.stderr[-2000:]
    found = msgspec.json.decode(result.stdout, type=Matrix)
    assert [each.id for each in found.attacks] == list(range(1, 19))
    assert [(each.id, each.by) for each in found.attacks if not each.detected] == []
    assert found.false_alarms == 0
    # the claim is Δ + 60 s; heads are a second apart here
    assert max(each.seconds for each in found.attacks) < 61
    assert result.returncode == 0
