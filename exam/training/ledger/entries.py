"""Reading the ledger over all regions, and writing the change when evidence adds up to something else than it says."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

import msgspec
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.principal import Principal
from exam.training.ledger.evidence import Evidence, LedgerKey, Origin, order_of
from exam.training.ledger.models import LedgerEntry
from exam.training.ledger.rules import hundredths, rules_on


class ShownEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry as pages see it."""

    kind: str
    origin: Origin
    node: str
    part: str
    seconds: int
    recorded_at: datetime

    @property
    def hours(self) -> int:
        """Hundredths of an hour of study."""
        return hundredths(self.seconds)


class HoursEntry(ShownEntry, frozen=True, kw_only=True):
    """One entry as eligibility sees it; `begun_on` is the first day of its class, None for what was attested."""

    begun_on: date | None


_ENTRIES = text(
    "select kind, origin, node, part, seconds, recorded_at, begun_on from training_hours_of(:person, :qualification)"
)


async def list_hours(session: AsyncSession, person_id: UUID, qualification: str) -> list[HoursEntry]:
    """Return the entries of a person for a qualification over all regions, oldest first."""
    rows = await session.execute(_ENTRIES, {"person": person_id, "qualification": qualification})
    return [
        HoursEntry(
            kind=kind,
            origin=Origin(origin),
            node=node,
            part=part,
            seconds=seconds,
            recorded_at=recorded_at,
            begun_on=begun_on,
        )
        for kind, origin, node, part, seconds, recorded_at, begun_on in rows
    ]


async def hours_of(session: AsyncSession, person_id: UUID, qualification: str) -> int:
    """Return the sum in hundredths of an hour over all regions and kinds."""
    return hundredths(sum(entry.seconds for entry in await list_hours(session, person_id, qualification)))


def trained_at(entries: Iterable[HoursEntry]) -> list[datetime]:
    """Return when a whole training was attested; study that is measured bit by bit completes none by itself."""
    return [entry.recorded_at for entry in entries if entry.origin is Origin.ATTESTED and entry.seconds > 0]


async def kept_totals(session: AsyncSession, person_id: UUID) -> dict[LedgerKey, int]:
    """Return what the scope's entries of a person add up to, in seconds by key."""
    parts = (
        LedgerEntry.qualification,
        LedgerEntry.kind,
        LedgerEntry.enrolment_id,
        LedgerEntry.node,
        LedgerEntry.part,
        LedgerEntry.origin,
    )
    query = select(*parts, func.sum(LedgerEntry.seconds)).where(LedgerEntry.person_id == person_id).group_by(*parts)
    sums = {
        LedgerKey(qualification, kind, enrolment, node, part, Origin(origin)): int(seconds)
        for qualification, kind, enrolment, node, part, origin, seconds in await session.execute(query)
    }
    return {key: seconds for key, seconds in sums.items() if seconds}


async def hours_by_enrolment(session: AsyncSession, enrolment_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return what has been measured in some enrolments, in hundredths of an hour."""
    query = (
        select(LedgerEntry.enrolment_id, func.sum(LedgerEntry.seconds))
        .where(LedgerEntry.enrolment_id.in_(enrolment_ids))
        .group_by(LedgerEntry.enrolment_id)
    )
    return {enrolment: hundredths(int(seconds)) for enrolment, seconds in await session.execute(query) if enrolment}


def changes(kept: Mapping[LedgerKey, int], counted: Mapping[LedgerKey, int]) -> dict[LedgerKey, int]:
    """Return what must be added to the entries so that they say what the evidence says; pure."""
    differences = {key: counted.get(key, 0) - kept.get(key, 0) for key in {*kept, *counted}}
    return {key: differences[key] for key in sorted(differences, key=order_of) if differences[key]}


async def append_changes(
    session: AsyncSession,
    principal: Principal,
    person_id: UUID,
    differences: Mapping[LedgerKey, int],
    *,
    sources: Mapping[UUID | None, tuple[str, str]],
    evidence: str,
    at: datetime,
) -> None:
    """Append one entry and one audit leaf for each difference; `sources` gives source and region of an enrolment."""
    rules = rules_on(local_date(at)).version
    for key, seconds in differences.items():
        source, region = sources[key.enrolment]
        row = LedgerEntry(
            person_id=person_id,
            qualification=key.qualification,
            kind=key.kind,
            origin=key.origin,
            node=key.node,
            part=key.part,
            enrolment_id=key.enrolment,
            seconds=seconds,
            source=source,
            rules=rules,
            evidence=evidence,
            region=region,
            recorded_by=principal.account,
            recorded_at=at,
        )
        session.add(row)
        await session.flush()
        await _note(session, principal, row)


async def _note(session: AsyncSession, principal: Principal, row: LedgerEntry) -> None:
    facts: dict[str, Fact] = {
        "entry": str(row.id),
        "enrolment": str(row.enrolment_id) if row.enrolment_id else None,
        "qualification": row.qualification,
        "kind": row.kind,
        "origin": row.origin,
        "node": row.node,
        "part": row.part,
        "seconds": row.seconds,
        "rules": row.rules,
        "evidence": row.evidence,
    }
    subject = ("person", row.person_id)
    await record(session, principal, "hours.counted", subject, at=row.recorded_at, region=row.region, facts=facts)


def evidence_digest(evidence: Evidence) -> str:
    """Return the hex SHA-256 of a person's evidence in its one order; the same evidence has the same digest for ever."""
    visits = [evidence.visits[key] for key in sorted(evidence.visits)]
    classes = sorted(evidence.classes, key=lambda each: (each.span.start, each.span.end, order_of(each.key)))
    return sha256(msgspec.json.encode([visits, evidence.traces, classes], order="sorted")).hexdigest()


def sum_by_node(entries: Iterable[HoursEntry], kind: str) -> dict[tuple[str, str], int]:
    """Return seconds by node and part of one kind of training; the key ("", "") holds what was attested as a whole."""
    sums: defaultdict[tuple[str, str], int] = defaultdict(int)
    for entry in entries:
        if entry.kind == kind:
            sums[entry.node, entry.part] += entry.seconds
    return dict(sums)
