"""Finding what is to be reminded of: each stage of each matter once, however often it is looked for."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.records.credit.models import Clue, CreditRequest
from exam.records.credit.requests import OBJECTION
from exam.records.credit.state import ClueState
from exam.records.reminders.models import Reminder

NOTICE = "notice"
"""告知: an enterprise was told of a case and may answer until the last day; it hears of that at once."""
SOON_DAYS = 3
"""Days before the last one from which a duty is reminded of."""


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A duty with its last day, of an enterprise or, without one, of a region's regulators; `facts` are codes and ids."""

    kind: str
    subject: str
    region: str
    organisation_id: UUID | None = None
    due_on: date
    facts: dict[str, Any]

    def stage(self, today: date) -> str:
        """Return the stage that it has reached, or an empty text before the first."""
        if today > self.due_on:
            return "late"
        if (self.due_on - today).days <= SOON_DAYS:
            return "soon"
        return "told" if self.kind == NOTICE else ""


# the narrowest band that a certificate has reached: who is told of it late is not told three times at once
_EXPIRY = text(
    """
    insert into records_reminder (id, kind, subject, stage, organisation_id, region, due_on, facts, made_at)
    select gen_random_uuid(), 'expiry', each.* , :at from (
        select distinct c.id::text, case when c.ends_on <= cast(:today as date) + 30 then '30'
                when c.ends_on <= cast(:today as date) + 60 then '60' else '90' end,
            o.id, o.region, c.ends_on,
            jsonb_build_object('qualification', c.qualification, 'person', c.person_id)
        from records_v_requirement q
        join identity_organisation o on o.id = q.organisation_id
        join records_v_held c on c.person_id = q.person_id
        where ankao_in_region(o.region) and o.deregistered_on is null
            and q.started_on <= :today and (q.ended_on is null or q.ended_on >= :today)
            and c.status = 'issued' and c.valid_from_on <= :today
            and c.ends_on >= :today and c.ends_on <= cast(:today as date) + 90
            and (c.qualification = q.wanted
                or (q.wanted = q.role || '.*' and split_part(c.qualification, '.', 1) = q.role))
    ) each
    on conflict do nothing
    """,
)


async def find_reminders(session: AsyncSession, *, at: datetime) -> None:
    """Make the reminders of certificates that end, and of notices and objections that wait, within the scope."""
    today = local_date(at)
    await session.execute(_EXPIRY, {"today": today, "at": at})
    told = select(Clue).where(Clue.state == ClueState.NOTICED, Clue.organisation_id.is_not(None))
    await remind_of(
        session,
        [
            Due(
                kind=NOTICE,
                subject=str(row.id),
                region=row.region,
                organisation_id=row.organisation_id,
                due_on=row.due_on,
                facts={"rule": row.rule},
            )
            for row in await session.scalars(told)
        ],
        at=at,
    )
    waiting = select(CreditRequest).where(CreditRequest.kind == OBJECTION, CreditRequest.state == "filed")
    await remind_of(
        session,
        [
            Due(
                kind=OBJECTION,
                subject=str(row.id),
                region=row.region,
                due_on=row.due_on,
                facts={"record": str(row.record_id)},
            )
            for row in await session.scalars(waiting)
        ],
        at=at,
    )


async def remind_of(session: AsyncSession, duties: Iterable[Due], *, at: datetime) -> None:
    """Make a reminder of each duty for the stage that it has reached, unless there is one."""
    today = local_date(at)
    for due in duties:
        if stage := due.stage(today):
            values = {**msgspec.structs.asdict(due), "stage": stage, "made_at": at}
            await session.execute(insert(Reminder).values(values).on_conflict_do_nothing())
