"""Files that wait between their dry run and the word that it may happen: for whoever uploaded them, nobody else, and a day."""

import re
import secrets
from datetime import timedelta
from typing import Final

from exam.core.db.scope import NOTHING
from exam.core.errors import NotFoundError
from exam.core.jobs import defer
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.sealed_files import DROP_FILE, get_sealed, put_sealed

LONGEST: Final = timedelta(days=1)

_NAME = re.compile(r"[0-9a-f]{32}")


class WaitingFiles:
    """The files of one kind of import."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    async def put(self, runtime: Runtime, principal: Principal, data: bytes) -> str:
        """Keep a file, sealed, for LONGEST and return the name to ask for it by."""
        name = secrets.token_hex(16)
        key = self._key(principal, name)
        # in a transaction of its own and before the file: none may stay because a request went wrong later
        async with runtime.databases.transaction(NOTHING) as session:
            await defer(session, DROP_FILE, at=runtime.clock.now() + LONGEST, key=key)
        await put_sealed(runtime, key, data)
        return name

    async def get(self, runtime: Runtime, principal: Principal, name: str) -> bytes:
        """Return a file that the principal uploaded; raises NotFoundError."""
        return await get_sealed(runtime, self._key(principal, name))

    async def drop(self, runtime: Runtime, principal: Principal, name: str) -> None:
        """Forget a file once it has happened."""
        await runtime.storage.delete(self._key(principal, name))

    def _key(self, principal: Principal, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise NotFoundError
        return f"{self._kind}/{principal.account}/{name}"
