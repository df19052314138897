"""Storage of files by key: a directory by default, an object store in production."""

import asyncio
import os
from pathlib import Path
from typing import Protocol

import msgspec

from exam.core.config import Settings
from exam.core.errors import ConflictError, NotFoundError
from exam.core.ids import new_token


class DeletionUnprovenError(ConflictError):
    """The store still has what it was told to delete: a version of it, or the file itself."""

    code = "deletion_unproven"
    message = "文件没有真正删除,请关闭存储桶的版本保留后重试。"


class Piece(msgspec.Struct, frozen=True):
    """Some bytes of a file, and how many the whole file has."""

    data: bytes
    size: int


class Storage(Protocol):
    """Port for files; keys look like `certs/2026/….pdf` and are made by us, never by a client."""

    async def put(self, key: str, data: bytes) -> None:
        """Store durably; an existing key is replaced atomically."""

    async def get(self, key: str) -> bytes:
        """Return the bytes or raise NotFoundError."""

    async def get_piece(self, key: str, first: int, last: int | None = None) -> Piece:
        """Return the bytes from `first` to `last`, both counted in, or to the end; beyond it none. Raises NotFoundError."""

    async def delete(self, key: str) -> None:
        """Delete a file for good; one that is not there is deleted already. Raises DeletionUnprovenError."""


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
        _sync(path.parent)

    def _get(self, key: str) -> bytes:
        try:
            return self._path(key).read_bytes()
        except (FileNotFoundError, IsADirectoryError) as error:
            raise NotFoundError(key=key) from error

    def _get_piece(self, key: str, first: int, last: int | None) -> Piece:
        try:
            with self._path(key).open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                end = size if last is None else min(last + 1, size)
                file.seek(first)
                return Piece(file.read(max(0, end - first)), size)
        except (FileNotFoundError, IsADirectoryError) as error:
            raise NotFoundError(key=key) from error

    def _delete(self, key: str) -> None:
        path = self._path(key)
        if path.exists():
            path.unlink(missing_ok=True)
            _sync(path.parent)

    async def put(self, key: str, data: bytes) -> None:
        await asyncio.to_thread(self._put, key, data)

    async def get(self, key: str) -> bytes:
        return await asyncio.to_thread(self._get, key)

    async def get_piece(self, key: str, first: int, last: int | None = None) -> Piece:
        return await asyncio.to_thread(self._get_piece, key, first, last)

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self._delete, key)


def _sync(folder: Path) -> None:
    """Put a folder's names on disk: a file's own sync says nothing of them."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def open_storage(settings: Settings) -> Storage:
    """Return the storage that the settings name; raises SettingsError."""
    if not settings.storage_url:
        return DirectoryStorage(settings.files_folder)
    from exam.core.object_store import open_object_storage  # noqa: PLC0415  # its client costs others nothing

    return open_object_storage(settings)
