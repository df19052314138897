"""One database connection for prepared statements, one at a time: the answer path's own, without a cursor's cost.

A cursor of psycopg spends more processor time on a small batch than PostgreSQL does, mostly on converting each value
and on watching the socket anew for each statement. Here values come in PostgreSQL's binary format and the socket is
watched for as long as the link lives; everything else stays libpq's (psycopg.pq).
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult

CONNECT_TIMEOUT_S = 2
_SUCCESS = frozenset({ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK})


class LinkLostError(psycopg.OperationalError):
    """The connection ended before the outcome of a statement arrived: whether it was committed is not known."""


class Link:
    """A connection and its prepared statements, by name."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection
        self._postgres = connection.pgconn
        self._socket = connection.pgconn.socket
        self._loop = asyncio.get_running_loop()
        self._result: PGresult | None = None
        self._outcome: asyncio.Future[PGresult | None] | None = None
        self._lost = False

    @classmethod
    async def open(cls, conninfo: str, settings: Mapping[str, str], statements: Mapping[str, str]) -> Self:
        """Connect, apply settings and prepare the statements, whose parameters are written $1 and so on."""
        connection = await psycopg.AsyncConnection.connect(
            conninfo, autocommit=True, application_name="ankao-answers", connect_timeout=CONNECT_TIMEOUT_S
        )
        for setting, value in settings.items():
            await connection.execute("select set_config(%s, %s, false)", [setting, value])
        link = cls(connection)
        link._loop.add_reader(link._socket, link._readable)
        for name, text in statements.items():
            await link._ask(link._postgres.send_prepare, name.encode(), text.encode())
        return link

    @property
    def lost(self) -> bool:
        """Whether the connection is known to have ended."""
        return self._lost

    async def run(self, name: str, values: Sequence[bytes]) -> PGresult:
        """Run a prepared statement in a transaction of its own; raises psycopg.Error.

        The result's values are in binary format. A caller that is cancelled must close the link.
        """
        formats = [Format.BINARY] * len(values)
        return await self._ask(self._postgres.send_query_prepared, name.encode(), values, formats, Format.BINARY)

    async def close(self) -> None:
        """End the connection; the outcome of a statement under way stays unknown."""
        self._lose()
        await self._connection.close()

    async def _ask(self, send: Callable[..., None], *words: object) -> PGresult:
        if self._lost:
            raise LinkLostError
        outcome = self._outcome = self._loop.create_future()
        send(*words)
        if self._postgres.flush():
            self._loop.add_writer(self._socket, self._writable)
        result: PGresult | None = await outcome
        if result is None:
            raise LinkLostError
        if result.status not in _SUCCESS:
            raise error_from_result(result)
        return result

    def _writable(self) -> None:
        try:
            if not self._postgres.flush():
                self._loop.remove_writer(self._socket)
        except psycopg.Error:
            self._lose()

    def _readable(self) -> None:
        postgres = self._postgres
        try:
            postgres.consume_input()
            while not postgres.is_busy():
                result = postgres.get_result()
                if result is None:
                    self._answer(self._result)
                    return
                self._result = result
        except psycopg.Error:
            self._lose()

    def _answer(self, result: PGresult | None) -> None:
        outcome, self._outcome, self._result = self._outcome, None, None
        if outcome is not None and not outcome.done():
            outcome.set_result(result)

    def _lose(self) -> None:
        if not self._lost:
            self._lost = True
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
        self._answer(None)


class SharedLink:
    """A link that callers take in turn: opened when it is first needed, and again after it was lost.

    When the database has been silent for `patience_s`, its connection is given up.
    """

    def __init__(
        self, conninfo: str, settings: Mapping[str, str], statements: Mapping[str, str], *, patience_s: float
    ) -> None:
        self._conninfo = conninfo
        self._patience_s = patience_s
        self._settings = settings
        self._statements = statements
        self._turn = asyncio.Lock()
        self._link: Link | None = None

    async def run(self, name: str, values: Sequence[bytes]) -> PGresult:
        """Run a prepared statement in a transaction of its own; raises psycopg.Error and OSError."""
        async with self._turn:
            try:
                async with asyncio.timeout(self._patience_s):
                    if self._link is None or self._link.lost:
                        self._link = await Link.open(self._conninfo, self._settings, self._statements)
                    return await self._link.run(name, values)
            except (asyncio.CancelledError, TimeoutError):
                await self.close()  # its answer may still come, and would be taken for the next one's
                raise

    async def close(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            await link.close()
