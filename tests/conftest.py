"""Fixtures that every kind of test may use."""

import gc
import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from exam.app import compose_runtime
from exam.core.clock import FrozenClock
from exam.core.config import Settings
from exam.core.db import engine as database_engine
from exam.core.log import PROCESSORS
from exam.core.runtime import Runtime
from tests.builders.engines import lend_engine
from tests.services import Services, running_services

ROOT = Path(__file__).resolve().parent.parent
WAITERS = ("faults", "flows", "media", "browser")
"""Folders whose tests wait for a disk, a clock or a browser more than they compute; so do the benches."""
BENCH = "test_bench"
TOGETHER = "tests/flows/"
LAST_WAITER = 0.8
"""The share of the computing files before which the last waiting one is begun, so that no worker ends alone."""

# a busy machine is slow, and no property is about time
hypothesis_settings.register_profile("ankao", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("ankao")
vars(database_engine)["create_async_engine"] = lend_engine


class Dealing(LoadScopeScheduling):  # type: ignore[misc]  # xdist is untyped
    """Keeps each file on one worker, and all flows on one: they share an installation."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def scope_of(nodeid: str) -> str:
    """Return what a test has to share its worker with."""
    path = nodeid.partition("::")[0]
    return TOGETHER if path.startswith(TOGETHER) else path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Dealing | None:
    """Let the workers of a whole run be given scopes; pure tests need none."""
    return Dealing(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deal the scopes that wait among those that compute: workers that all wait together leave the processors idle."""
    scopes = [list(group) for _, group in groupby(items, lambda item: scope_of(item.nodeid))]
    waiting = sorted(filter(_waits, scopes), key=_rank)
    computing = [scope for scope in scopes if not _waits(scope)]
    places = [(number / len(waiting) * LAST_WAITER, scope) for number, scope in enumerate(waiting)]
    places += [(number / len(computing), scope) for number, scope in enumerate(computing)]
    items[:] = [item for _, scope in sorted(places, key=itemgetter(0)) for item in scope]


def pytest_collection_finish() -> None:
    """Collect garbage from here on (the package begins without), and not among all that was imported."""
    gc.freeze()
    gc.enable()


def _waits(scope: list[pytest.Item]) -> bool:
    return _rank(scope) <= len(WAITERS)


def _rank(scope: list[pytest.Item]) -> int:
    path = scope[0].path
    if path.parent.name in WAITERS:
        return WAITERS.index(path.parent.name)
    return len(WAITERS) + (not path.name.startswith(BENCH))


@pytest.fixture(scope="session", autouse=True)
def logging_as_in_production() -> None:
    """Write what production writes: the library's own tracebacks for people take seconds in a served application."""
    structlog.configure(processors=PROCESSORS)


@pytest.fixture(scope="session")
def outside_data() -> Path:
    """Return the folder of outside test data; a folder that is named and missing is a failure, an absent default is a skip."""
    named = os.environ.get("ANKAO_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if named and not folder.is_dir():
        pytest.fail(f"ANKAO_DATA names a missing folder: {folder}")
    if not folder.is_dir():
        pytest.skip("no outside data here; set ANKAO_DATA")
    return folder


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, the server's own loop."""
    return "asyncio"


@pytest.fixture(scope="session")
def services() -> Iterator[Services]:
    """Run PostgreSQL and Valkey for this worker; durability is off, so no fault test may use it."""
    with running_services() as running:
        yield running


@pytest.fixture
def settings(services: Services) -> Iterator[Settings]:
    """Give the test a migrated database of its own."""
    with services.database() as fresh:
        yield fresh


@pytest.fixture
def clock() -> FrozenClock:
    """Stand at 09:00 in Shanghai on a day under order 19."""
    return FrozenClock(datetime(2026, 11, 23, 1, 0, tzinfo=UTC))


@pytest.fixture
async def runtime(settings: Settings, clock: FrozenClock) -> AsyncIterator[Runtime]:
    """Compose the whole product's ports over the test's database."""
    built = compose_runtime(settings, clock=clock)
    yield built
    await built.close()
