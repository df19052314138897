"""Attempts in progress, made directly, for tests of the answer path alone."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

import exam.identity.models  # noqa: F401  # the attempt's foreign key names its table
from exam.core.clock import Clock
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.ids import new_id
from exam.core.runtime import Runtime
from exam.delivery.lease import Lease, mint
from exam.delivery.models import Attempt

THUMBPRINT = "test-terminal"
_PERSON = text(
    "insert into identity_person (id, name, id_sealed, id_index, id_masked, birth_on, sex, region, created_at)"
    " values (:id, '测试', '', :index, '', '1990-01-01', 'male', '33/3301/330106', now())",
)


async def make_attempt(session: AsyncSession, clock: Clock, *, slots: int, duration_s: int = 7200) -> UUID:
    """Store an attempt that is in progress over `slots` four-option choice slots; the session is the administrator's."""
    person = new_id()
    await session.execute(_PERSON, {"id": person, "index": person.bytes})
    now = clock.now()
    attempt = Attempt(
        registration_id=new_id(),
        sitting_id=new_id(),
        room_id=new_id(),
        seat="A-01",
        person_id=person,
        region="33/3301/330106",
        rule_set="test",
        state="in_progress",
        epoch=1,
        terminal_thumbprint=THUMBPRINT,
        shape="c4" * slots,
        duration_s=duration_s,
        grace_s=60,
        extension_ms=0,
        display={},
        starts_at=now,
        starts_until=now + timedelta(hours=1),
        checked_in_at=now,
        started_at=now,
        deadline_at=now + timedelta(seconds=duration_s),
    )
    session.add(attempt)
    await session.flush()
    return attempt.id


async def attempts_in_progress(runtime: Runtime, count: int, *, slots: int = 100, duration_s: int = 7200) -> list[UUID]:
    """Store attempts as the owner of the tables, for people here have no registration that would show them."""
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        return [await make_attempt(session, runtime.clock, slots=slots, duration_s=duration_s) for _ in range(count)]


def lease_of(runtime: Runtime, attempt_id: UUID, *, epoch: int = 1) -> str:
    """Mint the lease of an attempt's terminal."""
    return mint(Lease(attempt_id, epoch, THUMBPRINT), runtime.secrets.lease)
