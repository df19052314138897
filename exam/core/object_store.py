"""Storage in an S3-compatible object store: one bucket, keys below one prefix, no version of anything kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.exceptions import NotFoundError as MissingError
from obstore.store import S3Store

from exam.core.config import Settings, SettingsError
from exam.core.errors import DomainError, Kind, NotFoundError
from exam.core.storage import DeletionUnprovenError, Piece

if TYPE_CHECKING:
    # known to the type checker alone
    from obstore import ObjectMeta
    from obstore.store import S3Config

PART_BYTES = 8 * 1024 * 1024
"""Larger files go in parts of this size, several at once: a part that is lost is sent again alone."""
PARTS_AT_ONCE = 3
UNVERSIONED = {None, "null"}
CONNECT_TIMEOUT, TIMEOUT = timedelta(seconds=5), timedelta(seconds=60)
RETRIES, RETRY_FOR = 3, timedelta(seconds=20)
"""A page must not hang for minutes on a store that is away."""


class StoreAwayError(DomainError):
    """The object store cannot be reached, or refuses our key."""

    kind = Kind.UNAVAILABLE
    code = "store_away"
    message = "文件存储暂时不可用,请稍后再试。"


class ObjectStorage:
    """Files in a bucket; a write is complete, or not there."""

    def __init__(self, store: S3Store) -> None:
        self._store = store

    async def put(self, key: str, data: bytes) -> None:
        with _named(key):
            await obstore.put_async(
                self._store,
                key,
                data,
                use_multipart=len(data) > PART_BYTES,
                chunk_size=PART_BYTES,
                max_concurrency=PARTS_AT_ONCE,
            )

    async def get(self, key: str) -> bytes:
        with _named(key):
            found = await obstore.get_async(self._store, key)
            return bytes(await found.bytes_async())

    async def get_piece(self, key: str, first: int, last: int | None = None) -> Piece:
        with _named(key):
            size = (await obstore.head_async(self._store, key))["size"]
            end = size if last is None else min(last + 1, size)
            if first >= end:
                return Piece(b"", size)
            return Piece(bytes(await obstore.get_range_async(self._store, key, start=first, end=end)), size)

    async def delete(self, key: str) -> None:
        found = await self._head(key)
        if found is None:
            return
        with _named(key):
            await obstore.delete_async(self._store, key)
        # a bucket that keeps versions hides the file and has it still
        if found.get("version") not in UNVERSIONED or await self._head(key) is not None:
            raise DeletionUnprovenError(key=key)

    async def _head(self, key: str) -> "ObjectMeta | None":
        try:
            with _named(key):
                return await obstore.head_async(self._store, key)
        except NotFoundError:
            return None


@contextmanager
def _named(key: str) -> Iterator[None]:
    """Turn the store's errors into ours."""
    try:
        yield
    except (MissingError, FileNotFoundError) as error:
        raise NotFoundError(key=key) from error
    except BaseError as error:
        raise StoreAwayError(key=key) from error


def open_object_storage(settings: Settings) -> ObjectStorage:
    """Return the storage that the settings name; no connection is made yet. Raises SettingsError."""
    place = urlsplit(settings.storage_url)
    try:
        secret = settings.storage_secret_file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(reason="ANKAO_STORAGE_SECRET_FILE: the file cannot be read") from error
    endpoint: S3Config = {"endpoint": settings.storage_endpoint} if settings.storage_endpoint else {}
    store = S3Store(
        place.netloc,
        prefix=place.path.strip("/") or None,
        region=settings.storage_region,
        access_key_id=settings.storage_key_id,
        secret_access_key=secret,
        virtual_hosted_style_request=settings.storage_addressing == "host",
        client_options={
            "allow_http": settings.storage_endpoint.startswith("http://"),
            "connect_timeout": CONNECT_TIMEOUT,
            "timeout": TIMEOUT,
        },
        retry_config={"max_retries": RETRIES, "retry_timeout": RETRY_FOR},
        config=endpoint,
    )
    return ObjectStorage(store)
