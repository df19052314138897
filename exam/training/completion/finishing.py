"""When a training is complete (结业): as soon as the ledger covers the programme, and no longer than it does."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.principal import SYSTEM
from exam.training.classes.models import Enrolment, TrainingClass
from exam.training.classes.views import PRESENT, EnrolmentState
from exam.training.completion.service import list_completions, missing_hours
from exam.training.kinds import required_hours
from exam.training.ledger.nodes import cover_programme


async def finish_enrolments(session: AsyncSession, person_id: UUID, *, at: datetime) -> None:
    """Bring the state of a person's enrolments to what the hours say, in the person's own scope.

    Hours that are taken back take the completion back too, unless a certificate of it stands.
    """
    query = (
        select(Enrolment, TrainingClass.starts_on)
        .join(TrainingClass, TrainingClass.id == Enrolment.class_id)
        .where(
            Enrolment.person_id == person_id,
            Enrolment.state.in_(PRESENT),
            TrainingClass.starts_on <= local_date(at),
        )
        .order_by(Enrolment.id)
        .with_for_update(of=Enrolment)
    )
    for row, starts_on in await session.execute(query):
        short = await _missing(session, row, starts_on, at)
        if row.state == EnrolmentState.ENROLLED and not short:
            row.state = EnrolmentState.COMPLETED
            await _note(session, row, "enrolment.completed", at)
        elif row.state == EnrolmentState.COMPLETED and short and not await _certified(session, row):
            row.state = EnrolmentState.ENROLLED
            await _note(session, row, "enrolment.reopened", at)


async def _missing(session: AsyncSession, row: Enrolment, starts_on: date, at: datetime) -> int:
    covered = await cover_programme(session, row.person_id, row.qualification, row.kind, on=starts_on)
    asked = required_hours(row.qualification, row.kind, local_date(at)).hours
    return missing_hours(covered, asked * 100) if asked else 1  # where the rules are silent, nothing is ever complete


async def _certified(session: AsyncSession, row: Enrolment) -> bool:
    found = (await list_completions(session, [row.id])).get(row.id)
    return found is not None and found.state != "objected"


async def _note(session: AsyncSession, row: Enrolment, act: str, at: datetime) -> None:
    await session.flush()
    facts = {"class": str(row.class_id)}
    await record(session, SYSTEM, act, ("enrolment", row.id), at=at, region=row.region, facts=facts)
