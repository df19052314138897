"""Writing down how the items of a sitting did, and raising suspicion where an item became too easy."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.ids import new_id
from exam.core.principal import SYSTEM
from questionbank.items.models import ItemRow
from questionbank.statistics.figures import Sums
from questionbank.statistics.leaking import WINDOW_DAYS, Jump, find_jump
from questionbank.statistics.models import ItemStatistic, ItemSuspicion, SittingStatistic

CHUNK = 500


class ScoredSitting(msgspec.Struct, frozen=True, kw_only=True):
    """Where and when items were asked, and how many candidates began."""

    sitting_id: UUID
    qualification: str
    region: str
    centre_id: UUID
    centre_name: str
    title: str
    held_on: date
    candidates: int


async def record_item_statistics(
    session: AsyncSession, sitting: ScoredSitting, items: Mapping[tuple[UUID, str], Sums], *, at: datetime
) -> int:
    """Write down how the items of a scored sitting did, by item and version, in place of what was written before.

    The session is the bank's. Returns how many suspicions were raised; a second call with the same sums raises none.
    """
    facts = {**msgspec.structs.asdict(sitting), "recorded_at": at}
    await session.execute(
        insert(SittingStatistic).values(facts).on_conflict_do_update(index_elements=["sitting_id"], set_=facts)
    )
    rows = [
        {"sitting_id": sitting.sitting_id, "item_id": item, "version": version, "region": sitting.region}
        | msgspec.structs.asdict(sums)
        for (item, version), sums in sorted(items.items())
    ]
    for start in range(0, len(rows), CHUNK):
        statement = insert(ItemStatistic).values(rows[start : start + CHUNK])
        changed = {name: getattr(statement.excluded, name) for name in Sums.__struct_fields__}
        keys = ["sitting_id", "item_id", "version"]
        await session.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))
    return await _raise_suspicions(session, sitting, list(items), at=at)


class _Told(msgspec.Struct, frozen=True):
    """The sums of one version in one sitting."""

    held_on: date
    centre_id: UUID
    sums: Sums


async def _raise_suspicions(
    session: AsyncSession, sitting: ScoredSitting, versions: Sequence[tuple[UUID, str]], *, at: datetime
) -> int:
    told = await _told(session, {item for item, _ in versions}, until=sitting.held_on)
    known = await _known(session, {item for item, _ in versions}, since=at - timedelta(days=WINDOW_DAYS))
    found: list[dict[str, Any]] = []
    for item, version in sorted(versions):
        for centre, jump in _jumps(told.get((item, version), []), sitting):
            if (item, version, centre) not in known:
                found.append(_suspicion(sitting, item, version, centre, jump, at))
    if found:
        await _mark_regions(session, found)
        await session.execute(insert(ItemSuspicion).values(found).on_conflict_do_nothing())
    for each in found:
        facts = {name: each[name] for name in Jump.__struct_fields__} | {"centre": each["centre_name"]}
        await record(
            session, SYSTEM, "item.suspected", ("item", each["item_id"]), at=at, region=each["region"], facts=facts
        )
    return len(found)


async def _told(session: AsyncSession, items: set[UUID], *, until: date) -> dict[tuple[UUID, str], list[_Told]]:
    query = (
        select(ItemStatistic, SittingStatistic.held_on, SittingStatistic.centre_id)
        .join(SittingStatistic, SittingStatistic.sitting_id == ItemStatistic.sitting_id)
        .where(ItemStatistic.item_id.in_(items), SittingStatistic.held_on <= until)
        .execution_options(populate_existing=True)
    )
    told: dict[tuple[UUID, str], list[_Told]] = defaultdict(list)
    for row, held_on, centre in await session.execute(query):
        told[row.item_id, row.version].append(_Told(held_on, centre, sums_of(row)))
    return told


def sums_of(row: ItemStatistic) -> Sums:
    """Return the sums of one stored row."""
    return Sums(**{name: getattr(row, name) for name in Sums.__struct_fields__})


def _jumps(told: Sequence[_Told], sitting: ScoredSitting) -> list[tuple[UUID | None, Jump]]:
    """Return the jump at the sitting's centre against everything else, or else the one everywhere against before."""
    since = sitting.held_on - timedelta(days=WINDOW_DAYS)
    recent = [each.held_on > since for each in told]
    here = [each.centre_id == sitting.centre_id for each in told]
    for centre, now in (
        (sitting.centre_id, [a and b for a, b in zip(recent, here, strict=True)]),
        (None, recent),
    ):
        jump = find_jump(
            Sums.total(each.sums for each, is_now in zip(told, now, strict=True) if not is_now),
            Sums.total(each.sums for each, is_now in zip(told, now, strict=True) if is_now),
        )
        if jump:
            return [(centre, jump)]
    return []


async def _known(session: AsyncSession, items: set[UUID], *, since: datetime) -> set[tuple[UUID, str, UUID | None]]:
    """Return what is under suspicion already, or was until lately."""
    query = select(ItemSuspicion.item_id, ItemSuspicion.version, ItemSuspicion.centre_id).where(
        ItemSuspicion.item_id.in_(items), (ItemSuspicion.state == "open") | (ItemSuspicion.found_at > since)
    )
    return {(item, version, centre) for item, version, centre in await session.execute(query)}


def _suspicion(
    sitting: ScoredSitting, item: UUID, version: str, centre: UUID | None, jump: Jump, at: datetime
) -> dict[str, Any]:
    return msgspec.structs.asdict(jump) | {
        "id": new_id(),
        "item_id": item,
        "version": version,
        "region": sitting.region,
        "sitting_id": sitting.sitting_id,
        "centre_id": centre,
        "centre_name": sitting.centre_name if centre else "",
        "found_at": at,
        "state": "open",
        "decided_by_name": "",
        "reason": "",
    }


async def _mark_regions(session: AsyncSession, found: Sequence[dict[str, Any]]) -> None:
    """Give what was found everywhere to the bank's own region: no county sees the others' figures."""
    items = [each["item_id"] for each in found if each["centre_id"] is None]
    rows = await session.execute(select(ItemRow.id, ItemRow.region).where(ItemRow.id.in_(items)))
    regions = {item: region for item, region in rows}  # noqa: C416  # rows are no pairs to the type checker
    for each in found:
        if each["centre_id"] is None:
            each["region"] = regions[each["item_id"]]
