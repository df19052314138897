"""Batches for a demo province: a lower node that carries files, one batch accepted, one returned and corrected, one on its way up."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.db.scope import Scope
from exam.core.ids import new_id
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.records.exchange.contract import SCHEMA_VERSION, Message, to_json
from exam.records.exchange.models import Neighbour
from exam.records.exchange.neighbours import admit, register
from exam.records.exchange.state import Carriage
from exam.records.nodes.accepting import accept, keep_accepted, tell_rows_on
from exam.records.nodes.arrivals import give_back, take
from exam.records.nodes.batches import Content, make_batch
from exam.records.nodes.identity import confirm_identity, create_keys, own_keys, propose_identity
from exam.records.nodes.sealing import Header, NodeKeys, new_keys, seal

KIND: Final = "credential.changed"
HOLDERS: Final = (("陈*", "special.1.2"), ("林**", "special.1.1"), ("周*", "officer.general"), ("吴**", "special.1.2"))


class NodeStaff(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts: two administrators and a regulator of the whole, and the region of the lower node."""

    operator: Principal
    approver: Principal
    regulator: Principal
    root_region: str
    lower_region: str


async def seed_batches(runtime: Runtime, staff: NodeStaff) -> None:
    """Bring batches into every state that the pages show, by the verbs of everybody."""
    lower, first, second, third = new_keys(), new_id(), new_id(), new_id()
    async with _root(runtime, staff) as session:
        await create_keys(session, staff.operator, runtime)
    async with _root(runtime, staff) as session:
        sender = await _neighbour(session, runtime, staff, "宁波市节点(演示)", staff.lower_region, lower)
        upper = await _neighbour(
            session, runtime, staff, "上级汇聚节点(演示)", staff.root_region, new_keys(), kinds=(KIND,)
        )
        await _bring(session, runtime, sender, lower, first, 1, _rows(runtime, staff, HOLDERS[:3]))
        await accept(session, runtime, staff.regulator, first)
    await keep_accepted(runtime, arrival_id=str(first))
    await tell_rows_on(runtime, arrival_id=str(first))
    async with _root(runtime, staff) as session:
        rows = _rows(runtime, staff, HOLDERS[3:])
        await _bring(session, runtime, sender, lower, second, 2, rows)
        said = {1: "有效期截止日与发证台账不一致"}
        await give_back(session, runtime, staff.regulator, second, reason="请核对第 1 行的有效期后重报。", rows=said)
        corrected = _rows(runtime, staff, HOLDERS[3:], years=6)
        await _bring(session, runtime, sender, lower, third, 3, corrected, note="有效期已更正。", supersedes=second)
        await make_batch(session, runtime, staff.regulator, upper, note="本周下级上报的证书变动。")


async def _neighbour(
    session: AsyncSession,
    runtime: Runtime,
    staff: NodeStaff,
    name: str,
    region: str,
    keys: NodeKeys,
    *,
    kinds: tuple[str, ...] = (),
) -> UUID:
    """Register a node that carries files and confirm its card; one that is told nothing is a lower one."""
    found, _ = await register(
        session,
        staff.operator,
        runtime,
        name=name,
        region=region,
        address="",
        form="json",
        kinds=kinds,
        sends=not kinds,
        carriage=Carriage.BATCH if kinds else Carriage.MESSAGE,
    )
    await admit(session, staff.approver, found, at=runtime.clock.now())
    await propose_identity(session, staff.operator, runtime, found, card=keys.card.text, certificate="")
    await confirm_identity(session, staff.approver, runtime, found)
    return found


async def _bring(
    session: AsyncSession,
    runtime: Runtime,
    sender: UUID,
    keys: NodeKeys,
    batch: UUID,
    number: int,
    rows: list[str],
    *,
    note: str = "",
    supersedes: UUID | None = None,
) -> None:
    """Carry a batch of the lower node here as a file."""
    header = Header(
        type="batch",
        id=batch,
        number=number,
        sender="",
        recipient="",
        made_at=runtime.clock.now(),
        rows=len(rows),
        supersedes=supersedes,
    )
    data = seal(msgspec.json.encode(Content(note, rows)), header, keys, (await own_keys(runtime)).card)
    neighbour = await session.get_one(Neighbour, sender, with_for_update=True)
    await take(session, runtime, neighbour, data, way="file")


def _rows(runtime: Runtime, staff: NodeStaff, holders: tuple[tuple[str, str], ...], *, years: int = 3) -> list[str]:
    return [to_json(_message(runtime, staff, name, qualification, years=years)) for name, qualification in holders]


def _message(runtime: Runtime, staff: NodeStaff, name: str, qualification: str, *, years: int) -> Message:
    now, credential = runtime.clock.now(), new_id()
    today = local_date(now)
    data: dict[str, Any] = {
        "credential_id": str(credential),
        "act": "issued",
        "status": "issued",
        "version": 1,
        "person_id": str(new_id()),
        "name_masked": name,
        "number_masked": "3302**********0000",
        "certificate_masked": "T3302**********0000",
        "qualification": qualification,
        "issued_on": today.isoformat(),
        "valid_from_on": today.isoformat(),
        "valid_until_on": (today + timedelta(days=365 * years)).isoformat(),
        "issuer": "宁波市应急管理局(演示)",
    }
    return Message(
        id=new_id(),
        kind=KIND,
        schema_version=SCHEMA_VERSION,
        source="demo",
        region=staff.lower_region,
        subject=f"credential:{credential}",
        sequence=1,
        idempotency_key=str(new_id()),
        occurred_at=now,
        made_at=now,
        data=data,
    )


def _root(runtime: Runtime, staff: NodeStaff) -> Any:
    return runtime.databases.transaction(Scope(region=staff.root_region))
