"""Files between a dry run and its confirmation: sealed, for who uploaded them, and gone after a day."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from exam.core.crypto import SealError
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.errors import NotFoundError
from exam.core.ids import new_id
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.sealed_files import DROP_FILE, drop_file, get_sealed
from exam.core.waiting import WaitingFiles

FILES = WaitingFiles("tried")
NUMBER = b"330106199001010011"


def clerk() -> Principal:
    return Principal(account=new_id())


def stored(runtime: Runtime) -> list[Path]:
    return [path for path in (runtime.settings.files_folder / "tried").rglob("*") if path.is_file()]


async def waiting_jobs(runtime: Runtime) -> list[Any]:
    query = text("select args, scheduled_at from jobs.procrastinate_jobs where task_name = :name")
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        return list(await session.execute(query, {"name": DROP_FILE}))


async def test_a_file_waits_sealed_for_its_owner_and_is_gone_after_a_day(runtime: Runtime) -> None:
    owner, before = clerk(), await waiting_jobs(runtime)
    name = await FILES.put(runtime, owner, NUMBER)
    assert await FILES.get(runtime, owner, name) == NUMBER
    [path] = stored(runtime)
    assert NUMBER not in path.read_bytes()
    [job] = [each for each in await waiting_jobs(runtime) if each not in before]
    assert job.scheduled_at == runtime.clock.now() + timedelta(days=1)
    await drop_file(runtime, **job.args)
    await drop_file(runtime, **job.args)  # a job may run twice
    assert stored(runtime) == []
    with pytest.raises(NotFoundError):
        await FILES.get(runtime, owner, name)


async def test_a_file_is_nobody_else_s_and_opens_at_no_other_place(runtime: Runtime) -> None:
    owner, other = clerk(), clerk()
    name = await FILES.put(runtime, owner, NUMBER)
    with pytest.raises(NotFoundError):
        await FILES.get(runtime, other, name)
    with pytest.raises(NotFoundError):
        await FILES.get(runtime, owner, f"../{owner.account}/{name}")
    [path] = stored(runtime)
    await runtime.storage.put("tried/elsewhere", path.read_bytes())
    with pytest.raises(SealError):
        await get_sealed(runtime, "tried/elsewhere")
    assert re.fullmatch("[0-9a-f]{32}", name)
