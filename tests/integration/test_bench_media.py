"""The bench of a media node prints what others rely on; no figure is asserted."""

import pytest

from exam.cli.bench.janus import find_janus
from tests.builders.bench import run_bench

pytestmark = pytest.mark.slow


def test_a_media_node_is_measured_with_real_peers_and_records_what_they_send() -> None:
    report = run_bench("video", "--publishers", "2", "--walls", "1", "--seconds", "1")
    assert {"ingest_cpu_per_publisher", "forward_cpu_per_stream", "memory_last"} <= set(report["figures"])
    assert {"ingest_over_0.27_percent", "forward_over_0.078_percent"} <= set(report["against"])
    arrived = report["figures"]["pictures_arrived"]["value"]
    assert arrived > 0
    assert report["figures"]["recordings"]["value"] == 2
    if find_janus():
        assert report["figures"]["janus_pictures_arrived"]["value"] > 0
        assert report["figures"]["janus_recordings"]["value"] == 2
    else:
        assert "node_over_janus" not in report["against"]
