"""The bench of a whole attempt prints what others rely on; no figure is asserted."""

import pytest

from tests.builders.bench import above_nothing, run_bench

pytestmark = pytest.mark.slow


def test_an_attempt_is_measured_step_by_step() -> None:
    report = run_bench("start", "--candidates", "3", "--at-once", "2")
    assert report["name"] == "start"
    steps = ("enrolment", "check_in", "start", "saves", "submit", "score", "release", "result", "credential")
    assert {"start_p50", "start_p99", "attempt_cpu", "everything_cpu", *(f"{step}_cpu" for step in steps)} <= set(
        report["figures"]
    )
    assert {"attempt_cpu_over_100_ms", "attempt_cpu_with_hash_over_130_ms", "start_p99_over_3_s"} <= set(
        report["against"]
    )
    assert above_nothing(report)
