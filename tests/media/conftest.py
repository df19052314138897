"""One media node for the tests of a file, and peers that may use the loopback address."""

from collections.abc import Iterator
from pathlib import Path

import aioice.ice
import pytest

from tests.media.stage import MediaProcess, media_process
from tests.services import Services


@pytest.fixture(autouse=True)
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let peers offer 127.0.0.1, which aioice leaves out."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])  # noqa: ARG005


@pytest.fixture(scope="module")
def node(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MediaProcess]:
    """Run a media node over a database of its own."""
    log: Path = tmp_path_factory.mktemp("media") / "media.log"
    with services.database() as settings, media_process(settings, log) as running:
        yield running
