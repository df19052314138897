"""Pooled connections: none that the server has ended is handed out, and none keeps the scope of its last user."""

import psycopg
import pytest
from sqlalchemy import text

from exam.core.db.roles import Role, role_url
from exam.core.db.scope import NOTHING, Scope
from exam.core.ids import new_id
from exam.core.jobs import Job, build_app
from exam.core.runtime import Runtime

SCOPE_NOW = text(
    "select current_setting('ankao.region', true), current_setting('ankao.person', true),"
    " current_setting('ankao.organisation', true)"
)
END_ALL = """
select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()
"""


def _end_all(runtime: Runtime) -> int:
    """End every connection to the test's database, as an administrator may."""
    with psycopg.connect(runtime.settings.database_url) as connection:
        row = connection.execute(END_ALL).fetchone()
    return int(row[0]) if row else 0


async def test_a_connection_that_the_server_has_ended_is_replaced_unseen(runtime: Runtime) -> None:
    async with runtime.databases.session(NOTHING) as first, runtime.databases.session(NOTHING) as second:
        pids = {await each.scalar(text("select pg_backend_pid()")) for each in (first, second)}
    assert _end_all(runtime) == 2
    for _ in range(3):
        async with runtime.databases.transaction(NOTHING) as session:
            assert await session.scalar(text("select pg_backend_pid()")) not in pids


async def test_the_queue_replaces_its_ended_connections(runtime: Runtime) -> None:
    done: list[str] = []

    async def note(_runtime: Runtime, *, word: str) -> None:
        done.append(word)

    url = role_url(runtime.settings.database_url, runtime.secrets.roles, Role.APP).set(drivername="postgresql")
    app = build_app(runtime, [Job("test.note", note)], url.render_as_string(hide_password=False))
    async with app.open_async():
        await app.configure_task("test.note").defer_async(word="before")
        assert _end_all(runtime) > 0
        await app.configure_task("test.note").defer_async(word="after")
        await app.run_worker_async(wait=False, install_signal_handlers=False)
    assert done == ["before", "after"]


@pytest.mark.parametrize(
    "earlier",
    [Scope(region="33"), Scope(person=new_id()), Scope(organisation=new_id())],
    ids=["region", "person", "organisation"],
)
async def test_a_reused_connection_has_no_scope_where_none_is_given(runtime: Runtime, earlier: Scope) -> None:
    async with runtime.databases.transaction(earlier) as session:
        pid = await session.scalar(text("select pg_backend_pid()"))
        assert any((await session.execute(SCOPE_NOW)).one())
    async with runtime.databases.transaction(NOTHING) as session:
        assert await session.scalar(text("select pg_backend_pid()")) == pid
        assert not any((await session.execute(SCOPE_NOW)).one())
