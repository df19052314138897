"""The benches of study and of figures print what others rely on; no figure is asserted."""

import pytest

from tests.builders.bench import above_nothing, run_bench

pytestmark = pytest.mark.slow


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
