"""Fixtures that several integration tests share."""

from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient

from exam.core.runtime import Runtime
from tests.builders.web import browsing


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[AsyncClient]:
    """Open a browser before the whole application, with no allowance used up: those outlive a test's database."""
    await runtime.valkey.flushdb()
    async with browsing(runtime) as opened:
        yield opened
