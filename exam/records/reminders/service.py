"""Reading reminders and choosing whether they come by mail."""

import re
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.principal import Principal
from exam.records.reminders.errors import MailAddressError
from exam.records.reminders.models import ReminderAddress

SHOWN = timedelta(days=120)
NEW = timedelta(days=7)
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,5}")
_MINE = (
    "records_v_reminder_reader w join records_reminder r on r.id = w.reminder_id"
    " where w.account_id = :account and r.made_at > :since"
)
# of a matter the stage that it has reached: what was told before is past
_LIST = text(
    "select id, kind, subject, stage, due_on, facts, made_at from ("
    "select distinct on (r.kind, r.subject, r.due_on) r.id, r.kind, r.subject, r.stage, r.due_on, r.facts, r.made_at"
    f" from {_MINE} order by r.kind, r.subject, r.due_on, r.made_at desc, r.id) each"
    " order by made_at desc, due_on, id limit :limit offset :offset",
)
_COUNT = text(f"select count(*) from {_MINE}")


class ReminderView(msgspec.Struct, frozen=True, kw_only=True):
    """One matter at the stage that it has reached."""

    id: UUID
    kind: str
    subject: str
    stage: str
    due_on: date
    facts: dict[str, Any]
    made_at: datetime

    @property
    def person(self) -> UUID | None:
        """Whose certificate it is."""
        return UUID(self.facts["person"]) if "person" in self.facts else None


class MailChoice(msgspec.Struct, frozen=True, kw_only=True):
    """Where mail goes, whether it is wanted, and whether its owner has opened the link that was mailed there."""

    address: str = ""
    wants: bool = False
    confirmed: bool = False


async def list_reminders(
    session: AsyncSession, principal: Principal, *, at: datetime, limit: int, offset: int = 0
) -> list[ReminderView]:
    """Page the principal's own reminders within the scope, the newest first."""
    values = {"account": principal.account, "since": at - SHOWN, "limit": limit, "offset": offset}
    return [ReminderView(**row) for row in (await session.execute(_LIST, values)).mappings()]


async def count_new(session: AsyncSession, principal: Principal, *, at: datetime) -> int:
    """Count the principal's reminders of the last seven days."""
    return int(await session.scalar(_COUNT, {"account": principal.account, "since": at - NEW}) or 0)


async def get_mail_choice(session: AsyncSession, principal: Principal) -> MailChoice:
    """Return what the principal has chosen."""
    row = await session.get(ReminderAddress, principal.account)
    if row is None:
        return MailChoice()
    return MailChoice(address=row.address, wants=row.wants, confirmed=row.confirmed_at is not None)


async def choose_mail(
    session: AsyncSession, principal: Principal, region: str, *, address: str, wants: bool, at: datetime
) -> None:
    """Set the principal's own address, or stop the mail; raises MailAddressError.

    An address that its owner has not confirmed is asked about, again at each time that it is saved.
    """
    plain = address.strip()
    if not _ADDRESS.fullmatch(plain):
        raise MailAddressError
    row = await session.get(ReminderAddress, principal.account, with_for_update=True)
    if row is None:
        row = ReminderAddress(account_id=principal.account, address=plain)
        session.add(row)
    if row.address != plain or row.confirmed_at is None:
        row.asked_at = row.confirmed_at = None
    row.address, row.wants, row.changed_at = plain, wants, at
    await session.flush()
    subject = ("account", str(principal.account))
    await record(session, principal, "reminder.mail_chosen", subject, at=at, region=region, facts={"wants": wants})
