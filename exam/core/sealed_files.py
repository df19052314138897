"""Files that name people or hold questions: sealed while they are kept, and gone when nobody needs them any more."""

from typing import Final

from exam.core.runtime import Runtime

DROP_FILE: Final = "core.drop_file"
"""The job that deletes a file; its argument is the file's key."""


async def put_sealed(runtime: Runtime, key: str, data: bytes) -> None:
    """Keep a file; its key is authenticated, so that it opens at no other place."""
    await runtime.storage.put(key, runtime.sealer.seal_bytes(data, key))


async def get_sealed(runtime: Runtime, key: str) -> bytes:
    """Return a file; raises NotFoundError, SealError and GenerationUnknownError."""
    return runtime.sealer.open_bytes(await runtime.storage.get(key), key)


async def drop_file(runtime: Runtime, *, key: str) -> None:
    """Delete a file; one that is gone already is none to worry about."""
    await runtime.storage.delete(key)
