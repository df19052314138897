"""What the exchange hears of and makes messages from."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from certs.api import CredentialState, get_credential
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
from exam.core.events import Event, Subscription, heard_at, heard_event
from exam.core.runtime import Runtime
from exam.records.credit.register import RecordState, get_record
from exam.records.events import CreditRecordChanged
from exam.records.exchange.outbox import Content, is_wanted, offer
from exam.records.exchange.telling import credential_data, credit_data, exported_data, result_data
from grading.api import find_result_by_id
from grading.events import ResultReleased

EXPORTED = "credential.exported"
"""The same happenings for the level above, with their issuer."""
_ACTS: dict[type[Event], tuple[str, CredentialState]] = {
    CredentialIssued: ("issued", CredentialState.ISSUED),
    CredentialSuspended: ("suspended", CredentialState.SUSPENDED),
    CredentialRestored: ("restored", CredentialState.ISSUED),
    CredentialRevoked: ("revoked", CredentialState.REVOKED),
    CredentialSuperseded: ("superseded", CredentialState.SUPERSEDED),
    CredentialAnnulled: ("annulled", CredentialState.ANNULLED),
}
"""Each act and the state that it leads to: by the time it is told, another one may have followed."""


async def tell_result(runtime: Runtime, session: AsyncSession, event: ResultReleased) -> None:
    """Tell of a result that was released, and of every later version of it."""
    result = await find_result_by_id(session, event.result_id)
    if result is None:
        raise NotFoundError(result_id=str(event.result_id))
    data = await result_data(
        session,
        result,
        person_id=event.person_id,
        registration_id=event.registration_id,
        qualification=event.qualification,
    )
    content = Content(
        kind="result.released",
        key=heard_event(session),
        subject=f"registration:{event.registration_id}",
        region=event.region,
        occurred_at=result.released_at or heard_at(session),
        data=data,
    )
    await offer(session, runtime, content)


def _tell_credential(act: str, state: CredentialState) -> Callable[[Runtime, AsyncSession, Any], Awaitable[None]]:
    async def tell(runtime: Runtime, session: AsyncSession, event: Any) -> None:
        credential = await get_credential(session, event.credential_id, on=local_date(heard_at(session)))
        content = Content(
            kind="credential.changed",
            key=heard_event(session),
            subject=f"credential:{credential.id}",
            region=event.region,
            occurred_at=heard_at(session),
            data=await credential_data(session, credential, act=act, status=state),
        )
        await offer(session, runtime, content)
        if await is_wanted(session, EXPORTED):
            data = await exported_data(session, credential, act=act, status=state)
            key = f"{content.key}:{EXPORTED}"
            await offer(session, runtime, msgspec.structs.replace(content, kind=EXPORTED, key=key, data=data))

    return tell


async def tell_credit(runtime: Runtime, session: AsyncSession, event: CreditRecordChanged) -> None:
    """Tell of what stands on record after two people's decision, and of its end; never of a lead.

    By the time it is told, the record may have ended: each message says what it became then.
    """
    row = await get_record(session, event.record_id)
    if event.state == RecordState.STANDING:
        row = msgspec.structs.replace(row, state=event.state, ended_on=None)
    content = Content(
        kind="credit.changed",
        key=heard_event(session),
        subject=f"credit:{row.id}",
        region=event.region,
        occurred_at=heard_at(session),
        data=await credit_data(session, row),
    )
    await offer(session, runtime, content)


SUBSCRIPTIONS = (
    Subscription(ResultReleased, "records.tell_result", tell_result),
    *(
        Subscription(event, f"records.tell_{act}", _tell_credential(act, state))
        for event, (act, state) in _ACTS.items()
    ),
    Subscription(CreditRecordChanged, "records.tell_credit", tell_credit),
)
