"""Scratch instances: one honest history, copied for each attack with its database, files, signer, witnesses, monitor."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import msgspec
import psycopg
import uvicorn
from psycopg import sql
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from exam.app import compose_runtime
from exam.cli.matrix.going import add_events
from exam.cli.matrix.scenario import ROOT, History, make_history
from exam.cli.signer import open_custody
from exam.cli.witness import WitnessApp, open_witness
from exam.core.audit.ledger import record
from exam.core.audit.monitor import Monitor, Report
from exam.core.audit.policy import Group, Peer, Policy
from exam.core.audit.publication import LogPublication
from exam.core.audit.signing import LogSigner
from exam.core.config import Profile, Settings
from exam.core.db.ground import migrate, prepare
from exam.core.db.roles import Role
from exam.core.embedded.postgres import FAST_AND_LOSSY, EmbeddedPostgres
from exam.core.embedded.valkey import EmbeddedValkey
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.core.secrets import load_secrets

WITNESSES = ("city", "audit-office", "notary")
BASE, YESTERDAY = "matrix", "matrix_yesterday"
SHORT_PATIENCE = timedelta(seconds=4)
"""What an instance's monitor waits for: an hour of patience proves nothing more, and takes an hour."""
GIVE_UP_S = 20.0


class Instance:
    """One running copy: a signer that takes turns, three witnesses, and a monitor that has seen the honest log."""

    def __init__(self, laboratory: "Laboratory", settings: Settings, history: History) -> None:
        self.laboratory = laboratory
        self.settings = settings
        self.history = history
        self.runtime: Runtime = compose_runtime(settings)
        self.publication = LogPublication(self.runtime.storage)
        self.policy = laboratory.policy
        self._signing: asyncio.Task[None] | None = None

    @property
    def database(self) -> str:
        """Return the name of this copy's database."""
        return make_url(self.settings.database_url).database or ""

    def monitor(self, source: LogPublication | None = None, *, patience: timedelta = SHORT_PATIENCE) -> Monitor:
        folder = self.settings.data_dir / "monitor"
        return Monitor(self.runtime, folder, source or self.publication, patience=patience)

    async def settle(self) -> None:
        """Wait until the copy's own signer and witnesses are at work and nothing is wrong."""
        begun = time.monotonic()
        while (report := await self.monitor().look()).alarms and time.monotonic() - begun < GIVE_UP_S:  # noqa: ASYNC110  # it looks each time
            await asyncio.sleep(self.settings.checkpoint_interval_s / 2)
        _require_quiet(report)

    def start_signer(self) -> None:
        signer = LogSigner(self.runtime, open_custody(self.settings), self.policy)
        self._signing = asyncio.create_task(signer.run())

    async def stop_signer(self) -> None:
        if self._signing is not None:
            self._signing.cancel()
            with suppress(asyncio.CancelledError):
                await self._signing
            self._signing = None

    async def close(self) -> None:
        await self.stop_signer()
        await self.runtime.close()

    def superuser(self, *statements: str, replica: bool = True) -> None:
        """Do as the database's superuser does; with `replica` no trigger speaks."""
        with psycopg.connect(self.settings.database_url) as connection:
            if replica:
                connection.execute("set session_replication_role = replica")
            for statement in statements:
                connection.execute(statement.encode())

    async def alarms_until(self, code: str, source: LogPublication | None = None) -> tuple[float, set[str]]:
        """Look until the monitor raises an alarm of this kind; return the seconds and every kind that it raised."""
        begun, looking, seen = time.monotonic(), self.monitor(source), set[str]()
        while time.monotonic() - begun < GIVE_UP_S:
            with suppress(SQLAlchemyError):  # a database that is being put back answers again in a moment
                seen |= {alarm.code for alarm in (await looking.look()).alarms}
            if code in seen:
                break
            await asyncio.sleep(self.settings.checkpoint_interval_s / 2)
        return time.monotonic() - begun, seen


class Laboratory:
    """A cluster of its own with the honest history, with `spare` credentials to revoke, as a template."""

    def __init__(self, folder: Path, *, interval_s: float, spare: int) -> None:
        self._folder = folder
        self.postgres = EmbeddedPostgres(folder / "pg", options=FAST_AND_LOSSY)
        self._valkey = EmbeddedValkey(folder / "valkey")
        self._interval_s = interval_s
        self._spare = spare
        self._made = 0
        self.policy = Policy()
        self.history: History

    def settings(self, database: str, data_dir: Path) -> Settings:
        return Settings(
            profile=Profile.DEMO,
            data_dir=data_dir,
            database_url=self.postgres.url(database),
            valkey_url=self._valkey.url,
            pool_size=3,
            checkpoint_interval_s=self._interval_s,
            log_origin="matrix.invalid/log",
        )

    def admin(self, *statements: sql.Composed) -> None:
        with psycopg.connect(self.postgres.url("postgres"), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def copy(self, source: str, target: str) -> None:
        """Put a database in the place of another, cutting whoever is connected."""
        names = sql.Identifier(target), sql.Identifier(source)
        self.admin(
            sql.SQL("drop database if exists {} with (force)").format(names[0]),
            sql.SQL("create database {} template {} strategy file_copy").format(*names),
        )

    async def prepare(self) -> None:
        """Make the history, sign and witness it twice, and let the monitor see it."""
        self.postgres.start()
        self._valkey.start()
        self.admin(sql.SQL("create database {}").format(sql.Identifier(BASE)))
        settings = self.settings(BASE, self._folder / "base")
        settings.data_dir.mkdir()
        secrets = load_secrets(settings)
        prepare(settings.database_url, secrets)
        migrate(settings.database_url, secrets)
        runtime = compose_runtime(settings)
        self.history = await make_history(runtime, spare=self._spare)
        await self._sign(runtime, settings)
        await runtime.close()
        self.copy(BASE, YESTERDAY)
        runtime = compose_runtime(settings)
        await add_events(runtime, self.history, 100)
        await self._sign(runtime, settings)
        await runtime.close()

    async def _sign(self, runtime: Runtime, settings: Settings) -> None:
        custody = open_custody(settings)
        sockets = self._folder / "s0"
        sockets.mkdir(exist_ok=True)
        async with self._witnesses(settings, sockets):
            signer = LogSigner(runtime, custody, self.policy)
            await signer.publish_policy()
            async with runtime.databases.engine(Role.LEDGER).connect() as connection:
                await signer.turn(connection)
            report = await Monitor(runtime, settings.data_dir / "monitor", LogPublication(runtime.storage)).look()
            _require_quiet(report)

    @asynccontextmanager
    async def _witnesses(self, settings: Settings, sockets: Path) -> AsyncIterator[None]:
        """Serve the three witnesses of an instance and name them in the policy."""
        logs = settings.data_dir / "logs"
        custody = open_custody(settings)
        logs.write_text(Policy(logs=(Peer(custody.verifier_key),)).to_text(), encoding="utf-8")
        peers = {}
        async with AsyncExitStack() as stack:
            for name in WITNESSES:
                folder = settings.data_dir / "witnesses" / name
                folder.mkdir(parents=True, exist_ok=True)
                witness = open_witness(folder, f"{name}.invalid", logs, may_create=True)
                peers[name] = Peer(witness.key, f"unix:{sockets / name}")
                await stack.enter_async_context(served(WitnessApp(witness), sockets / name))
            self.policy = Policy(witnesses=peers, groups={"W": Group(2, WITNESSES)}, quorum="W")
            yield

    @asynccontextmanager
    async def instance(self) -> AsyncIterator[Instance]:
        """Open a copy in which nothing is wrong yet."""
        self._made += 1
        name, folder = f"matrix_{self._made}", self._folder / f"i{self._made}"
        self.copy(BASE, name)
        shutil.copytree(self._folder / "base", folder)
        settings = self.settings(name, folder)
        sockets = self._folder / f"s{self._made}"
        sockets.mkdir()
        async with self._witnesses(settings, sockets):
            opened = Instance(self, settings, self.history)
            opened.start_signer()
            try:
                await opened.settle()
                yield opened
            finally:
                await opened.close()
        shutil.rmtree(folder, ignore_errors=True)

    def stop(self) -> None:
        self.postgres.stop()
        self._valkey.stop()


@asynccontextmanager
async def served(app: WitnessApp, socket: Path) -> AsyncIterator[None]:
    """Serve a witness on a socket for as long as the block lasts."""
    # the server's types name a framework's; at run time both are plain ASGI
    config = uvicorn.Config(app, uds=str(socket), lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  # the server offers no event
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await serving


def _require_quiet(report: Report) -> None:
    """Refuse to go on from a history in which something is wrong already: an alarm would then prove nothing."""
    if report.alarms:
        raise RuntimeError(msgspec.json.encode(report.alarms).decode())


async def note_something(instance: Instance) -> None:
    """Let one honest act happen."""
    async with instance.runtime.databases.transaction(ROOT) as session:
        at = instance.runtime.clock.now()
        await record(session, SYSTEM, "clean_run.noted", ("clean_run", "0"), at=at, region=ROOT.region)
