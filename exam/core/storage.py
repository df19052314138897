"""Storage of files by key: a directory by default, an object store in production."""

import asyncio
import os
from pathlib import Path
from typing import Protocol

from exam.core.errors import NotFoundError
from exam.core.ids import new_token


class Storage(Protocol):
    """Port for files; keys look like `certs/2026/….pdf` and are made by us, never by a client."""

    async def put(self, key: str, data: bytes) -> None:
        """Store durably; an existing key is replaced atomically."""

    async def get(self, key: str) -> bytes:
        """Return the bytes or raise NotFoundError."""

    async def delete(self, key: str) -> None:
        """Forget a file; one that is not there is forgotten already."""


class DirectoryStorage:
    """Files under one folder; a write is complete and on disk, or not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def _path(self, key: str) -> Path:
        path = (self._folder / key).resolve()
        if not path.is_relative_to(self._folder):
            raise NotFoundError(key=key)
        return path

    def _put(self, key: str, data: bytes) -> None:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o770)
        fresh = path.with_name(f".{path.name}.{new_token()}")
        with fresh.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)

    def _get(self, key: str) -> bytes:
        try:
            return self._path(key).read_bytes()
        except (FileNotFoundError, IsADirectoryError) as error:
            raise NotFoundError(key=key) from error

    async def put(self, key: str, data: bytes) -> None:
        await asyncio.to_thread(self._put, key, data)

    async def get(self, key: str) -> bytes:
        return await asyncio.to_thread(self._get, key)

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self._path(key).unlink, missing_ok=True)
