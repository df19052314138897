"""Attempts in progress for load: stored directly, because check-in is not what is measured."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from exam.app import compose_runtime
from exam.core.config import Settings
from exam.core.db.base import Base
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.ids import new_id
from exam.delivery.api import Lease, mint

THUMBPRINT = "bench-terminal"
REGION = "33/3301/330106"
SLOTS = 100
DURATION_S = 7200
SEATS = 500
"""The most that one room may have."""


class Seated(msgspec.Struct, frozen=True):
    """One candidate ready to answer."""

    attempt: UUID
    lease: str


async def seat_candidates(settings: Settings, count: int) -> list[Seated]:
    """Store `count` attempts in progress over 100 choice slots and return them with their leases."""
    runtime = compose_runtime(settings)
    try:
        async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
            attempts = await store_attempts(session, runtime.clock.now(), count)
        return [Seated(each, mint(Lease(each, 1, THUMBPRINT), runtime.secrets.lease)) for each in attempts]
    finally:
        await runtime.close()


async def store_attempts(
    session: AsyncSession, now: datetime, count: int, *, slots: int = SLOTS, duration_s: int = DURATION_S
) -> list[UUID]:
    """Store people, a sitting with their registrations, and their attempts, just started; the session is the owner's."""
    people = [person_row(now) for _ in range(count)]
    sitting = await _store_sitting(session, now)
    rooms = [_room(sitting, position) for position in range(-(-count // SEATS))]
    registrations = [
        _registration(sitting, rooms[number // SEATS]["id"], number % SEATS + 1, person["id"], now)
        for number, person in enumerate(people)
    ]
    attempts = [_attempt(each, slots, duration_s, now) for each in registrations]
    await _store(session, "identity_person", people)
    await _store(session, "sitting_room", rooms)
    await _store(session, "sitting_registration", registrations)
    await _store(session, "delivery_attempt", attempts)
    return [each["id"] for each in attempts]


async def _store(session: AsyncSession, table: str, rows: Sequence[dict[str, Any]]) -> None:
    await session.execute(insert(Base.metadata.tables[table]), rows)


async def _store_sitting(session: AsyncSession, now: datetime) -> UUID:
    common = {"region": REGION, "created_at": now}
    centre, plan, sitting = new_id(), new_id(), new_id()
    await _store(session, "identity_organisation", [{"id": centre, "kind": "centre", "name": "测试考点", **common}])
    await _store(session, "sitting_plan", [{"id": plan, "title": "测试计划", **common}])
    row = {
        "id": sitting,
        "plan_id": plan,
        "title": "测试场次",
        "qualification": "special.1.2",
        "centre_id": centre,
        "centre_name": "测试考点",
        "address": "",
        "starts_at": now,
        "ends_at": now + timedelta(hours=1),
        "duration_s": DURATION_S,
        "state": "open",
        "rule_set": "bench",
        "forms_ready": True,
        "forms_keyed": 0,
        "forms_standby": 0,
        **common,
    }
    await _store(session, "sitting_sitting", [row])
    return sitting


def person_row(now: datetime) -> dict[str, Any]:
    """Return the row of a person who is nobody."""
    person = new_id()
    return {
        "id": person,
        "name": "测试",
        "id_sealed": b"",
        "id_index": person.bytes,
        "id_masked": "",
        "birth_on": now.date(),
        "sex": "male",
        "region": REGION,
        "created_at": now,
    }


def _room(sitting: UUID, position: int) -> dict[str, Any]:
    name = f"{position + 1} 号机房"
    return {
        "id": new_id(),
        "sitting_id": sitting,
        "region": REGION,
        "name": name,
        "position": position,
        "seats": SEATS,
    }


def _registration(sitting: UUID, room: UUID, seat_no: int, person: UUID, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "sitting_id": sitting,
        "person_id": person,
        "qualification": "special.1.2",
        "region": REGION,
        "room_id": room,
        "seat_no": seat_no,
        "seat": f"A-{seat_no:02}",
        "state": "accepted",
        "kind": "first",
        "rule_set": "bench",
        "reasons": [],
        "registered_at": now,
    }


def _attempt(registration: dict[str, Any], slots: int, duration_s: int, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "registration_id": registration["id"],
        **{name: registration[name] for name in ("sitting_id", "room_id", "seat", "person_id", "region", "rule_set")},
        "state": "in_progress",
        "epoch": 1,
        "terminal_thumbprint": THUMBPRINT,
        "shape": "c4" * slots,
        "duration_s": duration_s,
        "grace_s": 60,
        "extension_ms": 0,
        "display": {},
        "starts_at": now,
        "starts_until": now + timedelta(hours=1),
        "checked_in_at": now,
        "started_at": now,
        "deadline_at": now + timedelta(seconds=duration_s),
    }
