"""Reviews (复审): recorded while the rules ask for them, and ended where the rules of the day they fall due do not."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from certs.duties import DutyKind, duty_on, review_after, review_day
from certs.errors import ReviewHoursShortError, ReviewNotDueError
from certs.grounds import Ground
from certs.history import change_state, lock_credential
from certs.models import Credential
from certs.state import CredentialState
from exam.core.clock import local_date
from exam.core.principal import SYSTEM, Principal
from exam.identity.api import require_region
from exam.standards.api import resolve_rule_set
from exam.training.api import TrainingKind, list_hours

REGULATOR = "regulator"
HUNDREDTHS = 100


async def record_review(session: AsyncSession, principal: Principal, credential_id: UUID, *, at: datetime) -> None:
    """Note that the review was passed, within its window and with its training.

    Raises CredentialNotFoundError, RegionForbiddenError, ReviewNotDueError, ReviewHoursShortError and
    CredentialStateError.
    """
    row = await lock_credential(session, credential_id)
    require_region(principal, row.region, REGULATOR)
    on = local_date(at)
    duty = duty_on(row.qualification, row.valid_until_on, row.review_on, on)
    if duty is None or duty.kind is not DutyKind.REVIEW or not duty.due:
        raise ReviewNotDueError(credential_id=str(credential_id))
    done = await trained_hours(session, row.person_id, row.qualification, TrainingKind.REVIEW, since=row.valid_from_on)
    if duty.hours is not None and done < duty.hours * HUNDREDTHS:
        raise ReviewHoursShortError(done=f"{done / HUNDREDTHS:g}", needed=duty.hours)
    rules = resolve_rule_set(row.qualification, on)
    row.review_on = review_after(rules, duty.until_on, row.valid_until_on)
    await change_state(session, principal, row, Ground.REVIEWED, reason="", at=at)


async def trained_hours(
    session: AsyncSession, person_id: UUID, qualification: str, kind: TrainingKind, *, since: date
) -> int:
    """Return the hundredths of an hour of one kind of training that were recorded since a Shanghai date."""
    entries = await list_hours(session, person_id, qualification)
    return sum(each.hours for each in entries if each.kind == kind and local_date(each.recorded_at) >= since)


async def end_reviews(session: AsyncSession, *, after: UUID | None, limit: int, at: datetime) -> UUID | None:
    """Note for up to `limit` credentials that no review is asked for any more; return the last id looked at, or None.

    What the rules say is told from the rules at once; the note lets the history, the rosters and the figures say it too.
    """
    query = select(Credential).where(
        Credential.review_on.is_not(None),
        Credential.status.in_([CredentialState.ISSUED, CredentialState.SUSPENDED]),
    )
    if after is not None:
        query = query.where(Credential.id > after)
    rows = (await session.scalars(query.order_by(Credential.id).limit(limit).with_for_update())).all()
    for row in rows:
        await _end(session, row, at)
    return rows[-1].id if rows else None


async def _end(session: AsyncSession, row: Credential, at: datetime) -> None:
    due = row.review_on
    if due is None or review_day(row.qualification, due) is not None:
        return
    row.review_on = None
    rules = resolve_rule_set(row.qualification, due)
    await change_state(session, SYSTEM, row, Ground.REVIEW_ENDED, reason="", at=at, rules=rules)
