"""Examined candidates for tests: a sitting from its forms to handed-in answers, made directly and quickly."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import msgspec
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import FrozenClock, local_date
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.ids import new_id
from exam.core.principal import Grant, Principal
from exam.core.runtime import Runtime
from exam.delivery.models import Attempt, ResponseRevision
from exam.identity.api import ensure_person, parse_id_number
from exam.sitting.api import OPEN_ATTEMPTS, RegistrationView, close_sitting, open_sitting
from exam.training.api import record_hours
from grading.jobs import score_sitting
from grading.scoring import Rule
from questionbank.api import ScoringForm, claim_form
from questionbank.forms.keys import SCORING, open_view, unwrap_view_key
from questionbank.forms.models import FormRow
from tests.builders.scenarios import remembered
from tests.builders.sitting import (
    COUNTY,
    ELECTRICIAN,
    Centre,
    id_number,
    make_bank,
    make_centre,
    make_registration,
    make_sitting,
    prepare,
)

ROOT = Scope(region="33")


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """A sitting whose candidates have handed in; attempts stand in the order of `registrations`."""

    centre: Centre
    sitting_id: UUID
    registrations: list[RegistrationView]
    attempts: list[UUID]

    @property
    def scope(self) -> Scope:
        return self.centre.scope


@remembered
async def examined(
    runtime: Runtime,
    clock: FrozenClock | None,
    *,
    right: Sequence[int],
    qualification: str = ELECTRICIAN,
    finish: str = "submitted",
    uscc: str | None = None,
    written: str = "",
) -> Examined:
    """Let one candidate per entry of `right` answer that many slots of the small form rightly, the others wrongly.

    Under a frozen clock time moves to the start; without one the sitting has just begun. It stays open; the small form has 4 judgements and 3 choices of 1 mark and 2 multiples of 1.5, so that 7
    right answers come to 70 of 100 and 9 to all. With a `written` answer the form has an answer in words of 10 marks more.
    """
    exam = await opened(
        runtime, clock, people=len(right), qualification=qualification, uscc=uscc, in_words=bool(written)
    )
    attempts = [
        await hand_in(runtime, registration, right=count, finish=finish, written=written)
        for registration, count in zip(exam.registrations, right, strict=True)
    ]
    return msgspec.structs.replace(exam, attempts=attempts)


@remembered
async def opened(
    runtime: Runtime,
    clock: FrozenClock | None,
    *,
    people: int,
    qualification: str = ELECTRICIAN,
    uscc: str | None = None,
    in_words: bool = False,
) -> Examined:
    """Bring a sitting to its start, or to just after it where no clock is given; nobody has come yet."""
    await make_bank(runtime, qualification=qualification, in_words=in_words)
    centre = await make_centre(runtime)
    rooms = [("一号机房", people)]
    starts_in = timedelta(hours=2) if clock else timedelta(minutes=-1)
    sitting_id = await make_sitting(runtime, centre, rooms=rooms, qualification=qualification, starts_in=starts_in)
    await _train(runtime, centre, qualification, people=people)
    registrations = [
        await make_registration(runtime, centre, sitting_id, number=number, name="张三", uscc=uscc)
        for number in range(people)
    ]
    await prepare(runtime, sitting_id)
    if clock:
        clock.advance(timedelta(hours=2))
    async with runtime.databases.transaction(centre.scope) as session:
        await open_sitting(session, centre.clerk, sitting_id, runtime.clock.now())
    return Examined(centre=centre, sitting_id=sitting_id, registrations=registrations, attempts=[])


async def _train(runtime: Runtime, centre: Centre, qualification: str, *, people: int) -> None:
    """Record the hours that principals and officers need before they may register."""
    if qualification.startswith("special."):
        return
    async with runtime.databases.transaction(centre.scope) as session:
        for number in range(people):
            at, region = runtime.clock.now(), centre.region
            known = parse_id_number(id_number(number), local_date(at))
            person_id = await ensure_person(
                session, runtime.sealer, centre.clerk, name="张三", number=known, region=region, at=at
            )
            await record_hours(
                session,
                centre.clerk,
                person_id=person_id,
                qualification=qualification,
                kind="initial",
                hours_hundredths=48_00,
                source="培训班",
                region=region,
                at=at,
                proposed_by=new_id(),
            )


async def hand_in(
    runtime: Runtime, registration: RegistrationView, *, right: int, finish: str, written: str = ""
) -> UUID:
    """Store an attempt that answered the first `right` slots rightly and has ended, or is still going on."""
    async with runtime.databases.transaction(ROOT) as session:
        form_id = await claim_form(session, sitting_id=registration.sitting_id, key=str(registration.id))
        form = await _scoring_form(session, runtime, form_id)
    answers = {slot.slot: right_answer(form, slot.slot) for slot in form.slots[:right]}
    answers |= {slot.slot: wrong_answer(form, slot.slot) for slot in form.slots[right:]}
    in_words = [slot.slot for slot in form.slots if slot.rule == Rule.MARKED]
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        attempt = _attempt(runtime, registration, form_id)
        session.add(attempt)
        await session.flush()
        await answer(
            session, runtime, attempt.id, {slot: each for slot, each in answers.items() if slot not in in_words}
        )
        if written:
            await answer(session, runtime, attempt.id, dict.fromkeys(in_words, written))
        if finish != "in_progress":
            attempt.state, attempt.finalised_at, attempt.answered = finish, runtime.clock.now(), len(answers)
            attempt.submitted_at = runtime.clock.now() if finish == "submitted" else None
            attempt.response_digest = b"d" * 32
            attempt.receipt_code = attempt.id.hex
            await session.flush()
        return attempt.id


async def answer(
    session: AsyncSession,
    runtime: Runtime,
    attempt_id: UUID,
    answers: Mapping[int, Sequence[str] | str],
    *,
    seq: int = 1,
) -> None:
    """Store one revision of each slot."""
    session.add_all(
        [
            ResponseRevision(
                attempt_id=attempt_id,
                slot=slot,
                seq=seq,
                response=msgspec.json.encode(given if isinstance(given, str) else list(given)).decode(),
                arrived_at=runtime.clock.now(),
                epoch=1,
            )
            for slot, given in answers.items()
        ],
    )
    await session.flush()


def right_answer(form: ScoringForm, slot: int) -> tuple[str, ...]:
    """Return the key of a slot in displayed labels."""
    return next(each.key for each in form.slots if each.slot == slot)


def wrong_answer(form: ScoringForm, slot: int) -> tuple[str, ...]:
    """Return one label that is not the key."""
    asked = next(each for each in form.slots if each.slot == slot)
    labels = [shown for shown, _ in asked.option_map] or ["T", "F"]
    return (next(label for label in labels if (label,) != asked.key and label not in asked.key),)


async def scoring_form(runtime: Runtime, attempt_id: UUID) -> ScoringForm:
    """Return the scoring view of an attempt's form, past the seal: only tests do that."""
    async with runtime.databases.session(ROOT) as session:
        form_id = await session.scalar(select(Attempt.form_id).where(Attempt.id == attempt_id))
        assert form_id is not None
        return await _scoring_form(session, runtime, form_id)


async def _scoring_form(session: AsyncSession, runtime: Runtime, form_id: UUID) -> ScoringForm:
    row = await session.get_one(FormRow, form_id)
    key = await unwrap_view_key(session, runtime, row.sitting_id, SCORING)
    data = open_view(key, row.scoring_sealed, sitting_id=row.sitting_id, form_id=form_id, view=SCORING)
    return msgspec.json.decode(data, type=ScoringForm)


def _attempt(runtime: Runtime, registration: RegistrationView, form_id: UUID) -> Attempt:
    now = runtime.clock.now()
    return Attempt(
        id=new_id(),
        registration_id=registration.id,
        sitting_id=registration.sitting_id,
        room_id=registration.room_id,
        seat=registration.seat,
        person_id=registration.person_id,
        region=registration.region,
        form_id=form_id,
        rule_set=registration.rule_set,
        state="in_progress",
        epoch=1,
        terminal_thumbprint="test-terminal",
        shape="c4",
        duration_s=1800,
        grace_s=30,
        extension_ms=0,
        display={"name_masked": "张*", "id_masked": "3301**********0000"},
        starts_at=now,
        starts_until=now + timedelta(minutes=30),
        checked_in_at=now,
        started_at=now,
        deadline_at=now + timedelta(minutes=30),
    )


async def close(runtime: Runtime, exam: Examined) -> None:
    """Close the sitting; what follows is the worker's part."""
    async with runtime.databases.transaction(exam.scope) as session:
        open_attempts = runtime.ports.get(OPEN_ATTEMPTS)
        now = runtime.clock.now()
        await close_sitting(session, exam.centre.clerk, exam.sitting_id, now, open_attempts=open_attempts)


async def close_and_score(runtime: Runtime, exam: Examined) -> None:
    """Close the sitting and do the work that follows from it."""
    await close(runtime, exam)
    await work_off(runtime)


async def work_off(runtime: Runtime) -> list[str]:
    """Run the waiting jobs one after the other, as the worker would, and return their names."""
    # the composition imports every package; tests of one package import this module without it
    from exam.app import all_jobs  # noqa: PLC0415

    handlers = {job.name: job.handler for job in all_jobs()}
    done: list[str] = []
    take = text(
        "delete from jobs.procrastinate_jobs where id ="
        " (select min(id) from jobs.procrastinate_jobs where status = 'todo') returning task_name, args",
    )
    while True:
        async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
            row = (await session.execute(take)).one_or_none()
        if row is None:
            return done
        await handlers[row.task_name](runtime, **row.args)
        done.append(row.task_name)


async def score_now(runtime: Runtime, exam: Examined) -> None:
    """Run the scoring job alone."""
    await score_sitting(runtime, sitting_id=str(exam.sitting_id))


def assessor(*, region: str = COUNTY) -> Principal:
    """Return an assessor of a region; three calls are three people."""
    return Principal(account=new_id(), name="考评员", grants=(Grant("assessor", region, new_id()),), second_factor=True)


def colleague(centre: Centre) -> Principal:
    """Return another clerk of the same centre."""
    return Principal(account=new_id(), name="经办人", grants=centre.clerk.grants, second_factor=True)


def candidate(registration: RegistrationView) -> Principal:
    """Return the candidate of a registration, at home."""
    return Principal(account=new_id(), person=registration.person_id, grants=(Grant("candidate", COUNTY),))
