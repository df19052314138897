"""An acknowledged answer is never lost (TRUST.md A1–A3), and the harness itself can fail (D2)."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import psycopg
import pytest

from exam.cli.simulation.history import History
from exam.cli.simulation.judging import Judgement
from exam.core.config import Settings
from tests.faults.stage import WebProcess, judge_run, kill_tree, seat_candidates, web_process
from tests.services import Services, running_services

pytestmark = pytest.mark.slow

CANDIDATES = 200
SECONDS = 60
PORT = 18431
FEW = 4_000
"""Bytes of a history that holds some answers."""


@pytest.fixture(scope="module")
def durable() -> Iterator[Services]:
    """Run PostgreSQL with the production settings: every one that matters is asserted, not hoped for."""
    with running_services(lossy=False) as services:
        with psycopg.connect(services.postgres.url("postgres")) as connection:
            for name in ("fsync", "full_page_writes", "synchronous_commit"):
                found = connection.execute(f"show {name}").fetchone()
                assert found == ("on",)
        yield services


async def _answer(
    settings: Settings,
    web: WebProcess,
    history: Path,
    faults: list[Callable[[], None]],
    seconds: int = SECONDS,
) -> None:
    record = History(history)
    candidates = await seat_candidates(settings, web.url, CANDIDATES, record, seed=7)
    stop = asyncio.Event()
    answering = [asyncio.create_task(each.answer_until(stop, pause_s=2.0)) for each in candidates]
    random = Random(7)
    for fault in faults:
        await asyncio.sleep(seconds / (len(faults) + 1) * random.uniform(0.8, 1.1))
        fault()  # in this thread: a child ends with the thread that made it
    await asyncio.sleep(5)
    stop.set()
    await asyncio.wait_for(asyncio.gather(*answering), 120)
    record.close()


def _assert_nothing_lost(judgement: Judgement) -> None:
    assert judgement.acked > CANDIDATES * 5
    assert (judgement.lost, judgement.unexpected, judgement.verdict) == (0, 0, "ok")


def test_killing_the_database_loses_no_acknowledged_answer(durable: Services, tmp_path: Path) -> None:
    def crash() -> None:
        assert durable.postgres.process is not None
        kill_tree(durable.postgres.process)
        durable.postgres.start()

    with durable.database() as settings, web_process(settings, PORT, tmp_path / "web.log") as web:
        asyncio.run(_answer(settings, web, tmp_path / "history", [crash, crash, crash]))
        assert web.process.poll() is None, "the web process recovers by itself"
        _assert_nothing_lost(asyncio.run(judge_run(settings, tmp_path / "history")))


def test_killing_the_web_process_loses_no_acknowledged_answer(durable: Services, tmp_path: Path) -> None:
    with durable.database() as settings, web_process(settings, PORT + 1, tmp_path / "web.log") as web:

        def crash() -> None:
            web.kill()
            web.restart()

        asyncio.run(_answer(settings, web, tmp_path / "history", [crash, crash, crash]))
        _assert_nothing_lost(asyncio.run(judge_run(settings, tmp_path / "history")))


def test_answers_are_saved_while_valkey_is_dead(durable: Services, tmp_path: Path) -> None:
    def crash() -> None:
        assert durable.valkey.process is not None
        durable.valkey.process.send_signal(signal.SIGKILL)
        durable.valkey.process.wait()

    with durable.database() as settings, web_process(settings, PORT + 2, tmp_path / "web.log") as web:
        asyncio.run(_answer(settings, web, tmp_path / "history", [crash], seconds=20))
        durable.valkey.start()
        _assert_nothing_lost(asyncio.run(judge_run(settings, tmp_path / "history")))


def test_the_judge_sees_a_lost_answer(durable: Services, tmp_path: Path) -> None:
    with durable.database() as settings, web_process(settings, PORT + 3, tmp_path / "web.log") as web:

        async def few() -> None:
            record = History(tmp_path / "history")
            candidates = await seat_candidates(settings, web.url, 3, record, seed=1)
            stop = asyncio.Event()
            answering = [asyncio.create_task(each.answer_until(stop, pause_s=0.05)) for each in candidates]
            while (tmp_path / "history").stat().st_size < FEW:  # noqa: ASYNC110  # what is waited for is a file
                await asyncio.sleep(0.1)
            stop.set()
            await asyncio.gather(*answering)
            record.close()

        asyncio.run(few())
        with psycopg.connect(settings.database_url, autocommit=True) as connection:
            connection.execute("set session_replication_role = replica")
            connection.execute(
                "delete from delivery_response_revision where ctid = (select min(ctid) from delivery_response_revision)",
            )
        judgement = asyncio.run(judge_run(settings, tmp_path / "history"))
        assert (judgement.lost, judgement.verdict) == (1, "failed")
