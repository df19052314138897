"""The benches of the answer path print what others rely on; no figure is asserted."""

import pytest

from exam.cli.bench.slow_disk import DiskNotSlowError, require_slow
from exam.core.config import Settings
from tests.builders.bench import above_nothing, run_bench

pytestmark = pytest.mark.slow


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


def test_a_disk_that_is_not_slow_is_no_slow_disk(settings: Settings) -> None:
    with pytest.raises(DiskNotSlowError):
        require_slow(settings.database_url)
