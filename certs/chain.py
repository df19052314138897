"""The versions of a credential and what each was worth on a day, from the history that strangers may see."""

from datetime import date, datetime, timedelta
from itertools import groupby

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from certs.answers import Verdict, VersionNote
from certs.duties import review_day
from certs.errors import DayAheadError
from certs.state import fold, standing_on
from exam.core.clock import local_date, local_midnight

_REVIEWS = {"reviewed", "review_ended"}
"""After either the term alone counts: of three years within six there is one review."""
_HISTORY = text("select * from certs_public_history(:public_id)")


class Day(msgspec.Struct, frozen=True):
    """The Shanghai day that is asked about, and the instant at which it is over or now."""

    on: date
    until: datetime
    past: bool


def day_asked(on: date | None, at: datetime) -> Day:
    """Return the day of a question, today unless it names one; raises DayAheadError for a day that has not come."""
    today = local_date(at)
    if on is None or on == today:
        return Day(today, at, past=False)
    if on > today:
        raise DayAheadError(today=today.isoformat())
    return Day(on, local_midnight(on + timedelta(days=1)), past=True)


async def list_versions_on(session: AsyncSession, public_id: str, day: Day) -> tuple[VersionNote, ...]:
    """Return every version that was issued by then, the oldest first, with its status at the end of the day."""
    rows = [row for row in await session.execute(_HISTORY, {"public_id": public_id}) if row.at <= day.until]
    found = []
    for version, events in groupby(rows, key=lambda row: row.version):
        known = list(events)
        first = known[0]
        kinds = [row.kind for row in known]
        review_on = None if _REVIEWS & {*kinds} else review_day(first.qualification, first.review_due_on)
        standing = standing_on(fold(kinds), first.valid_from_on, first.valid_until_on, day.on, review_on=review_on)
        found.append(
            VersionNote(
                version=version,
                status=Verdict(standing.value),
                issued_on=first.issued_on,
                valid_until=first.valid_until_on,
                changed_at=known[-1].at,
            )
        )
    return tuple(found)
