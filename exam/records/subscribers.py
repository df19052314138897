"""What records hear: results told and turns in the life of credentials become entries of persons and enterprises."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from certs.api import get_credential, list_events
from certs.events import (
    CredentialAnnulled,
    CredentialIssued,
    CredentialRestored,
    CredentialRevoked,
    CredentialSuperseded,
    CredentialSuspended,
)
from exam.core.clock import local_date
from exam.core.errors import NotFoundError
from exam.core.events import Subscription
from exam.core.runtime import Runtime
from exam.records.entries import Happening, append
from exam.sitting.api import get_registration
from grading.api import find_result_by_id
from grading.events import ResultReleased

CredentialTurn = (
    CredentialIssued
    | CredentialSuspended
    | CredentialRestored
    | CredentialRevoked
    | CredentialSuperseded
    | CredentialAnnulled
)
_TURNS: dict[type[CredentialTurn], str] = {
    CredentialIssued: "issued",
    CredentialSuspended: "suspended",
    CredentialRestored: "restored",
    CredentialRevoked: "revoked",
    CredentialSuperseded: "superseded",
    CredentialAnnulled: "annulled",
}


async def note_result(runtime: Runtime, session: AsyncSession, event: ResultReleased) -> None:
    """Enter a result that has been told; a correction is a further entry and changes none."""
    result = await find_result_by_id(session, event.result_id)
    if result is None:
        raise NotFoundError(result_id=str(event.result_id))
    now = runtime.clock.now()
    happened = Happening(
        person_id=event.person_id,
        region=event.region,
        kind="result",
        subject_id=event.result_id,
        qualification=event.qualification,
        at=result.released_at or now,
        facts={"part": result.part, "passed": result.passed, "outcome": result.outcome, "version": result.version},
        marks={"marks": result.marks, "pass_marks": result.pass_marks},
    )
    await append(session, happened, registered_by=await _registered_by(session, [event.registration_id]), now=now)


def _note_turn(kind: str) -> Callable[[Runtime, AsyncSession, Any], Awaitable[None]]:
    async def note(runtime: Runtime, session: AsyncSession, event: CredentialTurn) -> None:
        now = runtime.clock.now()
        credential = await get_credential(session, event.credential_id, on=local_date(now))
        happened = Happening(
            person_id=event.person_id,
            region=event.region,
            kind=kind,
            subject_id=event.credential_id,
            qualification=event.qualification,
            at=await _when(session, event.credential_id, kind) or now,
            facts={"version": credential.version, "valid_until": credential.valid_until.isoformat()},
        )
        # whoever had a person examined learns how that ended; what becomes of it later is for present employers
        ended = credential.registration_ids if kind == "issued" else ()
        await append(session, happened, registered_by=await _registered_by(session, ended), now=now)

    return note


async def _registered_by(session: AsyncSession, registration_ids: Iterable[UUID]) -> set[UUID]:
    found = {(await get_registration(session, each)).organisation_id for each in registration_ids}
    return {organisation_id for organisation_id in found if organisation_id is not None}


async def _when(session: AsyncSession, credential_id: UUID, kind: str) -> datetime | None:
    """Return when it last happened by the credential's own history."""
    return max((event.at for event in await list_events(session, credential_id) if event.kind == kind), default=None)


SUBSCRIPTIONS = (
    Subscription(ResultReleased, "records.result", note_result),
    *(Subscription(event, f"records.credential_{kind}", _note_turn(kind)) for event, kind in _TURNS.items()),
)
