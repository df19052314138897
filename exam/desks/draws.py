"""抽题核验: what strangers may know of a draw, read from the log's own leaves with the public role (DESIGN.md §6.12)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.folding import LeafEntry, read_leaf
from exam.core.audit.merkle import ProofError
from exam.core.audit.proving import EntryProof, instant, prove_leaf
from exam.core.audit.publication import LogPublication
from exam.core.errors import NotFoundError
from questionbank.api import DrawRecord, read_record

_SITTINGS = text("select * from desks_public_sittings(:until, :below, :most)")
_DRAW = text("select * from desks_public_draw(:sitting)")


class DrawnSitting(msgspec.Struct, frozen=True, kw_only=True):
    """A sitting whose forms were made; `state` as exam.sitting has it."""

    sitting_id: UUID
    title: str
    qualification: str
    centre_name: str
    starts_at: datetime
    state: str


class InLog(msgspec.Struct, frozen=True, kw_only=True):
    """Where one entry about a draw stands in the public log.

    `index` is None before the signer has taken it, `published_at` before a signed head covers it; `seen` is when each
    witness signed the first such head that satisfied the policy. `holds` is None while there is nothing to check.
    """

    index: int | None
    published_at: datetime | None
    seen: dict[str, datetime]
    holds: bool | None


class PublicDraw(msgspec.Struct, frozen=True, kw_only=True):
    """One draw for strangers; `log` by the id of the entry, `late` where the first commitment came after the start."""

    sitting: DrawnSitting
    record: DrawRecord
    log: dict[UUID, InLog]
    late: bool

    @property
    def published(self) -> bool:
        """Whether a signed head covers every entry."""
        return all(each.published_at for each in self.log.values())

    @property
    def sound(self) -> bool:
        """Whether nothing in the log speaks against the draw."""
        return not (self.late or self.record.faults or any(each.holds is False for each in self.log.values()))


async def list_drawn(session: AsyncSession, *, until: datetime, below: UUID, most: int) -> list[DrawnSitting]:
    """Return sittings whose forms were made, the latest first, before a start and, at the same start, below an id."""
    rows = await session.execute(_SITTINGS, {"until": until, "below": below, "most": most})
    return [DrawnSitting(**row) for row in rows.mappings()]


async def get_draw(session: AsyncSession, log: LogPublication, sitting_id: UUID) -> PublicDraw:
    """Return what the log says of a sitting's draw; raises NotFoundError where no forms were made."""
    rows = await _rows(session, sitting_id)
    entries = [_entry(row) for row in rows]
    record = read_record(sitting_id, entries)
    if record is None:
        raise NotFoundError(sitting_id=str(sitting_id))
    return PublicDraw(
        sitting=_sitting(sitting_id, rows[0]),
        record=record,
        log={entry.id: await _in_log(log, row) for entry, row in zip(entries, rows, strict=True)},
        late=record.rounds[0].at >= rows[0].starts_at,
    )


async def find_draw_proof(
    session: AsyncSession, log: LogPublication, sitting_id: UUID, entry_id: UUID
) -> EntryProof | None:
    """Return the proof of one entry about a draw, None where there is none yet; raises as `prove_leaf`."""
    for row in await _rows(session, sitting_id):
        if row.place is not None and _entry(row).id == entry_id:
            return await prove_leaf(log, row.place, row.leaf)
    return None


async def _rows(session: AsyncSession, sitting_id: UUID) -> Sequence[Row[Any]]:
    return (await session.execute(_DRAW, {"sitting": sitting_id})).all()


def _entry(row: Row[Any]) -> LeafEntry:
    return read_leaf(-1 if row.place is None else row.place, row.leaf)


def _sitting(sitting_id: UUID, row: Row[Any]) -> DrawnSitting:
    own = {name: getattr(row, name) for name in DrawnSitting.__struct_fields__ if name != "sitting_id"}
    return DrawnSitting(sitting_id=sitting_id, **own)


async def _in_log(log: LogPublication, row: Row[Any]) -> InLog:
    seen: Mapping[str, int] = row.cosigned or {}
    return InLog(
        index=row.place,
        published_at=row.published_at,
        seen={name: instant(second) for name, second in seen.items()},
        holds=await _holds(log, row),
    )


async def _holds(log: LogPublication, row: Row[Any]) -> bool | None:
    if row.place is None:
        return None
    try:
        return True if (await prove_leaf(log, row.place, row.leaf)).proof else None
    except (ProofError, NotFoundError):
        return False
