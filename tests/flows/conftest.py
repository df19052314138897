"""One installation for the flows of a run."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.installation import Installation, installed


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    """Run `ankao up` over an empty directory, whose path is short enough for the sockets in it."""
    with tempfile.TemporaryDirectory(prefix="ankao-flow-") as folder, installed(Path(folder) / "var") as running:
        yield running
