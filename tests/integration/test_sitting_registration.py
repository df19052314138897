"""Sittings and registrations against the real database: seats, rules, refusals, tickets, visibility."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from exam.core.audit.ledger import AuditRow
from exam.core.clock import FrozenClock
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.errors import DomainError
from exam.core.events import EventRow
from exam.core.ids import new_id
from exam.core.runtime import Runtime
from exam.identity.api import get_person
from exam.identity.errors import PersonNameMismatchError
from exam.identity.models import Person
from exam.sitting.api import (
    NotEligibleError,
    OpenAttempts,
    RegistrationView,
    SittingState,
    cancel_registration,
    close_sitting,
    find_registration_by_ticket,
    get_registration,
    get_sitting,
    list_passes,
    list_refusals,
    list_registrations,
    list_rooms,
    list_sittings,
    mark_released,
    open_sitting,
    readiness_of,
    record_attempt_used,
    record_ban,
    record_pass,
    record_refusal,
    ticket_pdf,
    ticket_secret,
)
from exam.sitting.errors import (
    AttemptsOpenError,
    EnterpriseUnknownError,
    FormsMissingError,
    RegistrationOverError,
    RoomsError,
    SittingFullError,
    SittingStateError,
    SittingTimesError,
)
from exam.sitting.models import AttemptFact, Registration, Sitting
from questionbank.api import NoPublishedBlueprintError
from tests.builders.sitting import (
    COUNTY,
    ELECTRICIAN,
    Centre,
    make_bank,
    make_centre,
    make_registration,
    make_sitting,
    portrait,
    prepare,
    uscc,
)

ELSEWHERE = "33/3302/330203"


@pytest.fixture
async def centre(runtime: Runtime) -> Centre:
    await make_bank(runtime)
    return await make_centre(runtime)


@pytest.fixture
async def sitting_id(runtime: Runtime, centre: Centre) -> UUID:
    return await make_sitting(runtime, centre)


async def _acts(runtime: Runtime) -> list[str]:
    async with runtime.databases.session(Scope(region="33")) as session:
        rows = await session.scalars(select(AuditRow.act).order_by(AuditRow.position))
        return list(rows)


async def test_sitting_stores_the_rules_of_its_day_and_the_blueprints_time(runtime: Runtime, centre: Centre) -> None:
    sitting_id = await make_sitting(runtime, centre)
    async with runtime.databases.session(centre.scope) as session:
        sitting = await get_sitting(session, sitting_id)
        rooms = await list_rooms(session, sitting_id)
    assert sitting.rule_set.startswith("order-19@")
    assert sitting.duration_s == 1800
    assert sitting.state is SittingState.PLANNED
    assert sitting.title == "低压电工作业 · 2026 年第 4 期"
    assert [(room.name, room.seats) for room in rooms] == [("一号机房", 3), ("二号机房", 2)]


async def test_sitting_without_a_published_blueprint_is_refused(runtime: Runtime) -> None:
    centre = await make_centre(runtime)
    with pytest.raises(NoPublishedBlueprintError):
        await make_sitting(runtime, centre)


async def test_sitting_that_ends_before_now_is_refused(runtime: Runtime, centre: Centre) -> None:
    with pytest.raises(SittingTimesError):
        await make_sitting(runtime, centre, starts_in=timedelta(hours=-2))


@pytest.mark.parametrize("rooms", [[], [("甲", 0)], [("甲", 501)], [("甲", 2), (" 甲", 3)], [("", 3)]])
async def test_impossible_rooms_are_refused(runtime: Runtime, centre: Centre, rooms: list[tuple[str, int]]) -> None:
    with pytest.raises(RoomsError):
        await make_sitting(runtime, centre, rooms=rooms)


async def test_seats_fill_room_after_room(runtime: Runtime, centre: Centre, sitting_id: UUID) -> None:
    made = [await make_registration(runtime, centre, sitting_id, number=number) for number in range(4)]
    assert {view.seat for view in made[:3]} == {"A-01", "A-02", "A-03"}
    assert made[3].seat.startswith("B-")
    assert made[3].room_name == "二号机房"


async def test_a_seat_is_drawn_among_all_that_are_free(
    runtime: Runtime, centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting_id = await make_sitting(runtime, centre, rooms=[("甲", 5)])
    offered: list[list[int]] = []

    def draw(free: list[int]) -> int:
        offered.append(free)
        return free[len(free) // 2]

    monkeypatch.setattr("exam.sitting.seats.secrets.choice", draw)
    made = [await make_registration(runtime, centre, sitting_id, number=number) for number in range(3)]
    assert offered == [[1, 2, 3, 4, 5], [1, 2, 4, 5], [1, 2, 5]]
    assert [view.seat for view in made] == ["A-03", "A-04", "A-02"]


async def test_full_sitting_refuses(runtime: Runtime, centre: Centre) -> None:
    sitting_id = await make_sitting(runtime, centre, rooms=[("甲", 1)])
    await make_registration(runtime, centre, sitting_id, number=0)
    with pytest.raises(SittingFullError):
        await make_registration(runtime, centre, sitting_id, number=1)


async def test_forty_at_once_fill_exactly_the_capacity(runtime: Runtime, centre: Centre) -> None:
    sitting_id = await make_sitting(runtime, centre, rooms=[("甲", 7), ("乙", 5)])
    gate = asyncio.Semaphore(5)

    async def one(number: int) -> str:
        async with gate:
            try:
                return (await make_registration(runtime, centre, sitting_id, number=number)).seat
            except SittingFullError:
                return ""

    seats = await asyncio.gather(*(one(number) for number in range(40)))
    taken = [seat for seat in seats if seat]
    assert len(taken) == len(set(taken)) == 12


async def test_one_person_at_two_desks_gets_one_seat(runtime: Runtime, centre: Centre, sitting_id: UUID) -> None:
    other = await make_sitting(runtime, centre)

    async def one(sitting: UUID) -> str:
        try:
            return (await make_registration(runtime, centre, sitting, number=1)).seat
        except NotEligibleError as error:
            return error.decision.reasons[0].code

    outcomes = await asyncio.gather(one(sitting_id), one(other), one(sitting_id), one(other))
    assert len([outcome for outcome in outcomes if outcome.startswith("A-")]) == 1
    assert {each for each in outcomes if not each.startswith("A-")} <= {"already_registered", "duplicate_registration"}


async def test_database_refuses_a_seat_twice(runtime: Runtime, centre: Centre, sitting_id: UUID) -> None:
    first = await make_registration(runtime, centre, sitting_id, number=0)
    second = await make_registration(runtime, centre, sitting_id, number=1)
    async with runtime.databases.session(centre.scope) as session:
        row = await session.get_one(Registration, first.id)
        row.seat_no = (await session.get_one(Registration, second.id)).seat_no
        with pytest.raises(IntegrityError, match="sitting_registration_room_id_seat_no_idx"):
            await session.flush()


async def test_registration_is_audited_published_and_judged(runtime: Runtime, centre: Centre, sitting_id: UUID) -> None:
    view = await make_registration(runtime, centre, sitting_id, number=0)
    assert (await _acts(runtime))[-2:] == ["person.created", "registration.accepted"]
    async with runtime.databases.session(centre.scope) as session:
        [event] = await session.scalars(select(EventRow).where(EventRow.name == "RegistrationAccepted"))
        row = await session.get_one(Registration, view.id)
    assert event.payload["registration_id"] == str(view.id)
    assert {reason["code"] for reason in row.reasons} == {"age_not_stated", "hours_not_stated"}
    assert not any(reason["stated"] for reason in row.reasons)


async def test_refusal_is_kept_with_its_reasons(runtime: Runtime, centre: Centre, sitting_id: UUID) -> None:
    view = await make_registration(runtime, centre, sitting_id, number=0)
    other = await make_sitting(runtime, centre)
    with pytest.raises(NotEligibleError) as refused:
        await make_registration(runtime, centre, other, number=0)
    async with runtime.databases.transaction(centre.scope) as session:
        await record_refusal(session, centre.clerk, sitting_id=other, error=refused.value, at=runtime.clock.now())
    async with runtime.databases.session(centre.scope) as session:
        [refusal] = await list_refusals(session, other)
        assert await list_registrations(session, other) == []
    assert refusal.person_id == view.person_id
    assert [reason["code"] for reason in refusal.reasons] == ["duplicate_registration"]
    assert (await _acts(runtime))[-1] == "registration.refused"


async def test_rare_characters_and_middle_dots_are_kept(runtime: Runtime, centre: Centre, sitting_id: UUID) -> None:
    for number, name in enumerate(("䶮𠅤", "买买提·吐尔逊")):
        view = await make_registration(runtime, centre, sitting_id, number=number, name=name)
        async with runtime.databases.session(centre.scope) as session:
            assert (await get_person(session, view.person_id)).name == name


async def test_known_number_under_another_name_is_refused(runtime: Runtime, centre: Centre, sitting_id: UUID) -> None:
    await make_registration(runtime, centre, sitting_id, number=0, name="张三")
    other = await make_sitting(runtime, centre)
    with pytest.raises(PersonNameMismatchError):
        await make_registration(runtime, centre, other, number=0, name="李四")


async def test_number_known_elsewhere_under_another_name_is_refused_and_shows_nobody(
    runtime: Runtime, centre: Centre, sitting_id: UUID
) -> None:
    there = await make_centre(runtime, region=ELSEWHERE, name="第二考点")
    first = await make_registration(runtime, there, await make_sitting(runtime, there), number=0, name="张三")
    async with runtime.databases.transaction(Scope(region=ELSEWHERE)) as session:
        await cancel_registration(session, there.clerk, first.id, reason="本人申请", at=runtime.clock.now())
    with pytest.raises(PersonNameMismatchError):
        await make_registration(runtime, centre, sitting_id, number=0, name="李四")
    async with runtime.databases.session(centre.scope) as session:
        assert (await session.scalars(select(Person))).all() == []


async def test_duplicate_is_found_across_regions(runtime: Runtime, centre: Centre, sitting_id: UUID) -> None:
    there = await make_centre(runtime, region=ELSEWHERE, name="第二考点")
    await make_registration(runtime, there, await make_sitting(runtime, there), number=0)
    with pytest.raises(NotEligibleError) as refused:
        await make_registration(runtime, centre, sitting_id, number=0)
    assert [reason.code for reason in refused.value.decision.reasons] == ["duplicate_registration"]


async def test_enterprise_must_be_registered(runtime: Runtime, centre: Centre, sitting_id: UUID) -> None:
    with pytest.raises(EnterpriseUnknownError):
        await make_registration(runtime, centre, sitting_id, number=0, uscc=uscc(1))


async def test_late_candidate_is_registered_until_the_last_moment(
    runtime: Runtime, centre: Centre, sitting_id: UUID, clock: FrozenClock
) -> None:
    clock.advance(timedelta(hours=2, minutes=29, seconds=59))
    await make_registration(runtime, centre, sitting_id, number=0)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(RegistrationOverError):
        await make_registration(runtime, centre, sitting_id, number=1)


async def _push_facts(runtime: Runtime, centre: Centre, view: RegistrationView) -> None:
    about: dict[str, Any] = {"person_id": view.person_id, "region": COUNTY, "at": runtime.clock.now()}
    part: dict[str, Any] = {"qualification": ELECTRICIAN, "part": "theory"}
    day, until = date(2026, 11, 20), date(2027, 11, 19)
    async with runtime.databases.transaction(centre.scope) as session:
        for _ in range(2):
            await record_pass(session, passed_on=day, valid_until=until, result_id=view.id, **part, **about)
            await record_attempt_used(session, attempt_id=view.id, **part, **about)
        await record_ban(
            session,
            centre.clerk,
            qualification=None,
            until_on=date(2029, 11, 22),
            reason="提供虚假材料",
            basis="总局令第30号 第30条",
            **about,
        )


async def test_facts_pushed_from_above_decide_and_count_once(
    runtime: Runtime, centre: Centre, sitting_id: UUID
) -> None:
    view = await make_registration(runtime, centre, sitting_id, number=0)
    async with runtime.databases.transaction(centre.scope) as session:
        await cancel_registration(session, centre.clerk, view.id, reason="改期", at=runtime.clock.now())
    await _push_facts(runtime, centre, view)
    with pytest.raises(NotEligibleError) as refused:
        await make_registration(runtime, centre, sitting_id, number=0)
    assert {reason.code for reason in refused.value.decision.reasons} == {"banned", "theory_passed"}
    async with runtime.databases.session(Scope(region=ELSEWHERE)) as session:
        assert len(await list_passes(session, view.person_id, ELECTRICIAN)) == 1
        assert (await session.scalars(select(AttemptFact))).all() == []


@pytest.mark.parametrize(
    "table",
    ["sitting_pass", "sitting_pass_withdrawal", "sitting_attempt_used", "sitting_ban", "sitting_ticket"],
)
async def test_facts_cannot_be_changed(runtime: Runtime, table: str) -> None:
    async with runtime.databases.session(Scope(region="33")) as session:
        with pytest.raises(DBAPIError, match="permission denied"):
            await session.execute(text(f"delete from {table}"))


@pytest.mark.parametrize(
    "scope", [Scope(region=ELSEWHERE), Scope(region="33/3301/330"), Scope(person=new_id()), NOTHING]
)
async def test_others_see_neither_registration_nor_person(
    runtime: Runtime, centre: Centre, sitting_id: UUID, scope: Scope
) -> None:
    await make_registration(runtime, centre, sitting_id, number=0)
    async with runtime.databases.session(scope) as session:
        for table in (Registration, Person, Sitting):
            assert (await session.scalars(select(table))).all() == []
        for table_name in ("sitting_ticket", "sitting_room", "sitting_plan"):
            found = await session.scalar(text(f"select count(*) from {table_name}"))
            assert found == 0


async def test_person_first_registered_elsewhere_is_seen_through_a_registration(
    runtime: Runtime, centre: Centre, sitting_id: UUID
) -> None:
    there = await make_centre(runtime, region=ELSEWHERE, name="第二考点")
    first = await make_registration(runtime, there, await make_sitting(runtime, there), number=0)
    async with runtime.databases.transaction(Scope(region=ELSEWHERE)) as session:
        await cancel_registration(session, there.clerk, first.id, reason="本人申请", at=runtime.clock.now())
    async with runtime.databases.session(centre.scope) as session:
        assert (await session.scalars(select(Person))).all() == []
    here = await make_registration(runtime, centre, sitting_id, number=0)
    assert here.person_id == first.person_id
    async with runtime.databases.session(centre.scope) as session:
        assert [person.id for person in await session.scalars(select(Person))] == [first.person_id]


async def test_candidate_sees_own_registration_sitting_and_ticket(
    runtime: Runtime, centre: Centre, sitting_id: UUID
) -> None:
    view = await make_registration(runtime, centre, sitting_id, number=0)
    await make_registration(runtime, centre, sitting_id, number=1)
    async with runtime.databases.session(Scope(person=view.person_id)) as session:
        assert [sitting.id for sitting in await list_sittings(session)] == [sitting_id]
        assert [own.id for own in await list_registrations(session, sitting_id)] == [view.id]
        assert (await ticket_pdf(session, runtime, view.id)).startswith(b"%PDF-")


async def test_ticket_opens_its_registration_in_any_scope(runtime: Runtime, centre: Centre, sitting_id: UUID) -> None:
    view = await make_registration(runtime, centre, sitting_id, number=0)
    async with runtime.databases.session(centre.scope) as session:
        secret = await ticket_secret(session, runtime, view.id)
    for role in (Role.APP, Role.ANSWER):
        async with runtime.databases.session(NOTHING, role) as session:
            assert await find_registration_by_ticket(session, runtime, secret) == view
            assert await find_registration_by_ticket(session, runtime, f"AKT1.{secret}") == view
            assert await find_registration_by_ticket(session, runtime, "AKT1.AAAAAAAAAAAAAAAAAAAAAA") is None


async def test_ticket_of_a_cancelled_registration_opens_nothing(runtime: Runtime, centre: Centre) -> None:
    sitting_id = await make_sitting(runtime, centre, rooms=[("甲", 1)])
    view = await make_registration(runtime, centre, sitting_id, number=0)
    async with runtime.databases.transaction(centre.scope) as session:
        secret = await ticket_secret(session, runtime, view.id)
        await cancel_registration(session, centre.clerk, view.id, reason="本人申请", at=runtime.clock.now())
        assert await find_registration_by_ticket(session, runtime, secret) is None
    again = await make_registration(runtime, centre, sitting_id, number=1)
    assert again.seat == view.seat


async def test_answer_role_reads_what_check_in_needs(runtime: Runtime, centre: Centre, sitting_id: UUID) -> None:
    view = await make_registration(runtime, centre, sitting_id, number=0)
    async with runtime.databases.session(NOTHING, Role.ANSWER) as session:
        assert await get_registration(session, view.id) == view
        assert (await get_sitting(session, sitting_id)).id == sitting_id
        assert len(await list_rooms(session, sitting_id)) == 2


async def test_forms_are_made_for_everyone_and_some_to_spare(
    runtime: Runtime, centre: Centre, sitting_id: UUID
) -> None:
    await make_registration(runtime, centre, sitting_id, number=0, photo=portrait())
    async with runtime.databases.transaction(centre.scope) as session:
        with pytest.raises(FormsMissingError):
            await open_sitting(session, centre.clerk, sitting_id, runtime.clock.now())
    await prepare(runtime, sitting_id)
    await make_registration(runtime, centre, sitting_id, number=1)
    async with runtime.databases.session(centre.scope) as session:
        board = await readiness_of(session, sitting_id, now=runtime.clock.now())
    assert (board.forms_missing, board.forms_standby, board.photos_missing, board.ready) == (1, 2, 1, False)
    await prepare(runtime, sitting_id)
    async with runtime.databases.session(centre.scope) as session:
        board = await readiness_of(session, sitting_id, now=runtime.clock.now())
    assert board.ready
    assert board.starts_in_s == 7200


async def test_sitting_runs_through_its_states_with_one_entry_each(
    runtime: Runtime, centre: Centre, sitting_id: UUID
) -> None:
    await make_registration(runtime, centre, sitting_id, number=0)
    await prepare(runtime, sitting_id)
    now = runtime.clock.now()
    async with runtime.databases.transaction(centre.scope) as session:
        await open_sitting(session, centre.clerk, sitting_id, now)
        await close_sitting(session, centre.clerk, sitting_id, now, open_attempts=_at_work(0))
        await mark_released(session, centre.clerk, sitting_id, now)
        await mark_released(session, centre.clerk, sitting_id, now)
    acts = [act for act in await _acts(runtime) if act.startswith("sitting.")]
    assert acts == ["sitting.created", "sitting.forms_ready", "sitting.opened", "sitting.closed", "sitting.released"]
    async with runtime.databases.session(centre.scope) as session:
        [event] = await session.scalars(select(EventRow).where(EventRow.name == "SittingClosed"))
        with pytest.raises(SittingStateError):
            await open_sitting(session, centre.clerk, sitting_id, now)
    assert event.aggregate == str(sitting_id)


def _at_work(count: int) -> OpenAttempts:
    async def answer(_session: object, _sitting_id: UUID, _at: datetime, /) -> int:
        return count

    return answer


async def test_sitting_stays_open_while_somebody_works(runtime: Runtime, centre: Centre, sitting_id: UUID) -> None:
    await make_registration(runtime, centre, sitting_id, number=0)
    await prepare(runtime, sitting_id)
    async with runtime.databases.transaction(centre.scope) as session:
        await open_sitting(session, centre.clerk, sitting_id, runtime.clock.now())
        with pytest.raises(AttemptsOpenError):
            await close_sitting(session, centre.clerk, sitting_id, runtime.clock.now(), open_attempts=_at_work(2))


async def test_state_never_skips_a_step_in_the_database(runtime: Runtime, centre: Centre) -> None:
    await make_sitting(runtime, centre)
    async with runtime.databases.session(centre.scope) as session:
        with pytest.raises(DBAPIError, match="cannot become"):
            await session.execute(text("update sitting_sitting set state = 'released'"))


async def test_photo_is_stored_small_and_plain(runtime: Runtime, centre: Centre, sitting_id: UUID) -> None:
    view = await make_registration(runtime, centre, sitting_id, number=0, photo=portrait((1200, 900), "PNG"))
    stored = await runtime.storage.get(str(view.photo_key))
    assert stored.startswith(b"\xff\xd8\xff")
    assert len(stored) < 60_000


@pytest.mark.parametrize(
    ("photo", "code"),
    [
        (b"GIF89a" + bytes(100), "photo_format"),
        (b"\xff\xd8\xff" + bytes(100), "photo_damaged"),
        (b"\xff\xd8\xff" + bytes(2 * 1024 * 1024), "photo_size"),
        (portrait((60, 60)), "photo_damaged"),
    ],
)
async def test_photo_refusals_have_their_codes(
    runtime: Runtime, centre: Centre, sitting_id: UUID, photo: bytes, code: str
) -> None:
    with pytest.raises(DomainError) as refused:
        await make_registration(runtime, centre, sitting_id, number=0, photo=photo)
    assert refused.value.code == code
