"""One installation for the flows of a run."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.installation import Installation, installed
from tests.services import servers_of_installation


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    """Run `ankao up` over an empty directory, whose path is short enough for the sockets in it."""
    with tempfile.TemporaryDirectory(prefix="ankao-flow-") as folder:
        data_dir = Path(folder) / "var"
        with servers_of_installation(data_dir) as names, installed(data_dir, names) as running:
            yield running
