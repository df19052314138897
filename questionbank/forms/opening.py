"""Giving a form to a candidate and opening its views, each not before its time."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import and_, false, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from questionbank.forms.errors import FormsNotPreparedError, FormStillSealedError, NoFormLeftError
from questionbank.forms.keys import CANDIDATE, SCORING, open_view, unwrap_view_key
from questionbank.forms.models import Draw, FormRow, SittingKey
from questionbank.forms.views import CandidateForm, ScoringForm

_LOCK = text("select pg_advisory_xact_lock(hashtextextended('questionbank.claim:' || :sitting || ':' || :key, 0))")


async def claim_form(session: AsyncSession, *, sitting_id: UUID, key: str) -> UUID:
    """Give the form made for `key`, else an unused standby form, for good; the same key always gets the same form.

    Raises NoFormLeftError.
    """
    await session.execute(_LOCK, {"sitting": str(sitting_id), "key": key})
    of_sitting = select(FormRow.id).where(FormRow.sitting_id == sitting_id)
    # the form that was given goes before the one that was made for the key: a standby form stays the candidate's
    meant = or_(FormRow.claimed_by == key, and_(FormRow.key == key, ~FormRow.standby))
    given = func.coalesce(FormRow.claimed_by == key, false()).label("given")
    mine = of_sitting.add_columns(given).where(meant).order_by(given.desc()).limit(1)
    spare = of_sitting.where(FormRow.standby, FormRow.claimed_by.is_(None)).order_by(FormRow.key).limit(1)
    found = (await session.execute(mine)).one_or_none()
    form_id: UUID | None = found.id if found is not None else None
    if found is not None and form_id is not None and found.given:
        return form_id
    if form_id is None:
        form_id = await session.scalar(spare.with_for_update(skip_locked=True))
    if form_id is None:
        raise NoFormLeftError(sitting_id=str(sitting_id))
    await session.execute(
        update(FormRow).where(FormRow.id == form_id).values(claimed_by=key, claimed_at=func.now()),
        execution_options={"synchronize_session": False},
    )
    return form_id


async def open_candidate_view(
    session: AsyncSession, runtime: Runtime, form_id: UUID, *, now: datetime
) -> CandidateForm:
    """Return what the candidate sees; raises FormStillSealedError before the window (`settings.form_window_min`)."""
    query = select(FormRow.sitting_id, FormRow.candidate_sealed, Draw.starts_at).join(Draw, Draw.id == FormRow.draw_id)
    row = (await session.execute(query.where(FormRow.id == form_id))).one_or_none()
    if row is None:
        raise FormsNotPreparedError(form_id=str(form_id))
    sitting_id, sealed, starts_at = row
    opens_at = starts_at - timedelta(minutes=runtime.settings.form_window_min)
    if now < opens_at:
        raise FormStillSealedError(form_id=str(form_id), opens_at=opens_at.isoformat())
    key = await unwrap_view_key(session, runtime, sitting_id, CANDIDATE)
    data = open_view(key, sealed, sitting_id=sitting_id, form_id=form_id, view=CANDIDATE)
    return msgspec.json.decode(data, type=CandidateForm)


async def open_scoring_view(session: AsyncSession, runtime: Runtime, form_id: UUID, *, now: datetime) -> ScoringForm:
    """Return how the form is scored; raises FormStillSealedError until the sitting's scoring views are released."""
    return (await open_scoring_views(session, runtime, [form_id], now=now))[form_id]


async def open_scoring_views(
    session: AsyncSession, runtime: Runtime, form_ids: Collection[UUID], *, now: datetime
) -> dict[UUID, ScoringForm]:
    """Return how forms are scored, by id; raises as `open_scoring_view` if one of them cannot be opened."""
    query = select(FormRow.id, FormRow.sitting_id, FormRow.scoring_sealed).where(FormRow.id.in_(set(form_ids)))
    rows = (await session.execute(query)).all()
    if missing := set(form_ids) - {row.id for row in rows}:
        raise FormsNotPreparedError(form_id=str(min(missing)))
    keys = {each: await _scoring_key(session, runtime, each, now) for each in {row.sitting_id for row in rows}}
    return {
        form_id: msgspec.json.decode(
            open_view(keys[sitting_id], sealed, sitting_id=sitting_id, form_id=form_id, view=SCORING), type=ScoringForm
        )
        for form_id, sitting_id, sealed in rows
    }


async def _scoring_key(session: AsyncSession, runtime: Runtime, sitting_id: UUID, now: datetime) -> bytes:
    opened_at = await session.scalar(
        select(SittingKey.opened_at).where(SittingKey.sitting_id == sitting_id, SittingKey.view == SCORING),
    )
    if opened_at is None or now < opened_at:
        raise FormStillSealedError(sitting_id=str(sitting_id), opens_at=opened_at.isoformat() if opened_at else "")
    return await unwrap_view_key(session, runtime, sitting_id, SCORING)


async def release_scoring_views(
    session: AsyncSession,
    runtime: Runtime,  # noqa: ARG001  # the contract's place for ports
    principal: Principal,
    *,
    sitting_id: UUID,
    at: datetime,
) -> None:
    """Let grading open the scoring views of a closed sitting from `at`; a second call changes nothing.

    Where custodians hold the key, their shares of it are wanted from now on.
    """
    of_sitting = (SittingKey.sitting_id == sitting_id, SittingKey.view == SCORING)
    row = (await session.execute(select(SittingKey.region, SittingKey.opened_at).where(*of_sitting))).one_or_none()
    if row is None:
        raise FormsNotPreparedError(sitting_id=str(sitting_id))
    region, opened_at = row
    if opened_at is not None:
        return
    opened = update(SittingKey).where(*of_sitting, SittingKey.opened_at.is_(None)).values(opened_at=at)
    await session.execute(opened, execution_options={"synchronize_session": False})
    await record(session, principal, "forms.scoring_released", ("sitting", sitting_id), at=at, region=region)
