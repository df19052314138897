"""No field that a route did not ask for is taken, and nothing changes when one is sent (TRUST.md C3)."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, cast

import msgspec
import pytest
from httpx import ASGITransport, AsyncClient, Response
from litestar import Litestar
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from sqlalchemy import text

from certs.schemas import ChangeForm
from exam.core.db.roles import Role as DatabaseRole
from exam.core.db.scope import NOTHING
from exam.core.runtime import Runtime
from exam.delivery.responses import SaveBatch
from exam.identity.roles import Role
from exam.identity.sessions import COOKIE
from exam.records.exchange.contract import Message
from exam.records.exchange.reconciling import Question
from exam.records.nodes.transfer import Asking, PartName
from exam.sitting.schemas import RegistrationForm, RegistrationIn
from exam.training.cmi5.statement import Statement
from exam.training.ledger.judging import Beat
from exam.training.lessons.study_route import Choice
from exam.training.schemas import SignForm, SubtitleForm
from exam.web.forms import Form
from exam.web.policy import KEY, Policy
from tests.builders import identity as make
from tests.builders.bodies import NOBODY, least, nested_structs
from tests.builders.identity import CITY
from tests.builders.sitting import (
    id_number,
    make_bank,
    make_centre,
    make_registration,
    make_sitting,
    make_staff,
    portrait,
)
from tests.builders.web import BASE, serving_within

JSON = {"accept": "application/json"}
SENT = ("score", "status", "role", "region", "passed", "created_at", "deadline_at", "id")
READ_BY_HAND: dict[str, type[msgspec.Struct]] = {
    "/api/attempts/{id}/responses": SaveBatch,
    "/api/centre/sittings/{sitting_id:uuid}/registrations": RegistrationIn,
    "/centre/sittings/{sitting_id:uuid}/registrations": RegistrationForm,
    "/centre/sittings/{sitting_id:uuid}/batch": Form,
    "/centre/registrations/{registration_id:uuid}/photo": Form,
    "/centre/training/classes/{class_id:uuid}/learners/workbook": Form,
    "/enterprise/training/classes/{class_id:uuid}/workbook": Form,
    "/learn/sign/{session_id:uuid}": SignForm,
    "/centre/training/materials/{material_id:uuid}/parts/{place:int}": Form,
    "/centre/training/materials/{material_id:uuid}/subtitles": SubtitleForm,
    "/centre/credentials/{credential_id:uuid}/change": ChangeForm,
    "/regulator/credit/import": Form,
    "/regulator/national/import": Form,
    "/regulator/batches/import": Form,
    "/api/exchange/incoming/{neighbour_id:uuid}/parts": PartName,
    "/regulator/enterprises/import": Form,
    "/api/exchange/incoming/{neighbour_id:uuid}": Message,
    "/api/exchange/incoming/{neighbour_id:uuid}/rows": Question,
    "/api/exchange/incoming/{neighbour_id:uuid}/answers": Asking,
    "/api/exchange/incoming/{neighbour_id:uuid}/batches": Asking,
    "/enterprise/verify": Form,
    "/api/study/{id}/beat": Beat,
    "/api/study/{id}/answer": Choice,
    "/xapi/{id}": Statement,
}
"""Routes that decode their own body, with what they decode it to; their own tests send them unknown fields."""
WITHOUT_BODY = frozenset(
    {
        "/language/{code:str}",
        "/theme/{name:str}",
        "/logout",
        "/api/centre/sittings/{sitting_id:uuid}/{act:str}",
        "/api/centre/sittings/{sitting_id:uuid}/release",
        "/api/centre/regrades/{regrade_id:uuid}/approve",
        "/api/attempts/{attempt_id:uuid}/start",
        "/api/attempts/{attempt_id:uuid}/hand",
        "/api/learn/mocks/{mock_id:uuid}/start",
        "/api/centre/hours/{claim_id:uuid}/confirm",
        "/api/attempts/{attempt_id:uuid}/messages/{message_id:uuid}/ack",
        "/api/media/attempts/{attempt_id:uuid}/probe",
        "/proctor/incidents/{incident_id:uuid}/bundle",
        "/proctor/cameras/{camera_id:uuid}/retire",
        "/centre/training/materials/{material_id:uuid}/finish",
    },
)
"""Acts that are wholly in their address: a body is not read."""
BY_LEARNER = frozenset({"/teach/sessions/{session_id:uuid}/confirm"})
"""A roll: its fields are named by its learners, and a name of any other kind is never looked up."""
PARAMETER = re.compile(r"\{(\w+):\w+\}")
PARTS = {"act": "open", "name": "extend", "decision": "confirmed"}
ACTS = {"/regulator/reports/{report_id:uuid}/{act:str}": "sign"}
QUERIES = {"/bank/items/new": "?qualification=special.1.2"}
WHO = [*sorted(Role), "public", "session", "key"]


class Write(msgspec.Struct, frozen=True):
    """One route that takes a struct."""

    path: str
    policy: Policy
    body: type[msgspec.Struct]
    media: str

    @property
    def address(self) -> str:
        parts = {**PARTS, "act": ACTS.get(self.path, PARTS["act"])}
        address = PARAMETER.sub(lambda found: parts.get(found[1], str(NOBODY)), self.path)
        return address + QUERIES.get(self.path, "")

    async def send(self, client: AsyncClient, **more: str) -> Response:
        fields = least(self.body) | more
        if self.media == RequestEncodingType.JSON:
            return await client.post(self.address, json=fields)
        if self.media == RequestEncodingType.URL_ENCODED:
            return await client.post(self.address, data=fields)
        return await client.post(self.address, data=fields, files={"file": ("a.pdf", b"%PDF-")})


@pytest.fixture
async def app(runtime: Runtime) -> AsyncIterator[Litestar]:
    await runtime.valkey.flushdb()
    async with serving_within(runtime) as running:
        yield running


def _writing(app: Litestar) -> Iterator[tuple[str, HTTPRouteHandler]]:
    for route in app.routes:
        for handler in getattr(route, "route_handlers", []):
            if handler.http_methods & {"POST", "PUT", "PATCH", "DELETE"}:
                yield route.path, handler


def _writes(app: Litestar) -> list[Write]:
    found = []
    for path, handler in _writing(app):
        field = handler.parsed_data_field
        if field is not None and path not in BY_LEARNER:
            kind = field.kwarg_definition
            media = getattr(kind, "media_type", RequestEncodingType.JSON)
            found.append(Write(path, handler.opt[KEY], field.annotation, media))
    return found


async def test_every_writing_route_takes_a_struct_or_nothing(app: Litestar) -> None:
    without = {path for path, handler in _writing(app) if handler.parsed_data_field is None}
    raw = {raw.path for plugin in app.state.plugins for raw in plugin.raw if raw.method == "POST"}
    assert without | raw == set(READ_BY_HAND) | WITHOUT_BODY
    assert all(issubclass(write.body, msgspec.Struct) for write in _writes(app))


async def _columns(runtime: Runtime) -> set[str]:
    query = text("select distinct column_name from information_schema.columns where table_schema = 'public'")
    async with runtime.databases.session(NOTHING, DatabaseRole.OWNER) as session:
        return set(await session.scalars(query))


async def test_no_struct_takes_the_name_of_any_column_that_is_not_its_own(app: Litestar, runtime: Runtime) -> None:
    columns = await _columns(runtime)
    assert len(columns) > 200
    kinds = {write.body for write in _writes(app)} | set(READ_BY_HAND.values())
    everything = {part for kind in kinds for part in nested_structs(kind)}
    assert {part for part in everything if not part.__struct_config__.forbid_unknown_fields} == set()
    for kind in everything - {UploadFile}:
        fields = least(kind)
        msgspec.convert(fields, kind, strict=False)  # the body itself is good
        for name in columns - set(kind.__struct_encode_fields__):
            with pytest.raises(msgspec.ValidationError, match="unknown field"):
                msgspec.convert(fields | {name: "1"}, kind, strict=False)


@asynccontextmanager
async def _client(app: Litestar, runtime: Runtime, who: str) -> AsyncIterator[AsyncClient]:
    cookies = {}
    if who not in {"public", "key"}:
        role = Role.AUDITOR if who == "session" else Role(who)
        cookies = await make.session_cookie(
            runtime, await make.account(runtime, login="someone", roles=(role,), region=CITY)
        )
    transport = ASGITransport(cast("Any", app), raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url=BASE, headers=JSON, cookies=cookies) as client:
        await client.get("/login")
        client.headers["x-csrftoken"] = client.cookies["csrftoken"]
        yield client


def _mine(write: Write, who: str) -> bool:
    return who in write.policy.roles or write.policy.kind == who


async def _fingerprint(runtime: Runtime) -> dict[str, str]:
    """Return a digest of every table; when a session was last seen is no fact that a body could set."""
    found = {}
    async with runtime.databases.session(NOTHING, DatabaseRole.OWNER) as session:
        tables = await session.scalars(text("select tablename from pg_tables where schemaname = 'public'"))
        for table in tables.all():
            whole = f"select coalesce(md5(string_agg(md5(t::text), '' order by t::text)), '') from {table} t"
            found[table] = str(await session.scalar(text(whole)))
    del found["identity_session"]
    return found


def _is_refused(answer: Response) -> bool:
    """Tell a body that was not even decoded from one that the route refused in its own words."""
    problem = answer.headers["content-type"].startswith("application/problem+json")
    return answer.status_code == 400 and problem and answer.json()["code"] == "bad_request"


@pytest.mark.parametrize("who", WHO)
async def test_an_unknown_field_is_refused_and_changes_nothing(app: Litestar, runtime: Runtime, who: str) -> None:
    writes = [write for write in _writes(app) if _mine(write, who)]
    async with _client(app, runtime, who) as client:
        for write in writes:
            plain = await write.send(client)
            assert not _is_refused(plain), f"{write.path}: the body alone must decode"
            assert plain.status_code < 500, f"{write.path}: {plain.text[:200]}"
        before = await _fingerprint(runtime)
        for write in writes:
            await runtime.valkey.flushdb()
            for name in set(SENT) - set(write.body.__struct_encode_fields__):
                assert _is_refused(await write.send(client, **{name: "1"})), f"{write.path} took {name}"
        assert await _fingerprint(runtime) == before


async def test_routes_that_read_their_own_body_refuse_unknown_fields_too(app: Litestar, runtime: Runtime) -> None:
    await make_bank(runtime)
    centre = await make_centre(runtime)
    sitting_id = await make_sitting(runtime, centre)
    registration = await make_registration(runtime, centre, sitting_id, number=1)
    _, token = await make_staff(runtime, organisation=centre.id)
    sitting, person = f"/centre/sittings/{sitting_id}", {"name": "李四", "id_number": id_number(2)}
    file = {"file": ("a.xlsx", b"PK"), "photo": ("a.jpg", portrait())}
    async with _client(app, runtime, "public") as client:
        client.cookies.set(COOKIE, token)
        before = await _fingerprint(runtime)
        for name in SENT:
            more = {name: "1"}
            answers = [
                await client.post(f"/api{sitting}/registrations", json=person | more),
                await client.post(f"{sitting}/registrations", data=person | more, files={"photo": file["photo"]}),
                await client.post(f"{sitting}/batch", data=more, files={"file": file["file"]}),
                await client.post(
                    f"/centre/registrations/{registration.id}/photo", data=more, files={"photo": file["photo"]}
                ),
            ]
            codes = [(each.status_code, each.json()["code"]) for each in answers]
            assert codes == [(400, "body_malformed")] * 2 + [(400, "bad_request")] * 2, name
        assert await _fingerprint(runtime) == before
        taken = await client.post(f"/api{sitting}/registrations", json=person)
        assert taken.status_code == 201, taken.text
