"""The published log of another host, read over HTTP as anybody may."""

import httpx

from exam.core.audit.publication import PREFIX
from exam.core.errors import NotFoundError
from exam.core.storage import Piece

TIMEOUT_S = 10.0


class RemoteLogStorage:
    """The public files under a log's address; it can only be read."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    async def put(self, key: str, data: bytes) -> None:
        """Refuse: what others publish is not ours to change."""
        raise NotImplementedError(key, len(data))

    async def delete(self, key: str) -> None:
        """Refuse, as `put` does."""
        raise NotImplementedError(key)

    async def get_piece(self, key: str, first: int, last: int | None = None) -> Piece:
        """Return some bytes of a public file, which is fetched whole, or raise NotFoundError."""
        data = await self.get(key)
        return Piece(data[first : None if last is None else last + 1], len(data))

    async def get(self, key: str) -> bytes:
        """Return a public file or raise NotFoundError."""
        async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
            answer = await client.get(f"{self._url}/{key.removeprefix(f'{PREFIX}/')}")
        if answer.is_error:
            raise NotFoundError(key=key, status=answer.status_code)
        return answer.content
