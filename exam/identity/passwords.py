"""Password hashing: argon2id with the OWASP parameters, in few threads, so that log-ins never starve answers."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from exam.identity.errors import BusyError, WeakPasswordError

# OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane (about 20 ms of one core)
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
T = TypeVar("T")
MIN_LENGTH = 10
MAX_LENGTH = 128
MAX_WAITING = 64


class PasswordPool:
    """Hashes in at most `threads` threads and refuses when too many wait."""

    def __init__(self, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._waiting = 0
        self._nobody = _HASHER.hash("nobody")

    async def hash(self, password: str) -> str:
        return await self._run(_HASHER.hash, password)

    async def verify(self, stored: str | None, password: str) -> bool:
        """Compare; an unknown account costs the same time as a known one."""
        matches = await self._run(_verify, stored or self._nobody, password[:MAX_LENGTH])
        return matches and stored is not None

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[..., T], *args: str) -> T:
        if self._waiting >= MAX_WAITING:
            raise BusyError
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work, *args)
        finally:
            self._waiting -= 1


def _verify(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def require_strong(password: str, *personal: str) -> None:
    """Refuse a short password, and one that contains the login or the tail of an ID number."""
    lowered = password.lower()
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH or any(word and word.lower() in lowered for word in personal):
        raise WeakPasswordError
