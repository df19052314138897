"""Positions in the status list, and what stands there now."""

from datetime import date
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from certs.duties import review_day
from certs.models import Credential, StatusEntry
from certs.state import FINAL_STATES, CredentialState
from certs.statuslist import CODE_OF_STATE, StatusCode, pack_codes

BLOCK = 1 << 17
"""Positions that are drawn from at a time: among so many a neighbour tells nothing (herd privacy)."""
FILLED = BLOCK * 3 // 4
"""Credentials that a block takes before the next is begun: a draw meets a free position in four tries at most, on average."""

# a position that is taken is drawn again; the serial moves on with every draw and passes from block to block
_DRAW = text(
    """
    insert into certs_status_entry (position, credential_id, region)
    select (nextval('certs_status_serial') - 1) / :filled * :block + floor(random() * :block)::integer,
        :credential_id, :region
    on conflict (position) do nothing returning position
    """
)


async def give_position(session: AsyncSession, row: Credential) -> int:
    """Draw a free position for a new credential, for good."""
    values = {"filled": FILLED, "block": BLOCK, "credential_id": row.id, "region": row.region}
    while (position := (await session.execute(_DRAW, values)).scalar_one_or_none()) is None:
        pass
    return int(position)


async def find_position(session: AsyncSession, credential_id: UUID) -> int | None:
    """Return where a credential stands; None where it was issued before there was a list."""
    query = select(StatusEntry.position).where(StatusEntry.credential_id == credential_id)
    found: int | None = await session.scalar(query)
    return found


async def gather_codes(session: AsyncSession, *, on: date) -> bytes | None:
    """Return the packed entries of every credential of the scope on a Shanghai date; None while nothing was issued."""
    last = await session.scalar(select(StatusEntry.position).order_by(StatusEntry.position.desc()).limit(1))
    if last is None:
        return None
    query = select(StatusEntry.position, Credential.status, Credential.qualification, Credential.review_on)
    rows = await session.execute(query.join(Credential, Credential.id == StatusEntry.credential_id))
    codes = (
        (position, _code(CredentialState(status), item, review_on, on)) for position, status, item, review_on in rows
    )
    return pack_codes(codes, (last // BLOCK + 1) * BLOCK)


def _code(state: CredentialState, qualification: str, review_on: date | None, on: date) -> StatusCode:
    """Return the code of a credential; a missed review voids it, and no QR tells of the day (`state.standing_on`)."""
    missed = review_on is not None and review_on < on and state not in FINAL_STATES
    if missed and review_day(qualification, review_on) is not None:
        return StatusCode.LAPSED
    return CODE_OF_STATE[state]
