"""Incidents: reported by a proctor, reviewed by a second person, disposed of by a third (invariants 8 and 11)."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.principal import Principal
from exam.delivery.api import (
    OPEN_STATES,
    AttemptState,
    AttemptView,
    get_attempt,
    place_hold,
    release_hold,
    send_message,
    void_attempt,
)
from proctor.incidents.errors import IncidentChoiceError, IncidentNotFoundError, IncidentTextError, ObjectionFiledError
from proctor.incidents.models import Incident, IncidentObservation, Objection, Observation
from proctor.incidents.state import (
    Disposition,
    Finding,
    IncidentState,
    releases_hold,
    require_disposal,
    require_review,
)
from proctor.incidents.taxonomy import taxonomy

MAX_TEXT = 2000
HOLD_REASON = "incident_open"
REPORTED_REASON = "incident_reported"
FINDING_WORDS = {"confirmed": "情况属实", "doubtful": "存疑,建议进一步核实", "unfounded": "不属实"}
DISPOSITION_WORDS = {
    "no_finding": "不予认定",
    "warning": "警告",
    "score_void": "本次成绩无效",
    "referred": "移交主管部门",
}


class IncidentView(msgspec.Struct, frozen=True, kw_only=True):
    """One incident."""

    id: UUID
    attempt_id: UUID
    sitting_id: UUID
    person_id: UUID
    region: str
    category: str
    summary: str
    state: str
    happened_at: datetime
    reported_by: UUID
    reported_at: datetime
    finding: str | None
    review: str | None
    reviewed_by: UUID | None
    reviewed_at: datetime | None
    disposition: str | None
    decision: str | None
    disposed_by: UUID | None
    disposed_at: datetime | None
    objection: str | None = None

    @property
    def title(self) -> str:
        """The category's msgid."""
        return taxonomy()[self.category].title


def _words(text: str) -> str:
    text = text.strip()
    if not 1 <= len(text) <= MAX_TEXT:
        raise IncidentTextError(limit=MAX_TEXT)
    return text


def _view(row: Incident, objection: str | None = None) -> IncidentView:
    shared = set(IncidentView.__struct_fields__) - {"objection"}
    return IncidentView(**{name: getattr(row, name) for name in shared}, objection=objection)


async def report_incident(
    session: AsyncSession,
    principal: Principal,
    attempt: AttemptView,
    *,
    category: str,
    summary: str,
    observations: Iterable[UUID] = (),
    at: datetime,
) -> UUID:
    """Write down what a proctor saw; the result is held until somebody else decides, and who still sits there is told."""
    if category not in taxonomy() or principal.account is None:
        raise IncidentChoiceError
    hold_id = await place_hold(session, principal, attempt.id, reason=HOLD_REASON, at=at)
    seen = select(Observation).where(Observation.id.in_(set(observations)), Observation.attempt_id == attempt.id)
    linked = list(await session.scalars(seen))
    row = Incident(
        attempt_id=attempt.id,
        sitting_id=attempt.sitting_id,
        person_id=attempt.person_id,
        region=attempt.region,
        category=category,
        summary=_words(summary),
        state=IncidentState.REPORTED.value,
        happened_at=min((each.began_at for each in linked), default=at),
        hold_id=hold_id,
        reported_by=principal.account,
        reported_at=at,
    )
    session.add(row)
    await session.flush()
    session.add_all([IncidentObservation(incident_id=row.id, observation_id=each.id) for each in linked])
    await session.flush()
    await _note(session, principal, row, "reported", {"category": category, "observations": len(linked)}, at=at)
    if AttemptState(attempt.state) in OPEN_STATES:
        title = taxonomy()[category].title
        await send_message(
            session, principal, attempt.id, reason=REPORTED_REASON, text=title, ready=category, needs_ack=True, at=at
        )
    return row.id


async def review_incident(
    session: AsyncSession, principal: Principal, incident_id: UUID, *, finding: str, review: str, at: datetime
) -> None:
    """Say what a second pair of eyes makes of it: a recommendation."""
    row = await _locked(session, incident_id)
    require_review(IncidentState(row.state), row.reported_by, principal.account)
    if finding not in set(Finding):
        raise IncidentChoiceError
    row.state, row.finding, row.review = IncidentState.REVIEWED.value, finding, _words(review)
    row.reviewed_by, row.reviewed_at = principal.account, at
    await session.flush()
    await _note(session, principal, row, "reviewed", {"finding": finding}, at=at)


async def dispose_incident(
    session: AsyncSession, principal: Principal, incident_id: UUID, *, disposition: str, decision: str, at: datetime
) -> None:
    """Decide; holds and voids go through delivery, and a candidate who still sits there is told."""
    row = await _locked(session, incident_id)
    require_disposal(IncidentState(row.state), row.reported_by, row.reviewed_by, principal.account)
    if disposition not in set(Disposition):
        raise IncidentChoiceError
    decided = Disposition(disposition)
    row.state, row.disposition, row.decision = IncidentState.DISPOSED.value, disposition, _words(decision)
    row.disposed_by, row.disposed_at = principal.account, at
    await session.flush()
    await _note(session, principal, row, "disposed", {"disposition": disposition}, at=at)
    attempt = await get_attempt(session, row.attempt_id, now=at)
    if AttemptState(attempt.state) in OPEN_STATES:
        text, reason = row.decision or "", f"incident_{disposition}"
        await send_message(session, principal, row.attempt_id, reason=reason, text=text[:500], needs_ack=True, at=at)
    if decided is Disposition.SCORE_VOID and attempt.state != AttemptState.VOIDED:
        await void_attempt(session, principal, row.attempt_id, reason=row.category, at=at)
    if releases_hold(decided) and row.hold_id is not None:
        await release_hold(session, principal, row.hold_id, reason=f"incident_{disposition}", at=at)


async def object_to(session: AsyncSession, principal: Principal, incident_id: UUID, *, text: str, at: datetime) -> None:
    """Keep what a candidate says to a disposition, once."""
    row = await session.get(Incident, incident_id)
    if row is None or row.person_id != principal.person or row.state != IncidentState.DISPOSED:
        raise IncidentNotFoundError(incident_id=str(incident_id))
    if await session.get(Objection, incident_id) is not None:
        raise ObjectionFiledError
    session.add(Objection(incident_id=row.id, person_id=row.person_id, region=row.region, text=_words(text), at=at))
    await session.flush()
    await _note(session, principal, row, "objected", {}, at=at)


async def get_incident(session: AsyncSession, incident_id: UUID) -> IncidentView:
    """Return one incident of the scope."""
    row = await session.get(Incident, incident_id)
    if row is None:
        raise IncidentNotFoundError(incident_id=str(incident_id))
    objection = await session.get(Objection, incident_id)
    return _view(row, objection.text if objection else None)


async def list_incidents(
    session: AsyncSession, *, state: str = "", attempt_id: UUID | None = None, limit: int = 100
) -> list[IncidentView]:
    """Return incidents of the scope, the newest first."""
    query = select(Incident, Objection.text).outerjoin(Objection, Objection.incident_id == Incident.id)
    if state:
        query = query.where(Incident.state == state)
    if attempt_id:
        query = query.where(Incident.attempt_id == attempt_id)
    rows = await session.execute(query.order_by(Incident.reported_at.desc()).limit(limit))
    return [_view(row[0], row[1]) for row in rows]


async def observations_of(session: AsyncSession, incident_id: UUID) -> list[UUID]:
    """Return the observations that an incident was written from."""
    query = select(IncidentObservation.observation_id).where(IncidentObservation.incident_id == incident_id)
    return list(await session.scalars(query))


async def open_incidents(session: AsyncSession, attempt_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Count the incidents that are not disposed of, by attempt."""
    query = select(Incident.attempt_id, func.count()).where(
        Incident.attempt_id.in_(set(attempt_ids)), Incident.state != IncidentState.DISPOSED.value
    )
    return {row[0]: row[1] for row in await session.execute(query.group_by(Incident.attempt_id))}


async def _locked(session: AsyncSession, incident_id: UUID) -> Incident:
    row = await session.get(Incident, incident_id, with_for_update=True)
    if row is None:
        raise IncidentNotFoundError(incident_id=str(incident_id))
    return row


async def _note(
    session: AsyncSession, principal: Principal, row: Incident, act: str, facts: dict[str, Fact], *, at: datetime
) -> None:
    noted: dict[str, Fact] = {"incident": str(row.id), **facts}
    subject = ("attempt", row.attempt_id)
    await record(session, principal, f"incident.{act}", subject, at=at, region=row.region, facts=noted)
