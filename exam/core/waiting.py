"""Files that wait between their dry run and the word that it may happen: for whoever uploaded them, and nobody else."""

import re
import secrets

from exam.core.errors import NotFoundError
from exam.core.principal import Principal
from exam.core.runtime import Runtime

_NAME = re.compile(r"[0-9a-f]{32}")


class WaitingFiles:
    """The files of one kind of import."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    async def put(self, runtime: Runtime, principal: Principal, data: bytes) -> str:
        """Keep a file and return the name to ask for it by."""
        name = secrets.token_hex(16)
        await runtime.storage.put(self._key(principal, name), data)
        return name

    async def get(self, runtime: Runtime, principal: Principal, name: str) -> bytes:
        """Return a file that the principal uploaded; raises NotFoundError."""
        return await runtime.storage.get(self._key(principal, name))

    async def drop(self, runtime: Runtime, principal: Principal, name: str) -> None:
        """Forget a file once it has happened."""
        await runtime.storage.delete(self._key(principal, name))

    def _key(self, principal: Principal, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise NotFoundError
        return f"{self._kind}/{principal.account}/{name}"
