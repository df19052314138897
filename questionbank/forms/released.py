"""场次试卷: the forms of sittings whose scoring views are open, told and printed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import NotFoundError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from questionbank.forms.keys import SCORING
from questionbank.forms.models import Draw, FormRow, SittingKey
from questionbank.forms.opening import open_candidate_view, open_scoring_view
from questionbank.forms.printing import PaperFile, PaperKind, Printing, print_copy, require_printer
from questionbank.items.pool import get_contents

SHOWN = 200
_WARNING = "已考试卷,仅供归档、复核和讲评:按编号登记,不得外传。"


class SatForms(msgspec.Struct, frozen=True, kw_only=True):
    """The forms of one sitting that was sat: how many were made for it, standby forms included."""

    sitting_id: UUID
    qualification: str
    starts_at: datetime
    opened_at: datetime
    forms: int


async def list_sat_forms(session: AsyncSession, *, at: datetime) -> Sequence[SatForms]:
    """Return the sittings of the scope whose forms may be printed, the newest first."""
    forms = select(func.count()).where(FormRow.draw_id == Draw.id).scalar_subquery()
    query = (
        select(Draw.sitting_id, Draw.qualification, Draw.starts_at, SittingKey.opened_at, forms)
        .join(SittingKey, SittingKey.sitting_id == Draw.sitting_id)
        .where(SittingKey.view == SCORING, SittingKey.opened_at <= at, SittingKey.wrapped.is_not(None))
        .order_by(Draw.starts_at.desc())
        .limit(SHOWN)
    )
    return [
        SatForms(sitting_id=sitting, qualification=qualification, starts_at=starts_at, opened_at=opened_at, forms=count)
        for sitting, qualification, starts_at, opened_at, count in await session.execute(query)
        if opened_at is not None
    ]


async def print_sat_form(
    session: AsyncSession,
    runtime: Runtime,
    principal: Principal,
    sitting_id: UUID,
    place: int,
    *,
    reason: str,
    kind: PaperKind,
) -> PaperFile:
    """Return a copy of the form that stands at a place, from 1, in the order in which a sitting's forms were made.

    Raises NotFoundError, RegionForbiddenError, ReasonRequiredError, FormStillSealedError until the sitting was closed and
    its scoring views released, and FormsAwaitCustodiansError while their key is in pieces.
    """
    in_order = select(FormRow.id, FormRow.region).where(FormRow.sitting_id == sitting_id)
    in_order = in_order.order_by(FormRow.round, FormRow.place).offset(place - 1).limit(1)
    row = (await session.execute(in_order)).one_or_none()
    if row is None:
        raise NotFoundError(sitting_id=str(sitting_id), place=place)
    form_id, region = row
    require_printer(principal, region, reason)
    now = runtime.clock.now()
    scoring = await open_scoring_view(session, runtime, form_id, now=now)
    form = await open_candidate_view(session, runtime, form_id, now=now)
    wanted = Printing(
        form=form,
        scoring=scoring,
        contents=await get_contents(session, (slot.version for slot in scoring.slots)),
        act="form.reprinted",
        region=region,
        warning=_WARNING,
        facts={"sitting": str(sitting_id), "place": place},
    )
    return await print_copy(session, runtime, principal, wanted, kind, reason=reason)
