"""Scheduled work of delivery: nobody loses for not having handed in (TRUST.md A10, A11)."""

from datetime import timedelta

import structlog
from sqlalchemy import delete, select

from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.errors import DomainError
from exam.core.jobs import Job
from exam.core.runtime import Runtime
from exam.delivery.attempts import finalise_if_due
from exam.delivery.models import Attempt, Terminal

FORGOTTEN_AFTER = timedelta(days=1)


async def finalise_overdue(runtime: Runtime) -> None:
    """End every attempt whose grace is over, each in its own transaction."""
    now = runtime.clock.now()
    grace = Attempt.grace_s * timedelta(seconds=1)
    async with runtime.databases.transaction(NOTHING, Role.ANSWER) as session:
        query = select(Attempt.id).where(Attempt.state == "in_progress", Attempt.deadline_at + grace < now)
        due = list(await session.scalars(query.order_by(Attempt.deadline_at)))
    for attempt_id in due:
        try:
            async with runtime.databases.transaction(NOTHING, Role.ANSWER) as session:
                await finalise_if_due(session, runtime, attempt_id)
        except DomainError as error:
            structlog.get_logger().error("not_finalised", attempt=str(attempt_id), error=error.code)


async def forget_terminals(runtime: Runtime) -> None:
    """Delete the terminals that no proctor has bound within a day; such a browser enrols again by itself."""
    before = runtime.clock.now() - FORGOTTEN_AFTER
    async with runtime.databases.transaction(NOTHING, Role.ANSWER) as session:
        await session.execute(delete(Terminal).where(Terminal.state == "pending", Terminal.created_at < before))


JOBS = (
    Job("delivery.finalise_overdue", finalise_overdue, cron="* * * * *"),
    Job("delivery.forget_terminals", forget_terminals, cron="41 * * * *"),
)
