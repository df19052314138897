"""Each bench runs and prints the keys that others rely on (DESIGN.md §8); what it measures is never asserted."""

import json
import subprocess
import sys
from typing import Any

import pytest

from exam.cli.bench.slow_disk import DiskNotSlowError, require_slow
from exam.core.config import Settings

pytestmark = pytest.mark.slow


def run_bench(*words: str) -> dict[str, Any]:
    """Run `ankao bench … --json`; its standard output must be one JSON object and nothing else."""
    command = [sys.executable, "-m", "exam.cli", "bench", *words, "--json"]
    done = subprocess.run(command, check=False, capture_output=True, timeout=180)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    report: dict[str, Any] = json.loads(done.stdout)
    assert set(report) == {"name", "figures", "against", "machine"}
    assert set(report["machine"]) == {"cpu", "cores", "python", "load"}
    assert all(set(figure) == {"value", "unit"} for figure in report["figures"].values())
    return report


def above_nothing(report: dict[str, Any]) -> bool:
    """Tell whether every ratio is of something; what a media node takes in a second is within one tick of nothing."""
    return all(ratio > 0 for ratio in report["against"].values())


def test_saves_are_measured_beside_both_hellos() -> None:
    report = run_bench("saves", "--seconds", "1", "--rounds", "1", "--connections", "8")
    assert report["name"] == "saves"
    assert {"saves_per_s", "save_p99", "save_cpu", "hello_plain_cpu", "hello_joined_cpu"} <= set(report["figures"])
    assert {"hello_cpu_over_save_cpu", "half_rate_p99_over_20_ms"} <= set(report["against"])
    assert above_nothing(report)


def test_group_commit_is_measured_beside_one_commit_per_save() -> None:
    report = run_bench("saves", "--fsync-delay", "--seconds", "1", "--rounds", "1", "--peer-connections", "8")
    assert report["name"] == "saves-slow-disk"
    assert {"batched_per_s", "single_per_s", "single_database_connections"} <= set(report["figures"])
    assert {"batched_per_s_over_single_per_s", "single_cpu_over_batched_cpu"} <= set(report["against"])
    assert above_nothing(report)


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


@pytest.mark.parametrize(
    ("words", "figures", "ratios"),
    [
        (
            ("assembly", "--forms", "50"),
            {"assembly_cpu", "exposure_spread", "parallel_wall"},
            {"assembly_cpu_over_0.25_s"},
        ),
        (("grading", "--attempts", "50"), {"scoring_cpu", "numpy_cpu"}, {"scoring_cpu_over_numpy_cpu"}),
        (("certs", "--count", "2"), {"unsigned_per_cpu_s", "bare_per_cpu_s"}, {"unsigned_over_150_per_cpu_s"}),
    ],
)
def test_pure_work_is_measured_beside_its_limit(words: tuple[str, ...], figures: set[str], ratios: set[str]) -> None:
    report = run_bench(*words)
    assert report["name"] == words[0]
    assert figures <= set(report["figures"])
    assert ratios <= set(report["against"])
    assert above_nothing(report)


def test_a_disk_that_is_not_slow_is_no_slow_disk(settings: Settings) -> None:
    with pytest.raises(DiskNotSlowError):
        require_slow(settings.database_url)


def test_an_hour_of_study_at_home_is_measured_against_its_limit() -> None:
    report = run_bench("training", "--learners", "5", "--seconds", "16")
    assert report["name"] == "training"
    assert {"beats_per_s", "beat_cpu", "count_cpu", "learner_hour_cpu"} <= set(report["figures"])
    assert set(report["against"]) == {"learner_hour_cpu_over_1_s"}
    assert above_nothing(report)


def test_pages_of_figures_are_measured_beside_their_limits() -> None:
    report = run_bench("statistics", "--scale", "0.0002")
    assert report["name"] == "statistics"
    assert {"filled", "folded", "desk_province", "month_province", "year_by_item"} <= set(report["figures"])
    assert set(report["against"]) == {"slowest_dashboard_over_300_ms", "slowest_yearly_over_5_s"}
    assert above_nothing(report)


def test_a_media_node_is_measured_with_real_peers_and_records_what_they_send() -> None:
    report = run_bench("video", "--publishers", "2", "--walls", "1", "--seconds", "1")
    assert {"ingest_cpu_per_publisher", "forward_cpu_per_stream", "memory_last"} <= set(report["figures"])
    assert set(report["against"]) == {"ingest_over_0.27_percent", "forward_over_0.078_percent"}
    arrived = report["figures"]["pictures_arrived"]["value"]
    assert arrived > 0
    assert report["figures"]["recordings"]["value"] == 2
