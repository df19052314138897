"""Where a person stands with the hours of each training: done, required, by whom it was measured."""

from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.training.kinds import Requirement, required_hours
from exam.training.ledger.entries import HoursEntry, list_hours
from exam.training.ledger.evidence import Origin
from exam.training.ledger.models import LedgerEntry
from exam.training.ledger.rules import hundredths


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One training of a person; hours in hundredths, `by_origin` keyed by how they were measured."""

    qualification: str
    kind: str
    required: Requirement
    done: int
    by_origin: Mapping[str, int]

    @property
    def missing(self) -> int:
        """Hundredths still to be studied; 0 where the rules are silent."""
        return max((self.required.hours or 0) * 100 - self.done, 0)

    @property
    def percent(self) -> int:
        """What of the requirement is done, at most 100; 0 where there is none."""
        return min(self.done // self.required.hours, 100) if self.required.hours else 0


class EntryLine(msgspec.Struct, frozen=True, kw_only=True):
    """One visible entry of the ledger for a page."""

    entry: HoursEntry
    qualification: str
    source: str


async def list_standings(session: AsyncSession, person_id: UUID, *, on: date) -> list[Standing]:
    """Return every training that a person has hours of, over all regions."""
    known = await session.execute(text("select training_qualifications_of(:person)"), {"person": person_id})
    standings: list[Standing] = []
    for (qualification,) in known:
        entries = await list_hours(session, person_id, qualification)
        standings += standings_of(qualification, entries, on=on)
    return standings


def standings_of(qualification: str, entries: Iterable[HoursEntry], *, on: date) -> list[Standing]:
    """Return the trainings of one qualification; pure but for the rules."""
    entries = list(entries)
    return [
        Standing(
            qualification=qualification,
            kind=kind,
            required=required_hours(qualification, kind, on),
            done=hundredths(sum(entry.seconds for entry in entries if entry.kind == kind)),
            by_origin={
                origin.value: hundredths(sum(e.seconds for e in entries if e.kind == kind and e.origin is origin))
                for origin in Origin
            },
        )
        for kind in dict.fromkeys(entry.kind for entry in entries)
    ]


async def list_entry_lines(session: AsyncSession, person_id: UUID, *, limit: int, offset: int = 0) -> list[EntryLine]:
    """Return the entries that the scope shows of a person, newest first."""
    query = (
        select(LedgerEntry)
        .where(LedgerEntry.person_id == person_id)
        .order_by(LedgerEntry.recorded_at.desc(), LedgerEntry.id.desc())
    )
    rows = await session.scalars(query.limit(limit).offset(offset))
    return [
        EntryLine(
            entry=HoursEntry(
                kind=row.kind,
                origin=Origin(row.origin),
                node=row.node,
                part=row.part,
                seconds=row.seconds,
                recorded_at=row.recorded_at,
            ),
            qualification=row.qualification,
            source=row.source,
        )
        for row in rows
    ]
