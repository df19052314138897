"""Attempts in progress for load: stored directly, because check-in is not what is measured."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.app import compose_runtime
from exam.core.config import Settings
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.ids import new_id
from exam.delivery.api import Lease, mint

THUMBPRINT = "bench-terminal"
REGION = "33/3301/330106"
SLOTS = 100
_PERSON = text(
    "insert into identity_person (id, name, id_sealed, id_index, id_masked, birth_on, sex, region, created_at)"
    " values (:id, '测试', '', :index, '', '1990-01-01', 'male', :region, now())",
)
_COLUMNS = (
    *("id", "registration_id", "sitting_id", "room_id", "seat", "person_id", "region", "rule_set", "state", "epoch"),
    *("terminal_thumbprint", "shape", "duration_s", "grace_s", "extension_ms", "display", "starts_at", "starts_until"),
    *("checked_in_at", "started_at", "deadline_at"),
)
_ATTEMPT = text(
    f"insert into delivery_attempt ({', '.join(_COLUMNS)}) values ({', '.join(f':{name}' for name in _COLUMNS)})"
)


class Seated(msgspec.Struct, frozen=True):
    """One candidate ready to answer."""

    attempt: UUID
    lease: str


async def seat_candidates(settings: Settings, count: int) -> list[Seated]:
    """Store `count` attempts in progress over 100 choice slots and return them with their leases."""
    runtime = compose_runtime(settings)
    try:
        async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
            now = runtime.clock.now()
            rows = [attempt_row(await add_person(session), now) for _ in range(count)]
            await session.execute(_ATTEMPT, rows)
        return [Seated(row["id"], mint(Lease(row["id"], 1, THUMBPRINT), runtime.secrets.lease)) for row in rows]
    finally:
        await runtime.close()


async def add_person(session: AsyncSession) -> UUID:
    """Store a person; the session is the owner's."""
    person = new_id()
    await session.execute(_PERSON, {"id": person, "index": person.bytes, "region": REGION})
    return person


def attempt_row(person: UUID, now: datetime) -> dict[str, Any]:
    """Return the columns of an attempt that has just been started."""
    return {
        "id": new_id(),
        "registration_id": new_id(),
        "sitting_id": new_id(),
        "room_id": new_id(),
        "seat": "A-01",
        "person_id": person,
        "region": REGION,
        "rule_set": "bench",
        "state": "in_progress",
        "epoch": 1,
        "terminal_thumbprint": THUMBPRINT,
        "shape": "c4" * SLOTS,
        "duration_s": 7200,
        "grace_s": 60,
        "extension_ms": 0,
        "display": "{}",
        "starts_at": now,
        "starts_until": now + timedelta(hours=1),
        "checked_in_at": now,
        "started_at": now,
        "deadline_at": now + timedelta(hours=2),
    }
