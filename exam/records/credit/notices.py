"""告知: telling the party the facts, the basis and its rights, before anything is decided."""

from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.principal import Principal
from exam.core.words import clean_line
from exam.identity.api import require_region
from exam.records.credit.clues import advance, lock_clue, words_of
from exam.records.credit.errors import DocumentNumberError
from exam.records.credit.limits import load_terms
from exam.records.credit.models import Notice
from exam.records.credit.state import ClueState
from exam.records.regulator_desk import ROLE
from exam.standards.api import working_days_after

MAX_NUMBER = 64


class NoticeView(msgspec.Struct, frozen=True, kw_only=True):
    """What the party was told; it may answer through `defence_until_on`."""

    document_no: str
    text: str
    defence_until_on: date
    noticed_at: datetime


async def give_notice(
    session: AsyncSession, principal: Principal, clue_id: UUID, *, document_no: str, text: str, at: datetime
) -> None:
    """Tell the party; from now on it reads its case, and its time to answer runs."""
    row = await lock_clue(session, clue_id)
    require_region(principal, row.region, ROLE)
    number, words = number_of(document_no), words_of(text)
    until = working_days_after(local_date(at), load_terms().defence_days.value)
    facts = {"document_no": number, "until": until.isoformat()}
    await advance(session, principal, row, ClueState.NOTICED, "clue.noticed", number, at=at, due_on=until, facts=facts)
    notice = Notice(
        clue_id=row.id,
        region=row.region,
        document_no=number,
        text=words,
        defence_until_on=until,
        noticed_by=principal.account,
        noticed_at=at,
    )
    session.add(notice)
    await session.flush()


async def find_notice(session: AsyncSession, clue_id: UUID) -> NoticeView | None:
    """Return the notice of a case of the scope, or None before there is one."""
    row = await session.get(Notice, clue_id)
    names = NoticeView.__struct_fields__
    return None if row is None else NoticeView(**{name: getattr(row, name) for name in names})


def number_of(text: str) -> str:
    """Return the number of a document; raises DocumentNumberError and InvisibleCharacterError."""
    number = clean_line(text)
    if not 1 <= len(number) <= MAX_NUMBER:
        raise DocumentNumberError
    return number
