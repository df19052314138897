"""What the exchange hears of and makes messages from; each says what its kind's fields are (data/kinds.toml)."""

from collections.abc import Awaitable, Callable
from typing import Any

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
from exam.core.events import Event, Subscription, heard_event
from exam.core.runtime import Runtime
from exam.identity.api import get_organisation, get_person
from exam.records.credit.register import get_record
from exam.records.events import CreditRecordChanged
from exam.records.exchange.outbox import Content, offer
from grading.api import find_result_by_id
from grading.events import ResultReleased

_ACTS: dict[type[Event], str] = {
    CredentialIssued: "issued",
    CredentialSuspended: "suspended",
    CredentialRestored: "restored",
    CredentialRevoked: "revoked",
    CredentialSuperseded: "superseded",
    CredentialAnnulled: "annulled",
}


async def tell_result(runtime: Runtime, session: AsyncSession, event: ResultReleased) -> None:
    """Tell of a result that was released, and of every later version of it."""
    result = await find_result_by_id(session, event.result_id)
    if result is None:
        raise NotFoundError(result_id=str(event.result_id))
    person = await get_person(session, event.person_id)
    content = Content(
        kind="result.released",
        key=heard_event(session),
        subject=f"registration:{event.registration_id}",
        region=event.region,
        occurred_at=result.released_at or runtime.clock.now(),
        data={
            "registration_id": str(event.registration_id),
            "result_id": str(result.id),
            "version": result.version,
            "person_id": str(person.id),
            "name_masked": person.name_masked,
            "number_masked": person.id_masked,
            "qualification": event.qualification,
            "part": result.part,
            "passed": bool(result.passed),
        },
    )
    await offer(session, runtime, content)


def _tell_credential(act: str) -> Callable[[Runtime, AsyncSession, Any], Awaitable[None]]:
    async def tell(runtime: Runtime, session: AsyncSession, event: Any) -> None:
        now = runtime.clock.now()
        credential = await get_credential(session, event.credential_id, on=local_date(now))
        person = await get_person(session, event.person_id)
        turns = [each.at for each in await list_events(session, event.credential_id) if each.kind == act]
        content = Content(
            kind="credential.changed",
            key=heard_event(session),
            subject=f"credential:{credential.id}",
            region=event.region,
            occurred_at=max(turns, default=now),
            data={
                "credential_id": str(credential.id),
                "act": act,
                "status": credential.status,
                "version": credential.version,
                "person_id": str(person.id),
                "name_masked": credential.holder_masked,
                "number_masked": person.id_masked,
                "certificate_masked": credential.number_masked,
                "qualification": credential.qualification,
                "issued_on": credential.issued_on.isoformat(),
                "valid_from_on": credential.valid_from.isoformat(),
                "valid_until_on": credential.valid_until.isoformat(),
                "issuer": credential.issuer,
            },
        )
        await offer(session, runtime, content)

    return tell


async def tell_credit(runtime: Runtime, session: AsyncSession, event: CreditRecordChanged) -> None:
    """Tell of what stands on record after two people's decision, and of its end; never of a lead."""
    row = await get_record(session, event.record_id)
    body = await get_organisation(session, row.organisation_id) if row.organisation_id else None
    content = Content(
        kind="credit.changed",
        key=heard_event(session),
        subject=f"credit:{row.id}",
        region=event.region,
        occurred_at=runtime.clock.now(),
        data={
            "record_id": str(row.id),
            "kind": row.kind,
            "state": row.state,
            "subject_name": row.subject_name,
            "uscc": body.uscc if body else None,
            "document_no": row.document_no,
            "title": row.title,
            "authority": row.authority,
            "severity": row.severity,
            "decided_on": row.decided_on.isoformat(),
            "publish_until_on": row.publish_until_on and row.publish_until_on.isoformat(),
            "ended_on": row.ended_on and row.ended_on.isoformat(),
        },
    )
    await offer(session, runtime, content)


SUBSCRIPTIONS = (
    Subscription(ResultReleased, "records.tell_result", tell_result),
    *(Subscription(event, f"records.tell_{act}", _tell_credential(act)) for event, act in _ACTS.items()),
    Subscription(CreditRecordChanged, "records.tell_credit", tell_credit),
)
