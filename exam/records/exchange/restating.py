"""What a message would say today: for a row that the upper level objected to."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from certs.api import get_credential
from exam.core.clock import local_date
from exam.core.errors import NotFoundError
from exam.core.ids import new_id
from exam.core.runtime import Runtime
from exam.records.credit.register import get_record
from exam.records.exchange.contract import Message
from exam.records.exchange.models import OutgoingMessage
from exam.records.exchange.outbox import Content, filled
from exam.records.exchange.telling import credential_data, credit_data, exported_data, result_data
from exam.records.exchange.xml import read_body
from grading.api import find_result_by_id, list_versions

CredentialTeller = Callable[..., Awaitable[dict[str, Any]]]


async def restated(session: AsyncSession, runtime: Runtime, row: OutgoingMessage) -> Content | None:
    """Return what is true now of a message's subject, None where that is what it says already.

    Reports have versions of their own, and what came from below is not ours to say anew.
    """
    message = read_body(row.body)
    try:
        data = await _data_now(session, runtime, message)
    except NotFoundError:
        return None
    if filled(data) == message.data:
        return None
    return Content(
        kind=message.kind,
        key=f"restated:{new_id()}",
        subject=message.subject,
        region=message.region,
        occurred_at=runtime.clock.now(),
        data=data,
    )


async def _data_now(session: AsyncSession, runtime: Runtime, message: Message) -> dict[str, Any]:
    match message.kind:
        case "result.released":
            return await _result(session, message)
        case "credential.changed":
            return await _credential(session, runtime, message, credential_data)
        case "credential.exported":
            return await _credential(session, runtime, message, exported_data)
        case "credit.changed":
            return await credit_data(session, await get_record(session, UUID(message.data["record_id"])))
    return message.data


async def _result(session: AsyncSession, message: Message) -> dict[str, Any]:
    data = message.data
    told = await find_result_by_id(session, UUID(data["result_id"]))
    versions = [each for each in await list_versions(session, told.origin) if each.released_at] if told else []
    if not versions:
        return data
    return await result_data(
        session,
        versions[-1],
        person_id=UUID(data["person_id"]),
        registration_id=UUID(data["registration_id"]),
        qualification=data["qualification"],
    )


async def _credential(
    session: AsyncSession, runtime: Runtime, message: Message, say: CredentialTeller
) -> dict[str, Any]:
    on = local_date(runtime.clock.now())
    credential = await get_credential(session, UUID(message.data["credential_id"]), on=on)
    return await say(session, credential, act=message.data["act"], status=credential.state)
