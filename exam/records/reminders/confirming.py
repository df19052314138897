"""A mail address counts once its owner has opened the link that was mailed there, logged in to the account that named it.

The worker writes the link, for it alone has the way to the mail server; it is sealed, so nothing is kept of it.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.crypto import Sealer, SealError
from exam.core.db.scope import Scope
from exam.core.errors import DomainError
from exam.core.jobs import Job
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.records.reminders.carriers import Carrier, CarrierError, Letter, mailer_of
from exam.records.reminders.errors import MailLinkError
from exam.records.reminders.models import ReminderAddress

CONFIRM = "records.confirm_mail"
LINK_LIFE = timedelta(days=3)
ADDRESS = "/reminders/mail/confirm"
_PLACE = "records_reminder_address.link"


class Link(msgspec.Struct, frozen=True):
    """What a link says, sealed: whose account, which address, and when it was written."""

    account: UUID
    address: str
    at: datetime


def seal_link(sealer: Sealer, link: Link) -> str:
    """Return the token of a link."""
    return urlsafe_b64encode(sealer.seal(msgspec.json.encode(link).decode(), _PLACE)).decode()


def open_link(sealer: Sealer, token: str, *, at: datetime) -> Link:
    """Return what a token says; raises MailLinkError for a strange or an old one."""
    try:
        link = msgspec.json.decode(sealer.open(urlsafe_b64decode(token), _PLACE), type=Link)
    except (SealError, DomainError, ValueError) as error:
        raise MailLinkError from error
    if link.at + LINK_LIFE < at:
        raise MailLinkError
    return link


async def confirm_mail(session: AsyncSession, principal: Principal, region: str, link: Link, *, at: datetime) -> None:
    """Let the principal's address count; raises MailLinkError where the link is not theirs or the address has changed since."""
    row = await session.get(ReminderAddress, principal.account, with_for_update=True)
    if row is None or (link.account, link.address) != (row.account_id, row.address):
        raise MailLinkError
    if row.confirmed_at is None:
        row.confirmed_at = at
        await session.flush()
        await record(session, principal, "reminder.mail_confirmed", ("account", row.account_id), at=at, region=region)


async def ask_owners(runtime: Runtime) -> None:
    """Mail a link to every address that has none yet, each in its own transaction."""
    if (mailer := mailer_of(runtime.settings)) is None:
        return
    scope = Scope(region=runtime.settings.root_region)
    async with runtime.databases.session(scope) as session:
        waiting = list(await session.scalars(_WAITING))
    for account_id in waiting:
        async with runtime.databases.transaction(scope) as session:
            await _ask(runtime, session, mailer, account_id)


_WAITING = select(ReminderAddress.account_id).where(
    ReminderAddress.confirmed_at.is_(None), ReminderAddress.asked_at.is_(None)
)


async def _ask(runtime: Runtime, session: AsyncSession, mailer: Carrier, account_id: UUID) -> None:
    waiting = _WAITING.where(ReminderAddress.account_id == account_id).with_for_update(skip_locked=True)
    if await session.scalar(waiting) is None:
        return
    row, at = await session.get_one(ReminderAddress, account_id), runtime.clock.now()
    token = seal_link(runtime.sealer, Link(account_id, row.address, at))
    try:
        await mailer.carry(_letter(row.address, f"{runtime.settings.base_url}{ADDRESS}?token={token}", runtime, at))
    except CarrierError as error:
        structlog.get_logger().warning("mail_link_not_sent", **error.fields)
        return
    row.asked_at = at


def _letter(to: str, link: str, runtime: Runtime, at: datetime) -> Letter:
    lines = (
        "有人在安考把这个邮箱设为接收提醒的邮箱。是您本人的,请在三天内登录后打开下面的链接;不是的,请忽略。",
        "Somebody has named this address for reminders of Ankao. If it was you, log in and open this link within 3 days.",
        link,
    )
    return Letter(
        id=f"confirm-{int(at.timestamp())}",
        to=to,
        title="安考:确认提醒邮箱 / confirm your address",
        text="\n\n".join(lines) + "\n",
        more=f"{runtime.settings.base_url}/reminders",
        body=b"",
        unix_s=int(at.timestamp()),
    )


JOBS = (Job(CONFIRM, ask_owners, cron="* * * * *"),)
