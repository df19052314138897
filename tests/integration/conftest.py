"""Fixtures that several integration tests share."""

from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient

from exam.core.clock import FrozenClock
from exam.core.runtime import Runtime
from tests.builders.student import Student, make_student
from tests.builders.training import School, make_programme, make_school
from tests.builders.web import browsing


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[AsyncClient]:
    """Open a browser before the whole application, with no allowance used up: those outlive a test's database."""
    await runtime.valkey.flushdb()
    async with browsing(runtime) as opened:
        yield opened


@pytest.fixture
async def school(runtime: Runtime) -> School:
    """A training body with a programme."""
    made = await make_school(runtime)
    await make_programme(runtime, made)
    return made


@pytest.fixture
async def student(runtime: Runtime, clock: FrozenClock, school: School) -> Student:
    """A learner of that school, on the page of a lesson."""
    return await make_student(runtime, clock, school)
