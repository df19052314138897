"""Where a person stands with the hours of each training: done, required, by whom it was measured."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.training.kinds import Requirement, required_hours
from exam.training.ledger.entries import HoursEntry, ShownEntry, list_hours
from exam.training.ledger.evidence import Origin
from exam.training.ledger.models import LedgerEntry
from exam.training.ledger.nodes import Coverage, NodeStanding, counting_on, coverage_of
from exam.training.ledger.rules import hundredths
from exam.training.programmes.service import find_programme


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One training of a person; hours in hundredths, `by_origin` keyed by how they were measured.

    `done` is what counts towards the programme in force, whose nodes are `nodes`.
    """

    qualification: str
    kind: str
    required: Requirement
    done: int
    by_origin: Mapping[str, int]
    nodes: tuple[NodeStanding, ...] = ()

    @property
    def beyond(self) -> int:
        """Hundredths beyond what single nodes ask for, which do not count."""
        return max(sum(self.by_origin.values()) - self.done, 0)

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

    entry: ShownEntry
    qualification: str
    source: str


async def list_standings(session: AsyncSession, person_id: UUID, *, on: date) -> list[Standing]:
    """Return every training that a person has hours of, over all regions."""
    known = await session.execute(text("select training_qualifications_of(:person)"), {"person": person_id})
    standings: list[Standing] = []
    for (qualification,) in known:
        entries = counting_on(await list_hours(session, person_id, qualification), on)
        for kind in dict.fromkeys(entry.kind for entry in entries):
            programme = await find_programme(session, qualification, kind)
            covered = coverage_of(entries, kind, programme.nodes if programme else ())
            standings.append(_standing(qualification, kind, entries, covered, on=on))
    return standings


def _standing(qualification: str, kind: str, entries: Iterable[HoursEntry], covered: Coverage, *, on: date) -> Standing:
    sums: defaultdict[str, int] = defaultdict(int)
    for entry in entries:
        if entry.kind == kind:
            sums[entry.origin.value] += entry.seconds
    return Standing(
        qualification=qualification,
        kind=kind,
        required=required_hours(qualification, kind, on),
        done=covered.hours,
        by_origin={origin: hundredths(seconds) for origin, seconds in sums.items()},
        nodes=covered.nodes,
    )


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
            entry=ShownEntry(
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
