"""Sending what has been found: claimed before it goes out, so that nothing goes twice; given back where it did not go."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

import structlog
from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.db.scope import Scope
from exam.core.jobs import Job
from exam.core.runtime import Runtime
from exam.records.reminders.carriers import Carrier, CarrierError, mailer_of, webhook_of
from exam.records.reminders.finding import find_reminders
from exam.records.reminders.models import ReminderSent
from exam.records.reminders.wording import Pending, letter_of

REMIND = "records.remind"
FRESH = timedelta(days=7)
"""What is older is not sent any more: who enters an address is not told of last year."""

_PENDING = (
    "select r.id, r.kind, r.stage, r.due_on, r.region, {who} from records_reminder r {joined}"
    " where r.made_at > :since and not exists (select from records_reminder_sent s"
    " where s.reminder_id = r.id and s.account_id is not distinct from {account}) order by account_id, r.due_on, r.id"
)
_MAIL = text(
    _PENDING.format(
        who="w.account_id, a.address",
        joined="join records_v_reminder_reader w on w.reminder_id = r.id"
        " join records_reminder_address a on a.account_id = w.account_id"
        # the clocks of an objection and of a notice are the law's: whoever answers cannot unsubscribe from them
        " and a.confirmed_at is not null and (a.wants or r.kind in ('objection', 'notice'))",
        account="w.account_id",
    )
)
_HOOK = text(
    _PENDING.format(who="cast(null as uuid) as account_id, '' as address", joined="", account="cast(null as uuid)")
)


async def remind(runtime: Runtime) -> None:
    """Find what is due, then send what has not been sent: one mail for all that is new to an account."""
    scope, at = Scope(region=runtime.settings.root_region), runtime.clock.now()
    async with runtime.databases.transaction(scope) as session:
        await find_reminders(session, at=at)
    if mailer := mailer_of(runtime.settings):
        for pending in await _of_accounts(runtime, at):
            await _send(runtime, mailer, pending, at)
    if webhook := webhook_of(runtime.settings):
        async with runtime.databases.session(scope) as session:
            waiting = await _pending(session, _HOOK.text, at)
        for each in waiting:
            await _send(runtime, webhook, [each], at)


async def _of_accounts(runtime: Runtime, at: datetime) -> list[list[Pending]]:
    async with runtime.databases.session(Scope(region=runtime.settings.root_region)) as session:
        rows = await _pending(session, _MAIL.text, at)
    return [list(each) for _, each in groupby(rows, key=lambda row: row.account_id)]


async def _pending(session: AsyncSession, query: str, at: datetime) -> list[Pending]:
    rows = await session.execute(text(query), {"since": at - FRESH})
    return [Pending(**row) for row in rows.mappings()]


async def _send(runtime: Runtime, carrier: Carrier, pending: Sequence[Pending], at: datetime) -> None:
    mine = await _claim(runtime, pending, at)
    if not mine:
        return
    try:
        await carrier.carry(letter_of(mine, runtime.settings.base_url, int(at.timestamp())))
    except CarrierError as error:
        structlog.get_logger().warning("reminder_not_sent", carrier=type(carrier).__name__, **error.fields)
        await _give_back(runtime, mine)


async def _claim(runtime: Runtime, pending: Sequence[Pending], at: datetime) -> list[Pending]:
    """Write down what is going out and return what nobody else has claimed."""
    async with runtime.databases.transaction(Scope(region=runtime.settings.root_region)) as session:
        mine = []
        for each in pending:
            row = {"reminder_id": each.id, "account_id": each.account_id, "region": each.region, "at": at}
            claimed = insert(ReminderSent).values(row).on_conflict_do_nothing().returning(ReminderSent.id)
            if await session.scalar(claimed) is not None:
                mine.append(each)
    return mine


async def _give_back(runtime: Runtime, pending: Sequence[Pending]) -> None:
    async with runtime.databases.transaction(Scope(region=runtime.settings.root_region)) as session:
        for each in pending:
            same = ReminderSent.account_id.is_not_distinct_from(each.account_id)
            await session.execute(delete(ReminderSent).where(ReminderSent.reminder_id == each.id, same))


# twenty to every hour: an objection has five working days, and a mail server may be down for one
JOBS = (Job(REMIND, remind, cron="40 * * * *"),)
