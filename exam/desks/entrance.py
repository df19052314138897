"""How a candidate or learner gets in at home: the paper's secret with the ID number, and the same answer to every error."""

from hashlib import sha256
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.db.scope import NOTHING, Scope
from exam.core.errors import DomainError
from exam.core.runtime import Runtime
from exam.core.valkey import require_allowance
from exam.identity.api import (
    CandidateEntranceError,
    IdNumber,
    matches_id_number,
    open_candidate_session,
    parse_id_number,
)
from exam.sitting.api import find_registration_by_ticket
from exam.training.api import find_pass_holder

EXAMS, TRAINING = "/me", "/learn"
# four hundred candidates of one centre share an address; one ticket or one ID number is tried by one person
PER_ADDRESS, ADDRESS_WINDOW_S = 60, 60
PER_TARGET, TARGET_WINDOW_S = 10, 300


class Entered(msgspec.Struct, frozen=True):
    """An opened session and the page that whoever came by this paper wants first."""

    token: str
    home: str


class _Bearer(msgspec.Struct, frozen=True):
    """Whose ticket or pass it is."""

    person_id: UUID
    region: str
    home: str


async def enter(runtime: Runtime, *, ticket: str, id_number: str, address: str, old_token: str | None) -> Entered:
    """Open a session for the bearer of a ticket or of a learner's pass.

    Raises CandidateEntranceError and TooManyRequestsError.
    """
    await _require_allowances(runtime, ticket, id_number, address)
    at = runtime.clock.now()
    try:
        number: IdNumber | None = parse_id_number(id_number, local_date(at))
    except DomainError:
        number = None
    async with runtime.databases.transaction(NOTHING) as session:
        bearer = await _bearer(session, runtime, ticket)
        if bearer is None or number is None:
            raise CandidateEntranceError
        if not await matches_id_number(session, runtime.sealer, bearer.person_id, number):
            raise CandidateEntranceError
    return await _open(runtime, bearer, old_token)


async def _bearer(session: AsyncSession, runtime: Runtime, scanned: str) -> _Bearer | None:
    if registration := await find_registration_by_ticket(session, runtime, scanned):
        return _Bearer(registration.person_id, registration.region, EXAMS)
    if holder := await find_pass_holder(session, scanned):
        return _Bearer(holder.person_id, holder.region, TRAINING)
    return None


async def _open(runtime: Runtime, bearer: _Bearer, old_token: str | None) -> Entered:
    async with runtime.databases.transaction(Scope(person=bearer.person_id)) as session:
        token = await open_candidate_session(
            session,
            runtime.settings,
            person_id=bearer.person_id,
            region=bearer.region,
            at=runtime.clock.now(),
            old_token=old_token,
        )
    return Entered(token, bearer.home)


async def _require_allowances(runtime: Runtime, ticket: str, id_number: str, address: str) -> None:
    limits = [(f"from:{address}", PER_ADDRESS, ADDRESS_WINDOW_S)]
    limits += [(f"to:{_name(target)}", PER_TARGET, TARGET_WINDOW_S) for target in (ticket, id_number)]
    for key, limit, window_s in limits:
        await require_allowance(runtime.valkey, f"candidate:{key}", limit=limit, window_s=window_s)


def _name(target: str) -> str:
    """Return what stands for a secret or a number in the cache: a digest of its one spelling."""
    return sha256("".join(target.split()).upper().encode()).hexdigest()[:32]
