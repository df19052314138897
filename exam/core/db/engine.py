"""Connections: one pool per database role, one session per unit of work."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from exam.core.config import Settings
from exam.core.db import scope as _scope  # noqa: F401  # registers the begin listener
from exam.core.db.liveness import is_lost
from exam.core.db.roles import Role, role_url
from exam.core.db.scope import SCOPE_KEY, Scope
from exam.core.secrets import Secrets

if TYPE_CHECKING:
    from exam.core.events import Subscribers

SUBSCRIBERS_KEY = "ankao_subscribers"
SEARCH_PATH = "-csearch_path=public,jobs"


def encode_json(value: object) -> str:
    """Encode for a jsonb column; msgspec refuses NaN and infinities, which PostgreSQL would refuse later."""
    return msgspec.json.encode(value).decode()


def _refuse_lost(connection: DBAPIConnection, *_record: object) -> None:
    """Have the pool replace what a restart of the server has left behind, without a round trip for every transaction."""
    if is_lost(connection.driver_connection):
        raise InvalidatePoolError


class Databases:
    """Engines by role, made when first asked for; a process that never asks holds no connection of that role."""

    def __init__(self, settings: Settings, secrets: Secrets, subscribers: "Subscribers") -> None:
        self._settings = settings
        self.subscribers = subscribers
        self._secrets = secrets
        self._engines: dict[Role, AsyncEngine] = {}

    def engine(self, role: Role) -> AsyncEngine:
        if role not in self._engines:
            engine = self._engines[role] = create_async_engine(
                role_url(self._settings.database_url, self._secrets.roles, role),
                pool_size=self._settings.pool_size,
                max_overflow=0,
                pool_timeout=10,
                # the connection used last: its prepared statements, plans and catalogue entries are the warmest
                pool_use_lifo=True,
                json_serializer=encode_json,
                json_deserializer=msgspec.json.decode,
                connect_args={"options": SEARCH_PATH, "application_name": f"ankao-{role.value}"},
            )
            event.listen(engine.sync_engine, "checkout", _refuse_lost)
        return self._engines[role]

    def session(self, scope: Scope, role: Role = Role.APP) -> AsyncSession:
        """Return a session whose every transaction carries `scope`; the caller commits."""
        info = {SCOPE_KEY: scope, SUBSCRIBERS_KEY: self.subscribers}
        return AsyncSession(self.engine(role), expire_on_commit=False, info=info)

    @asynccontextmanager
    async def transaction(self, scope: Scope, role: Role = Role.APP) -> AsyncIterator[AsyncSession]:
        """Open a session and commit at the end, or roll back on an error: the edge of a request or a job."""
        async with self.session(scope, role) as session, session.begin():
            yield session

    async def dispose(self) -> None:
        for engine in self._engines.values():
            await engine.dispose()
        self._engines.clear()
