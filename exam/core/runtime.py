"""What every handler and job is given: the composed ports of one process."""

from dataclasses import dataclass

from redis.asyncio import Redis

from exam.core.clock import Clock, SystemClock
from exam.core.config import Settings
from exam.core.crypto import Sealer
from exam.core.db.engine import Databases
from exam.core.events import Subscribers
from exam.core.keyring import load_keyring
from exam.core.ports import Ports
from exam.core.secrets import Secrets, load_secrets
from exam.core.storage import Storage, open_storage
from exam.core.valkey import connect


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """Settings, clock, databases, keys, files and Valkey of one process."""

    settings: Settings
    secrets: Secrets
    clock: Clock
    databases: Databases
    sealer: Sealer
    storage: Storage
    valkey: "Redis"
    ports: Ports

    async def close(self) -> None:
        await self.databases.dispose()
        await self.valkey.aclose()


def build_runtime(
    settings: Settings, subscribers: Subscribers, *, ports: Ports | None = None, clock: Clock | None = None
) -> Runtime:
    """Compose what a process works with; no connection is opened yet."""
    secrets = load_secrets(settings)
    return Runtime(
        settings=settings,
        secrets=secrets,
        clock=clock or SystemClock(),
        databases=Databases(settings, secrets, subscribers),
        sealer=Sealer(load_keyring(settings) if secrets.seals else None),
        storage=open_storage(settings),
        valkey=connect(settings.valkey_url),
        ports=ports or Ports(),
    )
