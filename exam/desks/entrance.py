"""How a candidate gets in at home: the ticket's secret together with the ID number, and the same answer to every error."""

from hashlib import sha256

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
from exam.sitting.api import RegistrationView, find_registration_by_ticket

# four hundred candidates of one centre share an address; one ticket or one ID number is tried by one person
PER_ADDRESS, ADDRESS_WINDOW_S = 60, 60
PER_TARGET, TARGET_WINDOW_S = 10, 300


async def enter(runtime: Runtime, *, ticket: str, id_number: str, address: str, old_token: str | None) -> str:
    """Return the token of a candidate's session; raises CandidateEntranceError and TooManyRequestsError."""
    await _require_allowances(runtime, ticket, id_number, address)
    at = runtime.clock.now()
    try:
        number: IdNumber | None = parse_id_number(id_number, local_date(at))
    except DomainError:
        number = None
    async with runtime.databases.transaction(NOTHING) as session:
        registration = await find_registration_by_ticket(session, runtime, ticket)
        if registration is None or number is None:
            raise CandidateEntranceError
        if not await matches_id_number(session, runtime.sealer, registration.person_id, number):
            raise CandidateEntranceError
    return await _open(runtime, registration, old_token)


async def _open(runtime: Runtime, registration: RegistrationView, old_token: str | None) -> str:
    async with runtime.databases.transaction(Scope(person=registration.person_id)) as session:
        return await open_candidate_session(
            session,
            runtime.settings,
            person_id=registration.person_id,
            region=registration.region,
            at=runtime.clock.now(),
            old_token=old_token,
        )


async def _require_allowances(runtime: Runtime, ticket: str, id_number: str, address: str) -> None:
    limits = [(f"from:{address}", PER_ADDRESS, ADDRESS_WINDOW_S)]
    limits += [(f"to:{_name(target)}", PER_TARGET, TARGET_WINDOW_S) for target in (ticket, id_number)]
    for key, limit, window_s in limits:
        await require_allowance(runtime.valkey, f"candidate:{key}", limit=limit, window_s=window_s)


def _name(target: str) -> str:
    """Return what stands for a secret or a number in the cache: a digest of its one spelling."""
    return sha256("".join(target.split()).upper().encode()).hexdigest()[:32]
