"""An honest history to attack: a small exam from its forms to certificates, by the product's own verbs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import msgspec
from sqlalchemy import text

from certs.api import find_credentials
from exam.cli.demonstration.province import build_province
from exam.cli.simulation.knowledge import Knowledge
from exam.cli.simulation.people import Invented
from exam.cli.simulation.schemas import Option, Slot
from exam.core.clock import local_date
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.ids import new_id
from exam.core.principal import SYSTEM, Grant, Principal
from exam.core.runtime import Runtime
from exam.delivery.api import end_attempt, open_attempts
from exam.identity.api import create_organisation
from exam.sitting.api import (
    RegistrationView,
    close_sitting,
    create_plan,
    create_sitting,
    form_key,
    open_sitting,
    register,
    request_forms,
)
from exam.worker import run_worker
from grading.api import (
    Action,
    RuleChange,
    approve_regrade,
    confirm_practical_sheet,
    propose_regrade,
    record_practical_sheet,
    release_sitting,
)
from questionbank.api import CandidateForm, claim_form, open_candidate_view

COUNTY = "33/3301/330106"
ROOT = Scope(region="33")
HERE = Scope(region=COUNTY)
QUALIFICATION = "special.1.2"
CANDIDATES = 3
GOOD = {"K1": 9000, "K2": 9000, "K3": 9000, "K4": 9000}
_ATTEMPT = text(
    "insert into delivery_attempt (id, registration_id, sitting_id, room_id, seat, person_id, region, rule_set, state,"
    " epoch, terminal_thumbprint, shape, duration_s, grace_s, extension_ms, display, starts_at, starts_until,"
    " checked_in_at, started_at, deadline_at, form_id) values (:id, :registration, :sitting, :room, :seat, :person,"
    " :region, :rules, 'in_progress', 1, 'matrix', '', 3600, 60, 0, '{}', :now, :later, :now, :now, :later, :form)"
)
_REVISION = text(
    "insert into delivery_response_revision (attempt_id, slot, seq, response, arrived_at, epoch)"
    " values (:attempt, :slot, 1, :response, :now, 1)"
)


class History(msgspec.Struct, frozen=True, kw_only=True):
    """What was made, for the attacks to aim at."""

    sitting_id: UUID
    centre: UUID
    attempts: list[UUID]
    credentials: list[UUID]
    """Those that stay; `people` holds them, in the same order."""
    people: list[UUID]
    spare: list[UUID]
    """Credentials that an honest run may revoke."""


def staff(role: str, organisation: UUID | None = None, *, region: str = COUNTY) -> Principal:
    """Return a person of a role past the second factor; two calls are two people."""
    return Principal(account=new_id(), name=role, grants=(Grant(role, region, organisation),), second_factor=True)


async def make_history(runtime: Runtime, *, spare: int) -> History:
    """Let some candidates and `spare` more pass everything, correct one item for all, and certify them."""
    await build_province(runtime)
    at = runtime.clock.now()
    async with runtime.databases.transaction(ROOT) as session:
        centre = await create_organisation(session, SYSTEM, kind="centre", name="对照考点", region=COUNTY, at=at)
    clerk = staff("centre", centre)
    sitting, registrations = await _sitting(runtime, clerk, centre, CANDIDATES + spare, at)
    attempts = [await _sit(runtime, each) for each in registrations]
    async with runtime.databases.transaction(HERE) as session:
        await close_sitting(session, clerk, sitting, runtime.clock.now(), open_attempts=open_attempts)
    await run_worker(runtime.settings, until_empty=True)
    await _tell(runtime, clerk, centre, sitting, registrations)
    await run_worker(runtime.settings, until_empty=True)
    async with runtime.databases.session(ROOT) as session:
        held = await find_credentials(session, on=local_date(at))
    return History(
        sitting_id=sitting,
        centre=centre,
        attempts=attempts,
        credentials=[each.id for each in held[:CANDIDATES]],
        people=[each.person_id for each in held[:CANDIDATES]],
        spare=[each.id for each in held[CANDIDATES:]],
    )


async def _sitting(
    runtime: Runtime, clerk: Principal, centre: UUID, count: int, at: datetime
) -> tuple[UUID, list[RegistrationView]]:
    people = Invented(1)
    async with runtime.databases.transaction(HERE) as session:
        plan = await create_plan(session, clerk, title="对照", region=COUNTY, at=at)
        sitting = await create_sitting(
            session,
            clerk,
            runtime,
            plan_id=plan,
            qualification=QUALIFICATION,
            centre_id=centre,
            region=COUNTY,
            starts_at=at - timedelta(minutes=1),
            ends_at=at + timedelta(minutes=30),
            rooms=[("一号机房", count)],
            at=at,
        )
        registrations = []
        for _ in range(count):
            name, number = people.next()
            registrations.append(
                await register(
                    session,
                    clerk,
                    runtime,
                    sitting_id=sitting,
                    name=name,
                    id_number=number,
                    photo=None,
                    uscc=None,
                    at=at,
                ),
            )
        await request_forms(session, clerk, sitting, at=at)
    await run_worker(runtime.settings, until_empty=True)
    async with runtime.databases.transaction(HERE) as session:
        await open_sitting(session, clerk, sitting, runtime.clock.now())
    return sitting, registrations


async def _sit(runtime: Runtime, registration: RegistrationView) -> UUID:
    """Answer everything rightly and hand in; the terminal and its key are left out, for no attack aims at them."""
    now, attempt = runtime.clock.now(), new_id()
    async with runtime.databases.transaction(ROOT) as session:
        form_id = await claim_form(session, sitting_id=registration.sitting_id, key=form_key(registration.id))
        form = await open_candidate_view(session, runtime, form_id, now=now)
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        row: dict[str, object] = {
            "id": attempt,
            "registration": registration.id,
            "sitting": registration.sitting_id,
            "form": form_id,
        }
        row |= {"room": registration.room_id, "seat": registration.seat, "person": registration.person_id}
        row |= {"region": registration.region, "rules": registration.rule_set, "now": now}
        await session.execute(_ATTEMPT, row | {"later": now + timedelta(hours=1)})
        await session.execute(_REVISION, [each | {"attempt": attempt, "now": now} for each in _right(form)])
    async with runtime.databases.transaction(HERE) as session:
        await end_attempt(session, runtime, staff("proctor"), attempt, reason="left", at=runtime.clock.now())
    return attempt


def _right(form: CandidateForm) -> list[dict[str, object]]:
    knowledge, random = Knowledge(QUALIFICATION), Random(1)  # an honest candidate guards nothing
    answers = []
    for slot in form.slots:
        options = [Option(label, words) for label, words in slot.options]
        asked = Slot(slot.slot, slot.interaction.value, slot.stem, options)
        response = msgspec.json.encode(knowledge.answer(asked, 1.0, random)).decode()
        answers.append({"slot": slot.slot, "response": response})
    return answers


async def _tell(
    runtime: Runtime, clerk: Principal, centre: UUID, sitting: UUID, registrations: Sequence[RegistrationView]
) -> None:
    async with runtime.databases.transaction(HERE) as session:
        await release_sitting(session, clerk, runtime, sitting, runtime.clock.now())
        for each in registrations:
            at, assessors = runtime.clock.now(), [staff("assessor", new_id()) for _ in range(2)]
            sheet = await record_practical_sheet(
                session, assessors[0], registration_id=each.id, marks=GOOD, vetoes=(), at=at
            )
            await confirm_practical_sheet(session, assessors[1], sheet, True, at)
    item = await _item(runtime, sitting)
    async with runtime.databases.transaction(HERE) as session:
        at, changes = runtime.clock.now(), [RuleChange(item_id=item, action=Action.VOID)]
        proposed = await propose_regrade(
            session, clerk, runtime, sitting_id=sitting, changes=changes, reason="题目有误", at=at
        )
        await approve_regrade(session, staff("centre", centre), runtime, regrade_id=proposed.id, at=at)


async def _item(runtime: Runtime, sitting: UUID) -> str:
    query = text("select slots->0->>'item' from grading_score where sitting_id = :sitting limit 1")
    async with runtime.databases.session(HERE) as session:
        return str(await session.scalar(query, {"sitting": sitting}))
