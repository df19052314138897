"""模拟考试: the live blueprint over released items, within the live time, handed in once and reviewed afterwards."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.ids import new_id
from exam.core.ports import Ports
from exam.core.principal import Principal
from exam.training.classes.views import EnrolmentView
from exam.training.practice.asking import as_response
from exam.training.practice.errors import MockNotFoundError, MockOpenError
from exam.training.practice.models import Mock, MockResponse, PracticeAnswer
from exam.training.practice.ports import SCORER, Response
from questionbank.api import (
    CandidateForm,
    CandidateSlot,
    PracticeForm,
    Solution,
    assemble_practice,
    list_practice_pool,
    show_practice,
    solve_practice,
    words_of,
)

SEED_BYTES = 32
_LOCK = text("select pg_advisory_xact_lock(hashtextextended('training.mock:' || :person, 0))")
LATE = timedelta(seconds=2)
"""How long after the deadline a hand-in may still be on its way; answers count until the deadline."""


class MockView(msgspec.Struct, frozen=True, kw_only=True):
    """A mock; `marks` in hundredths once it has been handed in."""

    id: UUID
    enrolment_id: UUID
    person_id: UUID
    region: str
    qualification: str
    form: PracticeForm
    full_marks: int
    pass_marks: int
    started_at: datetime
    deadline_at: datetime
    submitted_at: datetime | None
    marks: int | None

    @property
    def passed(self) -> bool:
        return self.marks is not None and self.marks >= self.pass_marks


class MockSave(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a response; `response` holds labels, or one text."""

    slot: int
    seq: int
    response: tuple[str, ...]


class ReviewedSlot(msgspec.Struct, frozen=True, kw_only=True):
    """A slot after the hand-in; `item_id`, `version` and `node` say where to practise it."""

    slot: CandidateSlot
    item_id: str
    version: str
    node: str
    response: tuple[str, ...]
    correct: bool
    solution: Solution

    @property
    def given(self) -> tuple[str, ...]:
        """The response in words."""
        return words_of(self.slot.interaction, self.slot.options, self.response)


async def start_mock(session: AsyncSession, principal: Principal, learner: EnrolmentView, *, at: datetime) -> UUID:
    """Deal a mock and return its id, or that of the one that goes on.

    Raises NoPublishedBlueprintError and PracticePoolTooSmallError.
    """
    await session.execute(_LOCK, {"person": str(learner.person_id)})
    going_on = select(Mock.id).where(
        Mock.person_id == learner.person_id, Mock.qualification == learner.qualification, Mock.submitted_at.is_(None)
    )
    standing = await session.scalar(going_on)
    if standing is not None:
        return standing
    form = await assemble_practice(
        session,
        learner.qualification,
        learner.region,
        seed=secrets.token_bytes(SEED_BYTES),
        key=str(learner.person_id),
        on=local_date(at),
    )
    row = Mock(
        person_id=learner.person_id,
        enrolment_id=learner.id,
        region=learner.region,
        qualification=learner.qualification,
        form=msgspec.to_builtins(form),
        full_marks=sum(slot.marks for slot in form.assembly.slots),
        pass_marks=form.pass_marks,
        started_at=at,
        deadline_at=at + timedelta(seconds=form.duration_s),
    )
    session.add(row)
    await session.flush()
    facts = {"qualification": row.qualification, "blueprint": str(form.blueprint_id)}
    await record(session, principal, "mock.started", ("mock", row.id), at=at, region=row.region, facts=facts)
    return row.id


async def get_mock(session: AsyncSession, person_id: UUID, mock_id: UUID) -> MockView:
    """Return an own mock; raises MockNotFoundError."""
    row = await session.get(Mock, mock_id)
    if row is None or row.person_id != person_id:
        raise MockNotFoundError
    return _view(row)


async def list_mocks(session: AsyncSession, person_id: UUID, qualification: str, *, limit: int = 20) -> list[MockView]:
    """Return the person's mocks, the newest first."""
    query = select(Mock).where(Mock.person_id == person_id, Mock.qualification == qualification)
    return [_view(row) for row in await session.scalars(query.order_by(Mock.started_at.desc()).limit(limit))]


def _view(row: Mock) -> MockView:
    names = [name for name in MockView.__struct_fields__ if name != "form"]
    return MockView(form=msgspec.convert(row.form, PracticeForm), **{name: getattr(row, name) for name in names})


async def show_mock(session: AsyncSession, mock: MockView) -> CandidateForm:
    """Return the form as the terminal shows it."""
    return await show_practice(session, mock.form)


async def save_responses(
    session: AsyncSession, mock: MockView, saves: Sequence[MockSave], *, at: datetime
) -> list[MockSave]:
    """Keep what belongs to the form and return what is kept; sending again is safe, another answer by a used `seq` is not.

    The database refuses what comes too late.
    """
    slots = {slot.slot for slot in mock.form.assembly.slots}
    taken = [save for save in saves if save.slot in slots]
    if taken:
        rows = [
            {
                "id": new_id(),
                "mock_id": mock.id,
                "person_id": mock.person_id,
                "region": mock.region,
                "slot": save.slot,
                "seq": save.seq,
                "response": list(save.response),
                "at": at,
            }
            for save in taken
        ]
        await session.execute(pg_insert(MockResponse).values(rows).on_conflict_do_nothing())
    stored = select(MockResponse.slot, MockResponse.seq, MockResponse.response).where(MockResponse.mock_id == mock.id)
    kept = {(slot, seq): tuple(response) for slot, seq, response in await session.execute(stored)}
    return [save for save in taken if kept.get((save.slot, save.seq)) == save.response]


async def list_responses(session: AsyncSession, mock: MockView) -> list[MockSave]:
    """Return the response of each slot that counts: the one with the greatest `seq`."""
    query = (
        select(MockResponse.slot, MockResponse.seq, MockResponse.response)
        .ext(distinct_on(MockResponse.slot))
        .where(MockResponse.mock_id == mock.id)
        .order_by(MockResponse.slot, MockResponse.seq.desc())
    )
    rows = await session.execute(query)
    return [MockSave(slot=slot, seq=seq, response=tuple(response)) for slot, seq, response in rows]


async def submit_mock(
    session: AsyncSession, ports: Ports, principal: Principal, mock_id: UUID, *, at: datetime
) -> None:
    """Score a mock and keep an answer to each of its items; a second call changes nothing."""
    row = await session.get(Mock, mock_id, with_for_update=True, populate_existing=True)
    if row is None or row.person_id != principal.person:
        raise MockNotFoundError
    if row.submitted_at is not None:
        return
    mock = _view(row)
    responses = {save.slot: save.response for save in await list_responses(session, mock)}
    scored, _ = await solve_practice(session, mock.form)
    given: Mapping[int, Response] = {
        slot.slot: as_response(slot.interaction, responses.get(slot.slot, ())) for slot in scored.slots
    }
    marks = ports.get(SCORER)(scored, given)
    right = {mark.slot: mark.right for mark in marks}
    row.submitted_at, row.marks = min(at, mock.deadline_at), sum(mark.marks for mark in marks)
    session.add_all(await _answers(session, mock, responses, right, row.submitted_at))
    await session.flush()
    facts: dict[str, Fact] = {"qualification": mock.qualification, "marks": row.marks}
    await record(session, principal, "mock.submitted", ("mock", row.id), at=at, region=row.region, facts=facts)


async def _answers(
    session: AsyncSession,
    mock: MockView,
    responses: Mapping[int, tuple[str, ...]],
    right: Mapping[int, bool],
    at: datetime,
) -> list[PracticeAnswer]:
    nodes = {item.item_id: item.node for item in await list_practice_pool(session, mock.qualification, mock.region)}
    return [
        PracticeAnswer(
            person_id=mock.person_id,
            region=mock.region,
            qualification=mock.qualification,
            item_id=UUID(slot.item_id),
            version=slot.version,
            node=nodes.get(slot.item_id, ""),
            mock_id=mock.id,
            response=list(responses.get(slot.slot, ())),
            correct=right[slot.slot],
            at=at,
        )
        for slot in mock.form.assembly.slots
    ]


async def close_overdue(session: AsyncSession, ports: Ports, principal: Principal, *, at: datetime) -> None:
    """Hand in what the person's time ran out on while nobody looked."""
    overdue = select(Mock.id).where(
        Mock.person_id == principal.person, Mock.submitted_at.is_(None), Mock.deadline_at < at - LATE
    )
    for mock_id in list(await session.scalars(overdue)):
        await submit_mock(session, ports, principal, mock_id, at=at)


async def review_mock(session: AsyncSession, mock: MockView) -> list[ReviewedSlot]:
    """Return every slot with its solution; raises MockOpenError before the hand-in."""
    if mock.submitted_at is None:
        raise MockOpenError
    shown = await show_practice(session, mock.form)
    scored, solutions = await solve_practice(session, mock.form)
    rows = await session.scalars(select(PracticeAnswer).where(PracticeAnswer.mock_id == mock.id))
    answers = {str(row.item_id): row for row in rows}
    return [
        ReviewedSlot(
            slot=slot,
            item_id=key.item_id,
            version=key.version,
            node=answers[key.item_id].node,
            response=tuple(answers[key.item_id].response),
            correct=answers[key.item_id].correct,
            solution=solution,
        )
        for slot, key, solution in zip(shown.slots, scored.slots, solutions, strict=True)
    ]
