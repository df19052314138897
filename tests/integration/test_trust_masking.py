"""No page, export, API answer or PDF shows an ID number (TRUST.md C15 v): every reading route, asked by everybody it is for."""

import re
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from itertools import islice, product
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from httpx import AsyncClient
from sqlalchemy import text

from exam.app import compose_runtime, create_app
from exam.core.clock import FrozenClock
from exam.core.config import Settings
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.keyring import FILE_NAME as KEYRING
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.core.secrets import FILE_NAME, store_share
from exam.delivery.attempts import finalise
from exam.delivery.checkin import get_attempt_row
from exam.delivery.state import Act
from exam.identity.roles import Role as StaffRole
from exam.identity.sessions import COOKIE, open_session
from exam.records.credit.jobs import find as find_clues
from exam.web.policy import RoutePolicy, policy_table
from grading.api import Action, RuleChange, propose_regrade
from tests.builders.certs import (
    ROOT,
    Certified,
    credential_of,
    make_authority,
    pass_practical,
    release,
)
from tests.builders.desks import candidate_session, session_of
from tests.builders.exchange import fetching
from tests.builders.grading import Examined, close_and_score, examined, scoring_form, work_off
from tests.builders.identity import regions
from tests.builders.log import signing
from tests.builders.records import engage, make_enterprise
from tests.builders.secrecy import id_numbers
from tests.builders.sitting import COUNTY, id_number
from tests.builders.training import make_class, make_learner, make_lesson, make_programme, make_school
from tests.builders.web import browsing, send, wear
from tests.flows.wiretap import unwrapped
from tests.integration.test_credit import DECISION, NOTICE

PROVINCE = "33"
PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
TRIES = 24
BAD = 400
MASK = b"*" * 10
ENDLESS = {"/api/media/attempts/{attempt_id:uuid}/commands"}
CERTIFICATES = {"/centre/credentials/{name:str}", "/me/credentials/{name:str}"}
"""The certificate itself has its number on it by law; each download is a logged act (`credential.downloaded`)."""
UNSEEN = {
    "/assess/answers/{answer_id:uuid}": "no exam here asks for words; it shows an answer to whoever marks it, without a name",
    "/bank/custody/{sitting_id:uuid}/{view:str}": "no key is in custody here, and a share knows nobody",
    "/bank/syllabuses/{syllabus_id:uuid}": "no syllabus is here, and topics know nobody",
    "/bank/imports/{batch_id:uuid}": "no question file was brought in, and items know nobody",
    "/learn/visits/{visit_id:uuid}": "a lesson's own text, shown to one learner",
    "/learn/visits/{visit_id:uuid}/units/{place:int}": "a section of the same",
    "/learn/visits/{visit_id:uuid}/package": "a course package's own pages, shown to one learner",
    "/learn/visits/{visit_id:uuid}/quiz": "questions and the learner's own answers, shown to the learner alone",
    "/learn/sign/{session_id:uuid}": "no lesson is on at this hour; it shows the learner the lesson and nobody else",
    "/centre/registrations/{registration_id:uuid}/photo.jpg": "a picture",
    "/centre/applications/{application_id:uuid}/photo.jpg": "a picture",
    "/proctor/recordings/{segment_id:uuid}": "a film",
    "/training/sessions/{session_id:uuid}/photos/{enrolment_id:uuid}": "a picture",
    "/regulator/reports/{report_id:uuid}": "no report was begun; it holds figures, and the names of who signed them",
} | dict.fromkeys(
    (
        "/learn/practice/{enrolment_id:uuid}",
        "/learn/practice/{enrolment_id:uuid}/answers/{answer_id:uuid}",
        "/learn/practice/{enrolment_id:uuid}/book",
        "/learn/practice/{enrolment_id:uuid}/question",
        "/learn/practice/mocks/{mock_id:uuid}",
        "/learn/mocks/{mock_id:uuid}",
        "/api/learn/mocks/{mock_id:uuid}/responses",
        "/api/learn/mocks/{mock_id:uuid}/state",
    ),
    "questions and the learner's own answers, shown to the learner alone",
)
UNSEEN |= dict.fromkeys(
    (
        "/centre/training/materials/{material_id:uuid}",
        "/centre/training/materials/{material_id:uuid}/film.m3u8",
        "/centre/training/materials/{material_id:uuid}/film/init",
        "/centre/training/materials/{material_id:uuid}/film/segments/{place:int}",
        "/centre/training/materials/{material_id:uuid}/film/subtitles/{language:str}",
        "/learn/visits/{visit_id:uuid}/film.m3u8",
        "/learn/visits/{visit_id:uuid}/film/init",
        "/learn/visits/{visit_id:uuid}/film/segments/{place:int}",
        "/learn/visits/{visit_id:uuid}/film/subtitles/{language:str}",
        "/centre/training/materials/{material_id:uuid}/slides/{place:int}",
        "/learn/visits/{visit_id:uuid}/slides/{place:int}",
        "/learn/visits/{visit_id:uuid}/units/{place:int}/figures/{number:int}",
        "/learn/visits/{visit_id:uuid}/film/slides/{place:int}",
    ),
    "no film and no slides were brought in here, and those of a lesson know nobody",
)
UNSEEN |= dict.fromkeys(
    (
        "/centre/training/classes/{class_id:uuid}/completions/{completion_id:uuid}/certificate.pdf",
        "/regulator/training/classes/{class_id:uuid}/completions/{completion_id:uuid}/certificate.pdf",
        "/learn/completions/{completion_id:uuid}",
        "/learn/completions/{completion_id:uuid}/certificate.pdf",
    ),
    "nobody completed a training here; the certificate's own test looks for the number",
)
UNSEEN |= dict.fromkeys(
    (
        "/centre/credit/{clue_id:uuid}",
        "/centre/credit/records/{record_id:uuid}",
        "/me/credit/{clue_id:uuid}",
        "/me/credit/records/{record_id:uuid}",
    ),
    "the case here is an enterprise's, whose pages are the same",
)
UNSEEN |= {"/regulator/national/{record_id:uuid}": "no national certificate was brought in; its own test looks"}
UNSEEN |= dict.fromkeys(
    (
        "/centre/credentials/batches/{batch_id:uuid}",
        "/centre/credentials/batches/{batch_id:uuid}/files.zip",
        "/centre/credentials/batches/{batch_id:uuid}/pickup.xlsx",
        "/centre/credentials/batches/{batch_id:uuid}/print/{number:int}",
    ),
    "no batch of certificates was asked for here; its own test looks for the number",
)
UNSEEN |= dict.fromkeys(
    (
        "/regulator/batches/{sealed_id:uuid}",
        "/regulator/batches/{sealed_id:uuid}/file",
        "/regulator/batches/arrivals/{arrival_id:uuid}",
        "/regulator/batches/arrivals/{arrival_id:uuid}/receipt",
    ),
    "no batch was sealed here; its rows are messages, which carry names and numbers masked",
)
UNSEEN |= {
    "/bank/import/progress/{token:str}": "no question file is being read in, and its progress knows nobody",
    "/reminders/mail/confirm": "no mail was sent; the page asks whether the address is the reader's own",
}
"""Routes that nobody is shown here, each with its reason; every other one must be seen at least once."""


class Everybody:
    """Somebody of each role who may see the most, and the ids of all that there is to see."""

    def __init__(self, sessions: dict[str, list[str]], ids: dict[str, list[str]]) -> None:
        self.sessions = sessions
        self._ids = ids

    def addresses(self, path: str) -> Iterator[str]:
        """Yield the route's address with the things that its parameters may name, a bounded number of them."""
        names = PARAMETER.findall(path)
        pattern = PARAMETER.sub("{}", path)
        for values in islice(product(*(self._ids.get(name, ["x"]) for name in names)), TRIES):
            yield pattern.format(*values)

    def askers(self, row: RoutePolicy) -> list[str]:
        """Return the sessions that the policy lets in; an empty one is nobody's."""
        roles = {"roles": row.policy.roles, "session": tuple(self.sessions)}.get(row.policy.kind, ())
        return [token for role in roles for token in self.sessions[role]] or [""]


async def _ids(runtime: Runtime, holder: Certified) -> dict[str, list[str]]:
    """Return what stands in the tables under each name that a parameter has, and the few names that are no ids."""
    found = {
        "name": [f"{holder.credential_id}.pdf", str(holder.credential_id)],
        "view": ["candidate", "scoring"],
        "payload": [holder.qr_text.rpartition("/")[2]],
        "public_id": [holder.public_id],
        "where": ["0/000"],
        "kind": ["csv", "xlsx", "pdf"],
    }
    tables = text("select table_name from information_schema.columns where column_name = 'id' and udt_name = 'uuid'")
    async with runtime.databases.session(NOTHING, Role.OWNER) as session:
        for table in sorted(await session.scalars(tables)):
            ids = list(await session.scalars(text(f'select id::text from "{table}" order by id desc limit 6')))
            for name in {table.rpartition("_")[2], table.partition("_")[2]}:
                found.setdefault(f"{name}_id", []).extend(ids)
    return {name: ids for name, ids in found.items() if ids}


async def _examined(runtime: Runtime, clock: FrozenClock) -> Certified:
    """Let two people hand in and pass, of whom the second still owes the practical part."""
    await make_authority(runtime)
    exam = await examined(runtime, clock, right=[9, 9], finish="in_progress")
    for attempt in exam.attempts:
        async with runtime.databases.transaction(ROOT) as session:
            await finalise(session, runtime, await get_attempt_row(session, attempt, lock=True), Act.SUBMIT, SYSTEM)
    await close_and_score(runtime, exam)
    await release(runtime, exam)
    await pass_practical(runtime, exam)
    await work_off(runtime)
    return await credential_of(runtime, exam)


async def _punish(runtime: Runtime, client: AsyncClient, enterprise: str, regulators: list[str]) -> None:
    """Bring one lead to a decision, so that everybody has a case and a record to read."""
    async with runtime.databases.session(ROOT) as session:
        clue = await session.scalar(text("select id from records_credit_clue limit 1"))
    for token, home, act, data in (
        (regulators[0], "/regulator/credit", "notice", NOTICE),
        (enterprise, "/enterprise/credit", "answer", {"waived": "true"}),
        (regulators[0], "/regulator/credit", "decision", DECISION),
        (regulators[1], "/regulator/credit", "confirm", {}),
    ):
        assert (await send(wear(client, {COOKIE: token}), f"{home}/{clue}/{act}", data)).status_code == 303, act


async def _propose_regrade(runtime: Runtime, exam: Examined) -> None:
    form = await scoring_form(runtime, exam.attempts[0])
    changes, at = [RuleChange(item_id=form.slots[0].item_id, action=Action.VOID)], runtime.clock.now()
    async with runtime.databases.transaction(exam.scope) as session:
        await propose_regrade(
            session, exam.centre.clerk, runtime, sitting_id=exam.sitting_id, changes=changes, reason="题目有误", at=at
        )


async def _people(runtime: Runtime, clock: FrozenClock, client: AsyncClient) -> Everybody:
    """Let somebody be trained, examined, certified, employed and reported; log in one of each role over them."""
    await regions(runtime)
    await fetching(runtime)
    enterprise = await make_enterprise(runtime)
    holder = await _examined(runtime, clock)
    school = await make_school(runtime)
    await make_programme(runtime, school)
    await make_lesson(runtime, school)
    course = await make_class(runtime, school)
    await make_learner(runtime, school, course, number=5, enterprise=enterprise)
    person = holder.registration.person_id
    await engage(runtime, person, enterprise, role="special", since=clock.now().date())
    bodies: dict[str, list[UUID | None]] = {
        "centre": [holder.exam.centre.id, school.id],
        "enterprise": [enterprise],
        "teacher": [school.id],
    }
    # an officer for a year without a pass is a lead
    await engage(runtime, person, enterprise, role="officer", since=clock.now().date() - timedelta(days=365))
    await find_clues(runtime)
    sessions: dict[str, list[str]] = {}
    for role in StaffRole:
        for body in bodies.get(role, [None]):
            region = COUNTY if body else PROVINCE
            _, token = await session_of(runtime, role=role, region=region, organisation=body)
            sessions.setdefault(role, []).append(token)
    sessions["candidate"] = [await candidate_session(runtime, holder.registration)]
    sessions["teacher"].append(await _again(runtime, school.teacher.account))
    _, second = await session_of(runtime, role="regulator", region=PROVINCE)
    await _punish(runtime, client, sessions["enterprise"][0], [sessions["regulator"][0], second])
    report = {"category": "phone_or_reference", "summary": "桌下有手机"}
    wear(client, {COOKIE: sessions["proctor"][0]})
    await send(client, f"/proctor/attempts/{holder.exam.attempts[0]}/incidents", report)
    await _propose_regrade(runtime, holder.exam)
    async with signing(runtime) as log:
        await log.turn()
    return Everybody(sessions, await _ids(runtime, holder))


async def _again(runtime: Runtime, account: UUID | None) -> str:
    assert account
    async with runtime.databases.transaction(NOTHING) as session:
        return await open_session(
            session, account, at=runtime.clock.now(), settings=runtime.settings, second_factor=True
        )


@pytest.fixture
async def served(runtime: Runtime, settings: Settings, clock: FrozenClock, tmp_path: Path) -> AsyncIterator[Runtime]:
    """Compose the web as a process that knows its own database roles and no other: every page must do with those."""
    store_share(runtime.secrets, "web", tmp_path / FILE_NAME)
    (tmp_path / "files").symlink_to(settings.data_dir / "files")
    shutil.copy(settings.data_dir / KEYRING, tmp_path)
    built = compose_runtime(msgspec.structs.replace(settings, data_dir=tmp_path), clock=clock)
    yield built
    await built.close()


@pytest.fixture
async def client(served: Runtime) -> AsyncIterator[AsyncClient]:
    await served.valkey.flushdb()
    async with browsing(served) as opened:
        yield opened


async def test_no_answer_to_anybody_holds_an_id_number(
    runtime: Runtime, clock: FrozenClock, client: AsyncClient
) -> None:
    people = await _people(runtime, clock, client)
    table = [row for row in policy_table(create_app(runtime)) if row.method == "GET" and row.path not in ENDLESS]
    seen, told, masked = set[str](), set[str](), set[str]()
    for row in table:
        for address, token in product(people.addresses(row.path), people.askers(row)):
            answer = await wear(client, {COOKIE: token}).get(address)
            contents = [*unwrapped(answer.content), str(answer.headers).encode()]
            told |= {row.path for _ in id_numbers(contents)}
            masked |= {row.path for each in contents if MASK in each}
            seen |= {row.path for _ in range(answer.status_code < BAD)}
    assert told == CERTIFICATES
    assert len(masked) > 20
    assert {row.path for row in table if row.policy.kind == "roles"} - seen == set(UNSEEN)


def test_the_search_finds_a_number_that_is_not_masked() -> None:
    clear, masked = id_number(0).encode(), b"330106********0018"
    assert list(id_numbers([b"<td>" + clear + b"</td>", masked, b"T" + clear])) == [clear, clear]
