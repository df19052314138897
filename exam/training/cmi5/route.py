"""The statement store's address: raw ASGI at the packages' own host, opened by a session's endpoint and its token."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final, cast
from urllib.parse import urlencode
from uuid import UUID

import msgspec
import structlog
from litestar import Litestar
from litestar.types import HTTPScope, Receive, Scope, Send
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.db.scope import Scope as DatabaseScope
from exam.core.errors import DomainError, NotFoundError
from exam.core.runtime import Runtime
from exam.training.cmi5 import words
from exam.training.cmi5.documents import (
    JSON,
    delete_documents,
    etag_of,
    get_document,
    list_names,
    merge_document,
    put_document,
)
from exam.training.cmi5.errors import StaleDocumentError, StatementFormError, StoreTooLargeError
from exam.training.cmi5.launch import StoreKey, agent_of, check_endpoint, check_token, token_of
from exam.training.cmi5.request import Asked, read_request
from exam.training.cmi5.sessions import Talk, fetch_once, open_talk, take_statements
from exam.training.cmi5.statement import read_statements, with_id
from exam.training.cmi5.store import Filter, get_statement, list_statements
from exam.web.front import read_body
from exam.web.problem import problem_of

METHODS: Final = ("GET", "POST", "PUT", "DELETE")
MOST_BYTES: Final = 512 * 1024
DOCUMENTS: Final = {"activities/state": "state", "activities/profile": "activity", "agents/profile": "agent"}
PRECONDITION_FAILED: Final = 412


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An answer."""

    status: int = 200
    body: bytes = b""
    media_type: str = JSON
    headers: Mapping[str, str] = {}


Serve = Callable[[AsyncSession, Talk, Asked, datetime], Awaitable[Told]]


class StorePath:
    """`/xapi/{endpoint}/…`: statements, documents, and the token that opens them."""

    def __init__(self, app: Litestar) -> None:
        self._runtime: Runtime = app.state.runtime
        self._catalogue = app.state.catalogue

    async def __call__(self, place: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; what is wrong with it is said in words."""
        at = self._runtime.clock.now()
        try:
            token, _, resource = place.partition("/")
            parts = (scope["path"], resource, scope["query_string"], scope["headers"])
            asked = read_request(cast("HTTPScope", scope)["method"], *parts)
            key = check_endpoint(token, asked.header("host"), at=at, secret=self._runtime.secrets.lease)
            body = await read_body(receive, most=MOST_BYTES, too_large=StoreTooLargeError)
            told = await self._serve(key, msgspec.structs.replace(asked, body=body), at)
        except Exception as error:  # noqa: BLE001  # the edge: nothing above would answer
            told = self._refusal(error)
        await _send(send, told, at)

    async def _serve(self, key: StoreKey, asked: Asked, at: datetime) -> Told:
        if asked.resource == "about":
            return _json({"version": [words.VERSION]})
        async with self._runtime.databases.transaction(DatabaseScope(region=key.region)) as session:
            if asked.resource == "fetch":
                return await self._fetch(session, key, asked, at)
            check_token(asked.header("authorization"), key.session, self._runtime.secrets.lease)
            if not asked.header("x-experience-api-version").startswith("1.0"):
                raise StatementFormError(what="X-Experience-API-Version")
            talk = await open_talk(session, key.session, home=self._runtime.settings.base_url, at=at)
            return await _serving(asked)(session, talk, asked, at)

    async def _fetch(self, session: AsyncSession, key: StoreKey, asked: Asked, at: datetime) -> Told:
        """Give the session's token out, once (8.2); the refusal is an answer as well, as cmi5 wants it."""
        if asked.method != "POST":
            raise NotFoundError
        if await fetch_once(session, key.session, at=at):
            return _json({"auth-token": token_of(key.session, self._runtime.secrets.lease)})
        return _json({"error-code": "1", "error-text": "The authorization token has already been returned."})

    def _refusal(self, error: Exception) -> Told:
        problem = problem_of(error, self._catalogue)
        if not isinstance(error, DomainError):
            structlog.get_logger().error("xapi_path", incident=problem.incident)
        status = PRECONDITION_FAILED if isinstance(error, StaleDocumentError) else problem.status
        return Told(status=status, body=msgspec.json.encode(problem), media_type="application/problem+json")


def _serving(asked: Asked) -> Serve:
    """Return what answers a request; raises NotFoundError."""
    method = asked.method
    if asked.resource in DOCUMENTS:
        return {"GET": _read_document, "DELETE": _drop_document}.get(method, _write_document)
    served: dict[tuple[str, str], Serve] = {
        ("GET", "statements"): _read_statements,
        ("PUT", "statements"): _write_statements,
        ("POST", "statements"): _write_statements,
        ("GET", "agents"): _read_person,
        ("GET", "activities"): _read_activity,
    }
    if (method, asked.resource) not in served:
        raise NotFoundError
    return served[method, asked.resource]


async def _write_statements(session: AsyncSession, talk: Talk, asked: Asked, at: datetime) -> Told:
    if asked.header("content-type").partition(";")[0].strip().lower() != JSON:
        raise StatementFormError(what="Content-Type")
    sent = read_statements(asked.body)
    if asked.method == "PUT":
        sent = [with_id(sent, _uuid(asked.query.get("statementId", "")))]
    ids = await take_statements(session, talk, sent, at=at)
    return Told(status=204) if asked.method == "PUT" else _json([str(each) for each in ids])


async def _read_statements(session: AsyncSession, talk: Talk, asked: Asked, at: datetime) -> Told:  # noqa: ARG001  # as all that serve
    if "voidedStatementId" in asked.query:  # nothing is ever voided here
        raise NotFoundError
    if "statementId" in asked.query:
        one = _uuid(asked.query["statementId"])
        return _json(await get_statement(session, talk.row.progress_id, one))
    found, after = await list_statements(session, talk.row, asked.read(Filter), talk.unit.actor.name)
    more = f"{asked.path}?{urlencode({**asked.query, 'after': after})}" if after else ""
    return _json({"statements": found, "more": more})


async def _read_document(session: AsyncSession, talk: Talk, asked: Asked, at: datetime) -> Told:  # noqa: ARG001  # as all that serve
    place = asked.place(DOCUMENTS[asked.resource], talk.unit.actor.name)
    if not place.name:
        since = asked.query.get("since")
        return _json(await list_names(session, talk.row, place, _instant(since) if since else None))
    found = await get_document(session, talk.row, place)
    headers = {"etag": etag_of(found.content), "last-modified": f"{found.at:%a, %d %b %Y %H:%M:%S} GMT"}
    return Told(body=found.content, media_type=found.media_type, headers=headers)


async def _write_document(session: AsyncSession, talk: Talk, asked: Asked, at: datetime) -> Told:
    place = asked.place(DOCUMENTS[asked.resource], talk.unit.actor.name)
    if not place.name:
        raise StatementFormError(what="stateId, profileId")
    media_type = asked.header("content-type") or "application/octet-stream"
    write = put_document if asked.method == "PUT" else merge_document
    await write(session, talk.row, place, asked.body, media_type, asked.seen, at=at)
    return Told(status=204)


async def _drop_document(session: AsyncSession, talk: Talk, asked: Asked, at: datetime) -> Told:  # noqa: ARG001  # as all that serve
    place = asked.place(DOCUMENTS[asked.resource], talk.unit.actor.name)
    if not place.name and place.resource != "state":
        raise StatementFormError(what="profileId")
    await delete_documents(session, talk.row, place, asked.seen)
    return Told(status=204)


async def _read_person(session: AsyncSession, talk: Talk, asked: Asked, at: datetime) -> Told:  # noqa: ARG001  # as all that serve
    return _json({"objectType": "Person", "account": [agent_of(talk.unit.actor)["account"]]})


async def _read_activity(session: AsyncSession, talk: Talk, asked: Asked, at: datetime) -> Told:  # noqa: ARG001  # as all that serve
    activity = asked.query.get("activityId", "")
    if not activity:
        raise StatementFormError(what="activityId")
    return _json({"objectType": "Activity", "id": activity})


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise StatementFormError(what="statementId") from None


def _instant(text: str) -> datetime:
    try:
        return msgspec.convert(text, datetime, strict=False)
    except msgspec.ValidationError:
        raise StatementFormError(what="since") from None


def _json(said: Any) -> Told:
    return Told(body=msgspec.json.encode(said))


async def _send(send: Send, told: Told, at: datetime) -> None:
    headers = {
        "content-type": told.media_type,
        "content-length": str(len(told.body)),
        "x-experience-api-version": words.VERSION,
        "x-experience-api-consistent-through": at.isoformat().replace("+00:00", "Z"),
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox; default-src 'none'",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
        **told.headers,
    }
    raw = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
    start: Any = {"type": "http.response.start", "status": told.status, "headers": raw}
    await send(start)
    await send({"type": "http.response.body", "body": told.body, "more_body": False})
