"""Public pages: one question, one answer at a glance, no script, masked always."""

from datetime import date
from typing import Annotated, Any

import msgspec
from litestar import Controller, MediaType, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, MultipartBody, URLEncodedBody
from litestar.response import Template

from certs.answers import Answer
from certs.envelope import MAX_FILE_BYTES, read_upload
from certs.errors import DayMalformedError, ListPendingError
from certs.keys import fingerprints, grouped, published_ring
from certs.logged import find_issue_proof
from certs.naming import limit_key
from certs.numbers import parse_number
from certs.publishing import LIST_ADDRESS, LIST_KEY, PAGE_KEY, find_file, find_published
from certs.qr import decode_payload
from certs.schemas import CodeForm, FileForm, QueryForm
from certs.statuslist import MEDIA_TYPE
from certs.verification import Question, read_typed, verify_file, verify_public
from exam.core.audit.publication import LogPublication
from exam.core.crypto import digest
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.errors import DomainError, NotFoundError
from exam.core.runtime import Runtime
from exam.core.valkey import TooManyRequestsError, require_allowance
from exam.web import problem
from exam.web.policy import PUBLIC
from exam.web.request import address_of

AnyRequest = Request[Any, Any, Any]
Many = Annotated[list[Question], msgspec.Meta(min_length=1, max_length=50)]


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Questions of a program, as many as an address may ask in a minute."""

    questions: Many


PER_ADDRESS = 60
"""Checks a minute from one address: a gate that checks a whole shift stays below it."""
QUERIES_PER_ADDRESS = 20
"""Name and number a minute from one address: people ask for one, enumerating takes thousands."""
PER_TARGET = 30
TARGET_WINDOW_S = 600
PROGRAM = PUBLIC | {"exclude_from_csrf": True}
"""For programs: asking changes nothing, so there is nothing to forge."""


def refused(request: AnyRequest, error: DomainError) -> Response[Any]:
    """Answer an error on a small page of its own, or as a problem to a program."""
    if not problem.wants_page(request):
        return problem.answer(request, error)
    described = problem.problem_of(error, request.app.state.catalogue)
    headers = {"Retry-After": str(error.fields["retry_s"])} if isinstance(error, TooManyRequestsError) else {}
    return Template(
        "certs/refused.html",
        context={"problem": described},
        status_code=described.status,
        headers=headers,
        media_type=MediaType.HTML,
    )


def _page(request: AnyRequest, page: str, error: DomainError | None = None, **context: Any) -> Template:
    described = problem.problem_of(error, request.app.state.catalogue) if error else None
    context = {"problem": described, "code": "", "name": "", "number": "", "on": "", "today": ""} | context
    return Template(f"certs/{page}.html", context=context, status_code=described.status if described else 200)


def _day(typed: str) -> date | None:
    """Read the day of a form; raises DayMalformedError."""
    try:
        return date.fromisoformat(typed.strip()) if typed.strip() else None
    except ValueError as error:
        raise DayMalformedError from error


def _answered(answer: Answer, runtime: Runtime, *, asked: str, code: str = "", on: str = "") -> Template:
    context = {
        "answer": answer,
        "asked": asked,
        "code": code,
        "on": on.strip(),
        "official": runtime.settings.base_url,
        "key_id": grouped(answer.key_id) if answer.key_id else "",
    }
    return Template("certs/answer.html", context=context)


async def _allow(request: AnyRequest, runtime: Runtime, kind: str, limit: int) -> None:
    await require_allowance(runtime.valkey, f"verify-{kind}:{address_of(request)}", limit=limit, window_s=60)


async def _allow_target(runtime: Runtime, target: bytes) -> None:
    """Limit the questions about one credential, whoever asks; the key tells nobody which one it is."""
    key = f"verify-target:{digest(target).hex()[:32]}"
    await require_allowance(runtime.valkey, key, limit=PER_TARGET, window_s=TARGET_WINDOW_S)


async def _ask(request: AnyRequest, runtime: Runtime, question: Question) -> Answer:
    by_name = bool(question.name or question.number)
    await _allow(request, runtime, "query" if by_name else "code", QUERIES_PER_ADDRESS if by_name else PER_ADDRESS)
    if by_name:
        await _allow_target(runtime, limit_key(runtime.sealer, parse_number(question.number)))
    else:
        await _allow_target(runtime, (question.qr or question.public_id).encode())
    async with runtime.databases.transaction(NOTHING, Role.PUBLIC) as session:
        log = LogPublication(runtime.storage)
        return await verify_public(session, runtime.sealer, question, at=runtime.clock.now(), log=log)


async def _uploaded(form: FileForm) -> bytes:
    return read_upload(await form.file.read(MAX_FILE_BYTES + 1) if form.file else b"")


class VerifyController(Controller):
    """Checking by QR, public id or file, and asking by name and number."""

    opt = PUBLIC
    exception_handlers = {DomainError: refused}  # noqa: RUF012  # Litestar reads the attribute as it stands

    @get("/verify")
    async def form(self, request: AnyRequest) -> Template:
        return _page(request, "verify")

    @post("/verify", status_code=200)
    async def check_code(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        data: URLEncodedBody[CodeForm],
    ) -> Template:
        try:
            question = msgspec.structs.replace(read_typed(data.code), on=_day(data.on))
            answer = await _ask(request, runtime, question)
            return _answered(answer, runtime, asked="code", code=data.code, on=data.on)
        except TooManyRequestsError:
            raise
        except DomainError as error:
            return _page(request, "verify", error, code=data.code, on=data.on)

    @get("/v/{payload:str}")
    async def check_printed(
        self, request: AnyRequest, runtime: NamedDependency[Runtime], payload: FromPath[str]
    ) -> Template:
        try:
            return _answered(await _ask(request, runtime, read_typed(payload)), runtime, asked="code", code=payload)
        except TooManyRequestsError:
            raise
        except DomainError as error:
            return _page(request, "verify", error, code=payload)

    @post("/verify/file", status_code=200)
    async def check_file(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        data: MultipartBody[FileForm],
    ) -> Template:
        await _allow(request, runtime, "file", QUERIES_PER_ADDRESS)
        try:
            content, on = await _uploaded(data), _day(data.on)
            async with runtime.databases.transaction(NOTHING, Role.PUBLIC) as session:
                log = LogPublication(runtime.storage)
                answer = await verify_file(session, content, at=runtime.clock.now(), on=on, log=log)
        except DomainError as error:
            return _page(request, "verify", error, on=data.on)
        return _answered(answer, runtime, asked="file", on=data.on)

    @get("/query")
    async def query_form(self, request: AnyRequest) -> Template:
        return _page(request, "query")

    @post("/query", status_code=200)
    async def query(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        data: URLEncodedBody[QueryForm],
    ) -> Template:
        try:
            question = Question(name=data.name, number=data.number, on=_day(data.on))
            return _answered(await _ask(request, runtime, question), runtime, asked="query", on=data.on)
        except TooManyRequestsError:
            raise
        except DomainError as error:
            return _page(request, "query", error, name=data.name, number=data.number, on=data.on)

    @post("/api/verify", status_code=200, opt=PROGRAM, include_in_schema=True)
    async def ask(self, request: AnyRequest, runtime: NamedDependency[Runtime], data: JSONBody[Question]) -> Answer:
        """Say whether a certificate stands: by its QR text or public id, or by name and number."""
        return await _ask(request, runtime, data)

    @post("/api/verify/batch", status_code=200, opt=PROGRAM, include_in_schema=True)
    async def ask_many(
        self, request: AnyRequest, runtime: NamedDependency[Runtime], data: JSONBody[Batch]
    ) -> list[Answer]:
        """Answer many questions in their order; each counts as if it were asked alone."""
        return [await _ask(request, runtime, question) for question in data.questions]

    @get("/verify/proof/{public_id:str}", include_in_schema=True)
    async def proof(
        self, request: AnyRequest, runtime: NamedDependency[Runtime], public_id: FromPath[str]
    ) -> Response[bytes]:
        """Send the proof that the issue stands in the log, to whoever holds the certificate's public id."""
        return await self._proof(request, runtime, public_id)

    @post("/verify/proof", status_code=200)
    async def proof_of_code(
        self, request: AnyRequest, runtime: NamedDependency[Runtime], data: URLEncodedBody[CodeForm]
    ) -> Response[bytes]:
        """Send the same proof to whoever has just asked by the certificate's code."""
        question = read_typed(data.code)
        async with runtime.databases.transaction(NOTHING, Role.PUBLIC) as session:
            ring = await published_ring(session)
        public_id = question.public_id or decode_payload(question.qr, ring).payload.public_id
        return await self._proof(request, runtime, public_id)

    async def _proof(self, request: AnyRequest, runtime: Runtime, public_id: str) -> Response[bytes]:
        await _allow(request, runtime, "code", PER_ADDRESS)
        async with runtime.databases.transaction(NOTHING, Role.PUBLIC) as session:
            found = await find_issue_proof(session, LogPublication(runtime.storage), public_id)
        if found is None or found.proof is None:
            raise NotFoundError
        headers = {"Content-Disposition": 'attachment; filename="certificate.tlog-proof"'}
        return Response(found.proof.to_bytes(), media_type=MediaType.TEXT, headers=headers)

    @get("/verify/keys")
    async def keys(self, runtime: NamedDependency[Runtime]) -> Template:
        async with runtime.databases.transaction(NOTHING, Role.PUBLIC) as session:
            ring = await published_ring(session)
        context = {
            "keys": fingerprints(ring),
            "official": runtime.settings.base_url,
            "published": await find_published(runtime.storage, ring),
        }
        return Template("certs/keys.html", context=context)

    @get("/verify/keys.json", media_type=MediaType.JSON, include_in_schema=True)
    async def key_file(self, runtime: NamedDependency[Runtime]) -> Response[bytes]:
        """Send the keys that certificates are signed by, to be pinned by whoever checks offline."""
        async with runtime.databases.transaction(NOTHING, Role.PUBLIC) as session:
            ring = await published_ring(session)
        headers = {"Content-Disposition": 'attachment; filename="ankao-credential-keys.json"'}
        return Response(ring.to_json(), media_type=MediaType.JSON, headers=headers)

    @get("/verify/offline")
    async def verifier(self, runtime: NamedDependency[Runtime]) -> Response[bytes]:
        """Send the offline verifier as a file to keep; it is meant to be opened from a disk, never from an address."""
        return await _file(runtime, PAGE_KEY, "text/html; charset=utf-8", "ankao-verifier.html")

    @get(LIST_ADDRESS, media_type=MEDIA_TYPE, include_in_schema=True)
    async def status_list(self, runtime: NamedDependency[Runtime]) -> Response[bytes]:
        """Send the signed list of all statuses, for whoever checks many."""
        return await _file(runtime, LIST_KEY, MEDIA_TYPE, "ankao-status-list.jwt")


async def _file(runtime: Runtime, key: str, media_type: str, name: str) -> Response[bytes]:
    content = await find_file(runtime.storage, key)
    if content is None:
        raise ListPendingError
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)
