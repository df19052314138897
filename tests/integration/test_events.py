"""Events and jobs: in the publisher's transaction, effective once."""

import pytest
from sqlalchemy import text

from exam.core.db.scope import Scope
from exam.core.events import Event, Subscribers, Subscription, deliver, publish
from exam.core.ids import new_id
from exam.core.runtime import Runtime


class ThingHappened(Event, frozen=True):
    thing_id: str


HEARD: list[str] = []


async def _hear(_runtime: object, _session: object, event: ThingHappened) -> None:
    HEARD.append(event.thing_id)


@pytest.fixture
def listening(runtime: Runtime) -> Runtime:
    HEARD.clear()
    runtime.databases.subscribers = Subscribers([Subscription(ThingHappened, "test.hear", _hear)])
    return runtime


async def _jobs(runtime: Runtime) -> list[tuple[str, str]]:
    async with runtime.databases.session(Scope()) as session:
        rows = await session.execute(text("select task_name, args->>'event_id' from jobs.procrastinate_jobs"))
        return [(row[0], row[1]) for row in rows]


async def test_event_and_job_commit_together(listening: Runtime) -> None:
    async with listening.databases.transaction(Scope(region="33")) as session:
        event_id = await publish(session, ThingHappened(region="33", thing_id="a"), at=listening.clock.now())
    assert await _jobs(listening) == [("core.deliver", str(event_id))]


async def test_rollback_leaves_neither_event_nor_job(listening: Runtime) -> None:
    async with listening.databases.session(Scope(region="33")) as session:
        await publish(session, ThingHappened(region="33", thing_id="a"), at=listening.clock.now())
        await session.rollback()
    assert await _jobs(listening) == []


async def test_delivery_twice_has_one_effect(listening: Runtime) -> None:
    thing = str(new_id())
    async with listening.databases.transaction(Scope(region="33")) as session:
        event_id = await publish(session, ThingHappened(region="33", thing_id=thing), at=listening.clock.now())
    for _ in range(2):
        await deliver(listening, event_id=str(event_id), subscriber="test.hear")
    assert [thing] == HEARD
