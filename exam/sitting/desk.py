"""What the centre's pages and its JSON routes share: whose sitting it is, the kept refusal, the day's work list."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import ForbiddenError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import OrganisationView, get_organisation, require_region
from exam.sitting.errors import NotACentreError, NotEligibleError
from exam.sitting.readiness import Readiness, readiness_of_all
from exam.sitting.registrations import record_refusal, register
from exam.sitting.schemas import RegistrationIn
from exam.sitting.sittings import get_sitting, list_sittings
from exam.sitting.views import RegistrationView, SittingState, SittingView

ROLE = "centre"
SOON = timedelta(days=7)
URGENT = timedelta(hours=24)
DOORS = timedelta(hours=1)
MOST = 500
UNFINISHED = (SittingState.PLANNED, SittingState.OPEN, SittingState.CLOSED)


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the work list; `what` is a msgid with `fields`, tone info, warn or bad."""

    sitting: SittingView
    what: str
    fields: dict[str, int]
    tone: str
    due_at: datetime


async def own_centre(session: AsyncSession, principal: Principal) -> OrganisationView:
    """Return the centre that the principal works for; raises NotACentreError."""
    centres = principal.organisations(ROLE)
    if not centres:
        raise NotACentreError
    centre = await get_organisation(session, centres[0])
    require_region(principal, centre.region, ROLE)
    return centre


async def own_sitting(session: AsyncSession, principal: Principal, sitting_id: UUID) -> SittingView:
    """Return a sitting that the principal's own centre holds: a neighbour's is seen and not touched."""
    sitting = await get_sitting(session, sitting_id)
    require_region(principal, sitting.region, ROLE)
    if not is_own(principal, sitting):
        raise ForbiddenError
    return sitting


def is_own(principal: Principal, sitting: SittingView) -> bool:
    """Say whether the sitting is held by a centre that the principal works for."""
    return sitting.centre_id in principal.organisations(ROLE)


async def apply(
    session: AsyncSession,
    principal: Principal,
    runtime: Runtime,
    sitting_id: UUID,
    application: RegistrationIn,
    *,
    at: datetime,
) -> RegistrationView | NotEligibleError:
    """Register, or keep the refusal with its reasons and return it; any other error leaves nothing behind."""
    async with session.begin_nested():
        try:
            return await register(
                session,
                principal,
                runtime,
                sitting_id=sitting_id,
                name=application.name,
                id_number=application.id_number,
                photo=application.photo or None,
                uscc=application.uscc,
                at=at,
            )
        except NotEligibleError as error:
            await record_refusal(session, principal, sitting_id=sitting_id, error=error, at=at)
            return error


async def load_work(
    session: AsyncSession, principal: Principal, *, now: datetime, states: Sequence[SittingState] = UNFINISHED
) -> list[Task]:
    """Return what is to be done for the sittings of the principal's own centres, the most urgent first."""
    found = [each for state in states for each in await list_sittings(session, state=state, limit=MOST)]
    own = [each for each in found if is_own(principal, each)]
    return work_list(own, await readiness_of_all(session, own, now=now), now=now)


def work_list(sittings: list[SittingView], boards: Mapping[UUID, Readiness], *, now: datetime) -> list[Task]:
    """Return what is to be done, the most urgent first; pure."""
    tasks = [task for sitting in sittings for task in _tasks(sitting, boards[sitting.id], now)]
    order = {"bad": 0, "warn": 1, "info": 2}
    return sorted(tasks, key=lambda task: (order[task.tone], task.due_at))


def _tasks(sitting: SittingView, board: Readiness, now: datetime) -> list[Task]:
    over_at = sitting.ends_at + timedelta(seconds=sitting.duration_s)
    match sitting.state:
        case SittingState.PLANNED:
            far = sitting.starts_at - now > SOON or now >= sitting.ends_at
            return [] if far else _before_the_day(sitting, board, now)
        case SittingState.OPEN:
            return _on_the_day(sitting, board, over_at, now)
        case SittingState.CLOSED:
            return [_task(sitting, "已结束,评分后请核对并公布成绩", "warn", over_at)]
        case SittingState.RELEASED:
            return []


def _on_the_day(sitting: SittingView, board: Readiness, over_at: datetime, now: datetime) -> list[Task]:
    if now >= over_at:
        return [_task(sitting, "考试时间已过,请结束场次", "bad", over_at)]
    tasks = [_task(sitting, "正在签到和考试,{count} 人报名", "info", over_at, count=board.registered)]
    if board.forms_missing > board.forms_standby:
        missing = board.forms_missing - board.forms_standby
        tasks.append(_task(sitting, "还缺 {count} 份试卷,请生成试卷", "bad", sitting.ends_at, count=missing))
    if board.photos_missing and now < sitting.ends_at:
        tasks.append(_task(sitting, "{count} 名考生还没有照片", "warn", sitting.ends_at, count=board.photos_missing))
    return tasks


def _before_the_day(sitting: SittingView, board: Readiness, now: datetime) -> list[Task]:
    tone = "bad" if sitting.starts_at - now < URGENT else "warn"
    due = sitting.starts_at
    tasks = []
    if board.registered == 0:
        tasks.append(_task(sitting, "还没有考生报名", "warn", due))
    elif not board.ready:
        missing = board.forms_missing if board.forms_ready else board.registered
        tasks.append(_task(sitting, "还缺 {count} 份试卷,请生成试卷", tone, due, count=missing))
    elif due - now <= DOORS:
        tasks.append(_task(sitting, "准备就绪,可以开放签到", "info", due))
    if board.photos_missing:
        tasks.append(_task(sitting, "{count} 名考生还没有照片", "warn", due, count=board.photos_missing))
    return tasks


def _task(sitting: SittingView, what: str, tone: str, due_at: datetime, **fields: int) -> Task:
    return Task(sitting=sitting, what=what, fields=fields, tone=tone, due_at=due_at)
