"""Finding: what the platform knows, looked at by the rules; a fact becomes evidence of a lead once, and accuses nobody."""

from collections.abc import AsyncIterator, Callable, Collection
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.clock import local_date, local_midnight
from exam.core.principal import Principal
from exam.identity.api import get_organisation, list_people
from exam.records.credit.models import Clue, ClueEvidence
from exam.records.credit.rules import ClueRule, Source, load_rules
from exam.records.credit.state import ClueState
from exam.records.holdings import assessed_by, months_later
from exam.standards.api import working_days_after

BATCH = 500
_LOCK = text("select pg_advisory_xact_lock(hashtextextended('records.credit.finding', 0))")
_UNNOTED = (
    " not exists (select 1 from records_credit_evidence n join records_credit_clue k on k.id = n.clue_id"
    " where n.subject_id = {id} and k.rule = :rule"
    " and (k.state not in ('dismissed', 'decided', 'closed') or n.noted_at > :since))"
)


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a rule noticed; exactly one of `organisation_id` and `subject` is whom it is about."""

    kind: str
    subject_id: UUID
    person_id: UUID
    region: str
    organisation_id: UUID | None = None
    facts: dict[str, Any]


async def find_clues(session: AsyncSession, principal: Principal, *, at: datetime, sources: Collection[Source]) -> int:
    """Let the rules of some sources look at the scope; return how many facts were new."""
    await session.execute(_LOCK)
    found = 0
    for rule in load_rules():
        if rule.source in sources:
            async for fact in _FINDERS[rule.source](session, rule, at):
                await _note(session, principal, rule, fact, at)
                found += 1
    return found


async def _note(session: AsyncSession, principal: Principal, rule: ClueRule, fact: Fact, at: datetime) -> None:
    clue = await _open_clue(session, rule, fact) or await _new_clue(session, principal, rule, fact, at)
    row = ClueEvidence(
        clue_id=clue.id,
        region=clue.region,
        kind=fact.kind,
        subject_id=fact.subject_id,
        person_id=fact.person_id,
        facts=fact.facts,
        noted_at=at,
    )
    session.add(row)
    await session.flush()
    noted = {"rule": rule.code, "kind": fact.kind, "evidence": str(fact.subject_id)}
    await record(session, principal, "clue.evidence_noted", ("clue", clue.id), at=at, region=clue.region, facts=noted)


async def _open_clue(session: AsyncSession, rule: ClueRule, fact: Fact) -> Clue | None:
    whose = Clue.organisation_id == fact.organisation_id if fact.organisation_id else Clue.person_id == fact.person_id
    query = select(Clue).where(Clue.rule == rule.code, Clue.state == ClueState.FOUND, whose)
    return (await session.scalars(query)).one_or_none()


async def _new_clue(session: AsyncSession, principal: Principal, rule: ClueRule, fact: Fact, at: datetime) -> Clue:
    name, region = await _subject(session, fact)
    clue = Clue(
        rule=rule.code,
        organisation_id=fact.organisation_id,
        person_id=None if fact.organisation_id else fact.person_id,
        subject_name=name,
        region=region,
        state=ClueState.FOUND,
        found_at=at,
        due_on=working_days_after(local_date(at), rule.verify_days),
    )
    session.add(clue)
    await session.flush()
    await record(session, principal, "clue.found", ("clue", clue.id), at=at, region=region, facts={"rule": rule.code})
    return clue


async def _subject(session: AsyncSession, fact: Fact) -> tuple[str, str]:
    """Return what the subject is called, and the region that supervises it: an enterprise's own, else where it happened."""
    if fact.organisation_id:
        organisation = await get_organisation(session, fact.organisation_id)
        return organisation.name, organisation.region
    person = (await list_people(session, [fact.person_id]))[fact.person_id]
    return person.name_masked, fact.region


_POSTS = text(
    "select q.engagement_id as id, q.organisation_id, q.person_id, q.region, q.role, q.wanted, q.started_on"
    " from records_v_requirement q join identity_organisation o on o.id = q.organisation_id"
    " where o.kind = 'enterprise' and ankao_in_region(o.region) and q.role = any(:roles) and q.engagement_id > :after"
    " and q.started_on <= :today and (q.ended_on is null or q.ended_on >= :today)"
    " and not exists (select 1 from records_v_held c where c.person_id = q.person_id and c.status = 'issued'"
    " and c.valid_from_on <= :today and c.ends_on >= :today"
    " and (c.qualification = q.wanted or (q.wanted = q.role || '.*' and c.category = q.role)))"
    f" and {_UNNOTED.format(id='q.engagement_id')} order by q.engagement_id limit :limit"
)


async def _posts(session: AsyncSession, rule: ClueRule, at: datetime) -> AsyncIterator[Fact]:
    """Yield posts without a usable credential, of those who may wait for their assessment only once the wait is over."""
    today = local_date(at)
    async for row in _pages(session, _POSTS, rule, at, roles=list(rule.roles)):
        due_on = _due_on(rule, row.wanted, row.started_on)
        if due_on is not None and due_on >= today:
            continue
        facts = {"role": row.role, "since": row.started_on.isoformat(), "on": today.isoformat()}
        if due_on is not None:
            facts["due"] = due_on.isoformat()
        yield Fact(
            kind="engagement",
            subject_id=row.id,
            person_id=row.person_id,
            region=row.region,
            organisation_id=row.organisation_id,
            facts=facts,
        )


def _due_on(rule: ClueRule, wanted: str, started_on: date) -> date | None:
    """Return until when somebody may wait for the assessment; None where work may not begin without the certificate."""
    if not rule.wait_months:
        return None
    return assessed_by(wanted, started_on) or months_later(started_on, rule.wait_months)


_ATTENDANCE = text(
    "select a.id, a.class_id, a.organisation_id, a.person_id, a.region, a.title, b.title as other, b.body_name as other_body,"
    " greatest(a.from_at, b.from_at) as from_at, least(a.until_at, b.until_at) as until_at"
    " from records_v_attendance a join records_v_attendance b on b.person_id = a.person_id and b.class_id <> a.class_id"
    " and b.from_at < a.until_at and b.until_at > a.from_at"
    f" where a.recorded_at > :recent and a.id > :after and {_UNNOTED.format(id='a.id')} order by a.id limit :limit"
)


async def _attendance(session: AsyncSession, rule: ClueRule, at: datetime) -> AsyncIterator[Fact]:
    """Yield attendances of a person who was on another class's roll at the same time: each body answers for its own."""
    async for row in _pages(session, _ATTENDANCE, rule, at):
        yield Fact(
            kind="attendance",
            subject_id=row.id,
            person_id=row.person_id,
            region=row.region,
            organisation_id=row.organisation_id,
            facts={
                "class": row.title,
                "class_id": str(row.class_id),
                "other": row.other,
                "other_body": row.other_body,
                "from": row.from_at.isoformat(),
                "until": row.until_at.isoformat(),
            },
        )


_INCIDENTS = text(
    "select i.id, i.person_id, i.region, i.category, i.disposition, i.happened_at, i.attempt_id"
    " from records_v_incident i where i.state = 'disposed' and i.category = any(:categories)"
    f" and i.disposition = any(:dispositions) and i.id > :after and {_UNNOTED.format(id='i.id')}"
    " order by i.id limit :limit"
)


async def _incidents(session: AsyncSession, rule: ClueRule, at: datetime) -> AsyncIterator[Fact]:
    """Yield what two people have found of a candidate and disposed of."""
    wanted = {"categories": list(rule.categories), "dispositions": list(rule.dispositions)}
    async for row in _pages(session, _INCIDENTS, rule, at, **wanted):
        yield Fact(
            kind="incident",
            subject_id=row.id,
            person_id=row.person_id,
            region=row.region,
            facts={
                "category": row.category,
                "disposition": row.disposition,
                "at": row.happened_at.isoformat(),
                "attempt": str(row.attempt_id),
            },
        )


_REVOCATIONS = text(
    "select f.id, f.credential_id, f.person_id, f.region, f.qualification, f.decided_at from records_v_fraud f"
    f" where f.id > :after and {_UNNOTED.format(id='f.credential_id')} order by f.id limit :limit"
)


async def _revocations(session: AsyncSession, rule: ClueRule, at: datetime) -> AsyncIterator[Fact]:
    """Yield credentials that two people have revoked for fraud."""
    async for row in _pages(session, _REVOCATIONS, rule, at):
        yield Fact(
            kind="credential",
            subject_id=row.credential_id,
            person_id=row.person_id,
            region=row.region,
            facts={"qualification": row.qualification, "at": row.decided_at.isoformat()},
        )


_FIRST = UUID(int=0)


async def _pages(session: AsyncSession, query: Any, rule: ClueRule, at: datetime, **wanted: Any) -> AsyncIterator[Any]:
    """Yield a query's rows by id, some at a time."""
    today = local_date(at)
    asked = {
        "rule": rule.code,
        "today": today,
        "since": local_midnight(today - timedelta(days=rule.again_days)),
        "recent": local_midnight(today - timedelta(days=rule.look_back_days)),
        "limit": BATCH,
        **wanted,
    }
    after = _FIRST
    while rows := (await session.execute(query, {**asked, "after": after})).all():
        after = rows[-1].id
        for row in rows:
            yield row


Finder = Callable[[AsyncSession, ClueRule, datetime], AsyncIterator[Fact]]
_FINDERS: dict[Source, Finder] = {
    "posts": _posts,
    "attendance": _attendance,
    "incidents": _incidents,
    "revocations": _revocations,
}
