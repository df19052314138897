"""The benches of pure work print what others rely on; no figure is asserted."""

import pytest

from tests.builders.bench import above_nothing, run_bench

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("words", "figures", "ratios"),
    [
        (
            ("assembly", "--forms", "50"),
            {"assembly_cpu", "exposure_spread", "parallel_wall"},
            {"assembly_cpu_over_0.25_s"},
        ),
        (("grading", "--attempts", "50"), {"scoring_cpu", "numpy_cpu"}, {"scoring_cpu_over_numpy_cpu"}),
        (
            ("certs", "--count", "2"),
            {"unsigned_per_cpu_s", "ofd_per_cpu_s", "bare_per_cpu_s"},
            {"unsigned_over_150_per_cpu_s"},
        ),
    ],
)
def test_pure_work_is_measured_beside_its_limit(words: tuple[str, ...], figures: set[str], ratios: set[str]) -> None:
    report = run_bench(*words)
    assert report["name"] == words[0]
    assert figures <= set(report["figures"])
    assert ratios <= set(report["against"])
    assert above_nothing(report)
