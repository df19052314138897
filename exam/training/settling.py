"""Bringing the ledger to what the evidence says: entries are appended for the difference, and nothing else."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.db.scope import Scope
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.training.attendance.models import Attendance
from exam.training.attendance.views import Status
from exam.training.classes.models import ClassSession, Enrolment, TrainingClass
from exam.training.completion.finishing import finish_enrolments
from exam.training.ledger.credit import day_of, pieces_of, total_of
from exam.training.ledger.entries import append_changes, changes, evidence_digest, kept_totals
from exam.training.ledger.evidence import (
    Attested,
    ClassSpan,
    Evidence,
    LedgerKey,
    Origin,
    Span,
    Trace,
    TraceKind,
    Visit,
)
from exam.training.ledger.models import LedgerEntry
from exam.training.ledger.replay import Replay, compare
from exam.training.ledger.rules import recall_rules, rules_on
from exam.training.ledger.watch import MS
from exam.training.lessons.models import VisitRow

_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:key, 0))")


async def run_settle(runtime: Runtime, *, person_id: str) -> None:
    """Append what a person's evidence adds up to beyond what the ledger says, and see what that completes.

    All in the person's own scope.
    """
    person = UUID(person_id)
    async with runtime.databases.transaction(Scope(person=person)) as session:
        await session.execute(_LOCK, {"key": f"ledger:{person}"})
        evidence = await load_evidence(session, person)
        counted = total_of(evidence, recall_rules, rules_on)
        differences = changes(await kept_totals(session, person), counted)
        at = runtime.clock.now()
        if differences:
            sources = await _sources(session, person)
            digest = evidence_digest(evidence)
            await append_changes(session, SYSTEM, person, differences, sources=sources, evidence=digest, at=at)
        await finish_enrolments(session, person, at=at)


async def _sources(session: AsyncSession, person_id: UUID) -> Mapping[UUID | None, tuple[str, str]]:
    """Return who stands for the hours of each enrolment, and its region."""
    query = (
        select(Enrolment.id, TrainingClass.body_name, TrainingClass.title, Enrolment.region)
        .join(TrainingClass, TrainingClass.id == Enrolment.class_id)
        .where(Enrolment.person_id == person_id)
    )
    return {row[0]: (f"{row[1]} · {row[2]}", row[3]) for row in await session.execute(query)}


async def load_evidence(session: AsyncSession, person_id: UUID) -> Evidence:
    """Return everything that is known of a person's study; the session's scope must be the person's own."""
    return Evidence(
        visits=await _visits(session, person_id),
        traces=await _traces(session, person_id),
        classes=await _classes(session, person_id),
        attested=await _attested(session, person_id),
    )


async def studied_on(session: AsyncSession, person_id: UUID, day: date) -> int:
    """Return how many milliseconds of a Shanghai day count already."""
    pieces = pieces_of(await load_evidence(session, person_id), recall_rules, rules_on)
    return sum(piece.span.length for piece in pieces if day_of(piece.span.start) == day)


async def _visits(session: AsyncSession, person_id: UUID) -> dict[UUID, Visit]:
    rows = await session.scalars(select(VisitRow).where(VisitRow.person_id == person_id))
    return {
        row.id: Visit(
            id=row.id,
            key=LedgerKey(row.qualification, row.kind, row.enrolment_id, row.node, row.part, Origin.ONLINE),
            lesson=row.progress_id,
            length_ms=row.length_ms,
            rules=row.rules,
        )
        for row in rows
    }


# a training ends with some six thousand traces: a row for each would cost more than counting them
_TRACES = text(
    "select coalesce(array_agg(visit_id), '{}'), array_agg(kind), array_agg(at_ms), array_agg(seen), array_agg(idle_s),"
    " array_agg(advance_ms), array_agg(drift_ms) from (select visit_id, kind, at_ms, seen, idle_s, advance_ms, drift_ms"
    " from training_trace where person_id = :person order by n) t"
)


async def _traces(session: AsyncSession, person_id: UUID) -> tuple[Trace, ...]:
    visits, *columns = (await session.execute(_TRACES, {"person": person_id})).one()
    if not visits:
        return ()
    return tuple(
        Trace(
            visit=visit,
            kind=TraceKind(kind),
            at=at,
            seen=seen,
            idle_s=idle_s,
            advance_ms=advance_ms,
            drift_ms=drift_ms,
        )
        for visit, kind, at, seen, idle_s, advance_ms, drift_ms in zip(visits, *columns, strict=True)
    )


async def _attested(session: AsyncSession, person_id: UUID) -> tuple[Attested, ...]:
    query = select(LedgerEntry).where(LedgerEntry.person_id == person_id, LedgerEntry.origin == Origin.ATTESTED)
    return tuple(
        Attested(LedgerKey(row.qualification, row.kind, None, "", "", Origin.ATTESTED), row.seconds * MS)
        for row in await session.scalars(query.order_by(LedgerEntry.id))
    )


async def _classes(session: AsyncSession, person_id: UUID) -> tuple[ClassSpan, ...]:
    query = (
        select(Attendance, ClassSession.node, ClassSession.part, Enrolment.qualification, Enrolment.kind)
        .join(ClassSession, ClassSession.id == Attendance.session_id)
        .join(Enrolment, Enrolment.id == Attendance.enrolment_id)
        .where(Attendance.person_id == person_id)
        .order_by(Attendance.session_id, Attendance.enrolment_id, Attendance.revision)
    )
    newest: dict[tuple[UUID, UUID], ClassSpan | None] = {}
    for row, node, part, qualification, kind in await session.execute(query):
        key = LedgerKey(qualification, kind, row.enrolment_id, node, part, Origin.CLASS)
        newest[row.session_id, row.enrolment_id] = _span(row, key)
    return tuple(span for span in newest.values() if span is not None)


def _span(row: Attendance, key: LedgerKey) -> ClassSpan | None:
    if row.status == Status.ABSENT or row.from_at is None or row.until_at is None:
        return None
    start, end = (int(instant.timestamp() * MS) for instant in (row.from_at, row.until_at))
    return ClassSpan(Span(start, end), key)


async def replay(session: AsyncSession, person_id: UUID) -> Replay:
    """Compare the ledger of a person with their evidence; the session's scope must be the person's own."""
    evidence = await load_evidence(session, person_id)
    counted = total_of(evidence, recall_rules, rules_on)
    return compare(person_id, evidence, await kept_totals(session, person_id), counted)
