"""The mock exam on the terminal's own page: the same modules, the same calls, over released items and at home."""

from datetime import datetime
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import NotFoundError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.delivery.api import wire_form
from exam.desks.schemas import (
    MockAccepted,
    MockRefused,
    MockResponses,
    MockSaved,
    MockSavesIn,
    MockState,
    MockStored,
    MockSubmitIn,
)
from exam.training.api import (
    MockSave,
    MockView,
    close_overdue,
    get_mock,
    list_responses,
    save_responses,
    show_mock,
    submit_mock,
)
from exam.web.policy import allow_candidate
from questionbank.api import Interaction

RUNNING, OVER = "in_progress", "submitted"
TOO_LATE, NOT_IN_FORM = "deadline_passed", "response_invalid"


class MockPageController(Controller):
    """The page."""

    path = "/learn/mocks/{mock_id:uuid}"
    opt = allow_candidate()

    @get()
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        mock_id: FromPath[UUID],
    ) -> Template | Redirect:
        """Open the terminal's page on a mock, or lead to its review where the time is over."""
        await close_overdue(session, runtime.ports, principal, at=runtime.clock.now())
        mock = await get_mock(session, _person(principal), mock_id)
        if mock.submitted_at is not None:
            return Redirect(f"/learn/practice/mocks/{mock_id}", status_code=303)
        return Template("desks/mock.html", context={"mock": mock_id, "review": f"/learn/practice/mocks/{mock_id}"})


class MockController(Controller):
    """What the page calls: the terminal's calls by other addresses."""

    path = "/api/learn/mocks/{mock_id:uuid}"
    opt = allow_candidate()

    @post("/start", status_code=200)
    async def start(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        mock_id: FromPath[UUID],
    ) -> MockState:
        """Return the form, which holds no key."""
        mock, now = await get_mock(session, _person(principal), mock_id), runtime.clock.now()
        form = wire_form(await show_mock(session, mock)) if mock.submitted_at is None else None
        return MockState(server_now=_ms(now), remaining_ms=_left(mock, now), state=_state(mock), form=form)

    @get("/responses")
    async def responses(
        self, session: NamedDependency[AsyncSession], principal: NamedDependency[Principal], mock_id: FromPath[UUID]
    ) -> MockResponses:
        mock = await get_mock(session, _person(principal), mock_id)
        texts = {slot.slot for slot in mock.form.assembly.slots if slot.interaction is Interaction.TEXT_ENTRY}
        return MockResponses(
            [
                MockStored(save.slot, save.seq, "".join(save.response) if save.slot in texts else save.response)
                for save in await list_responses(session, mock)
            ]
        )

    @post("/responses", status_code=200)
    async def save(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        mock_id: FromPath[UUID],
        data: JSONBody[MockSavesIn],
    ) -> MockSaved:
        mock, now = await get_mock(session, _person(principal), mock_id), runtime.clock.now()
        is_open = mock.submitted_at is None and now <= mock.deadline_at
        saves = [MockSave(slot=save.slot, seq=save.seq, response=_stored(save.response)) for save in data.saves]
        taken = await save_responses(session, mock, saves, at=now) if is_open else []
        kept = {(save.slot, save.seq) for save in taken}
        return MockSaved(
            server_now=_ms(now),
            remaining_ms=_left(mock, now),
            state=_state(mock),
            accepted=[MockAccepted(slot, seq) for slot, seq in sorted(kept)],
            refused=[
                MockRefused(save.slot, save.seq, NOT_IN_FORM if is_open else TOO_LATE)
                for save in saves
                if (save.slot, save.seq) not in kept
            ],
        )

    @get("/state")
    async def state(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        mock_id: FromPath[UUID],
    ) -> MockState:
        mock, now = await get_mock(session, _person(principal), mock_id), runtime.clock.now()
        return MockState(server_now=_ms(now), remaining_ms=_left(mock, now), state=_state(mock))

    @post("/submit", status_code=200)
    async def submit(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        mock_id: FromPath[UUID],
        data: JSONBody[MockSubmitIn],  # noqa: ARG002  # the server counts for itself
    ) -> MockState:
        now = runtime.clock.now()
        await submit_mock(session, runtime.ports, principal, mock_id, at=now)
        return MockState(server_now=_ms(now), remaining_ms=0, state=OVER)


def _person(principal: Principal) -> UUID:
    if principal.person is None:
        raise NotFoundError
    return principal.person


def _stored(response: list[str] | str) -> tuple[str, ...]:
    if isinstance(response, str):
        return (response,) if response.strip() else ()
    return tuple(sorted(set(response)))


def _state(mock: MockView) -> str:
    return RUNNING if mock.submitted_at is None else OVER


def _left(mock: MockView, now: datetime) -> int:
    return max(0, _ms(mock.deadline_at) - _ms(now)) if mock.submitted_at is None else 0


def _ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
