"""Attempts in progress, made directly, for tests of the answer path alone."""

from uuid import UUID

from exam.cli.bench.seating import THUMBPRINT, store_attempts
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.runtime import Runtime
from exam.delivery.lease import Lease, mint


async def attempts_in_progress(runtime: Runtime, count: int, *, slots: int = 100, duration_s: int = 7200) -> list[UUID]:
    """Store attempts over four-option choice slots; people here have no scope that would show them."""
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        return await store_attempts(session, runtime.clock.now(), count, slots=slots, duration_s=duration_s)


def lease_of(runtime: Runtime, attempt_id: UUID, *, epoch: int = 1) -> str:
    """Mint the lease of an attempt's terminal."""
    return mint(Lease(attempt_id, epoch, THUMBPRINT), runtime.secrets.lease)
