"""What the judge reads of the database, as the application role in the scope of the whole installation."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.cli.simulation.judging import Stored
from exam.delivery.api import Revision, hand_in_digest, response_digest

_REVISIONS = text(
    "select attempt_id, slot, seq, response, (extract(epoch from arrived_at) * 1000000)::bigint as arrived_us"
    " from delivery_response_revision where attempt_id = any(:attempts) order by attempt_id, slot, seq",
)
# what must be one is counted where it is more than one
_TWICE = text(
    """
    select (select count(*) from (select registration_id from delivery_attempt
                group by registration_id having count(*) > 1) a)
        + (select count(*) from (select attempt_id, version from grading_result where attempt_id is not null
                group by attempt_id, version having count(*) > 1) r)
        + (select count(*) from (select number_index, qualification from certs_credential
                where status = 'issued' group by number_index, qualification having count(*) > 1) c)
    """,
)


async def read_evidence(session: AsyncSession, attempts: set[UUID]) -> tuple[list[Stored], dict[UUID, str]]:
    """Return every stored revision of the attempts, and the hand-in digest that they give."""
    stored: list[Stored] = []
    revisions: dict[UUID, list[Revision]] = {attempt: [] for attempt in attempts}
    for row in await session.execute(_REVISIONS, {"attempts": list(attempts)}):
        stored.append(Stored(row.attempt_id, row.slot, row.seq, row.response))
        revisions[row.attempt_id].append(
            Revision(
                slot=row.slot,
                seq=row.seq,
                response_digest=response_digest(row.response.encode()),
                arrived_at_ms=row.arrived_us // 1000,
            ),
        )
    return stored, {attempt: hand_in_digest(attempt, rows).hex() for attempt, rows in revisions.items()}


async def count_duplicates(session: AsyncSession) -> int:
    """Count attempts, results and credentials that exist twice where one is allowed."""
    return int(await session.scalar(_TWICE) or 0)
