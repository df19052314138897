"""An exam room with the real server behind it: candidates at terminals, the proctor at the desk, the database to look into."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import accumulate
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from playwright.sync_api import Browser, BrowserContext
from psycopg import sql
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.config import Settings
from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.principal import Grant, Principal
from exam.core.runtime import Runtime
from exam.delivery import api as delivery
from exam.delivery.receipt import Revision, is_save_receipt, response_digest
from exam.identity.sessions import COOKIE
from exam.sitting.api import open_sitting
from questionbank.blueprints.cells import Blueprint, Cell
from questionbank.items.content import Interaction
from tests.browser.desk_page import DeskPage
from tests.browser.line import Line
from tests.browser.live import LiveServer, MovedClock, serving
from tests.browser.terminal_page import TerminalPage
from tests.builders.desks import session_of, ticket_of
from tests.builders.figures import figured_draft
from tests.builders.questionbank import publish_bank, some_drafts
from tests.builders.sitting import (
    COUNTY,
    ELECTRICIAN,
    id_number,
    make_centre,
    make_registration,
    make_sitting,
    portrait,
    prepare,
)

STARTS_IN = timedelta(minutes=4)
WIDE = {"width": 1366, "height": 768}
COUNTS = {
    Interaction.JUDGEMENT: 20,
    Interaction.CHOICE: 12,
    Interaction.MULTIPLE: 3,
    Interaction.TEXT_ENTRY: 1,
    Interaction.ORDER: 1,
    Interaction.MATCH: 1,
    Interaction.INLINE_CHOICE: 1,
    Interaction.HOTSPOT: 1,
    Interaction.CASE: 1,
}
SLOTS = sum(COUNTS.values())
FIRST = dict(zip(COUNTS, accumulate(COUNTS.values(), initial=1), strict=False))
"""The first slot of each interaction."""

Work = Callable[[AsyncSession, Principal, Runtime], Awaitable[None]]


class Candidate(msgspec.Struct, frozen=True):
    """One registered person: what stands on ticket and ID card."""

    name: str
    id_number: str
    ticket: str
    seat: str
    registration_id: UUID


class Stored(msgspec.Struct, frozen=True):
    """One response revision of the database."""

    slot: int
    seq: int
    response: str
    arrived_ms: int


class Hall:
    """One sitting with prepared forms, four minutes before its start, and one free seat."""

    def __init__(self, browser: Browser, settings: Settings, server: LiveServer, clock: MovedClock, line: Line) -> None:
        self._browser, self._settings, self._server = browser, settings, server
        self._contexts: list[BrowserContext] = []
        self._pages: list[TerminalPage] = []
        self.clock = clock
        self.line = line
        """The candidates' network; the proctor has another one."""
        self.candidates: list[Candidate] = []
        self.sitting = self.room = UUID(int=0)
        self._token = self._relief = ""
        self._proctor = Principal()

    def build(self, names: Sequence[str]) -> None:
        """Make bank, sitting, registrations and forms, and open the sitting."""
        self._server.do(lambda runtime: self._build(runtime, names))

    async def _build(self, runtime: Runtime, names: Sequence[str]) -> None:
        await runtime.valkey.flushdb()  # allowances outlive a test's database
        drafts = [figured_draft(each) for each in some_drafts(each=22, kinds=Interaction)]
        await publish_bank(runtime, qualification=ELECTRICIAN, drafts=drafts, blueprint=_blueprint())
        centre = await make_centre(runtime)
        rooms = [("一号机房", len(names) + 1)]
        self.sitting = await make_sitting(runtime, centre, rooms=rooms, starts_in=STARTS_IN)
        for number, name in enumerate(names, 1):
            registered = await make_registration(
                runtime, centre, self.sitting, number=number, name=name, photo=portrait()
            )
            ticket = f"AKT1.{await ticket_of(runtime, registered)}"
            self.candidates.append(Candidate(name, id_number(number), ticket, registered.seat, registered.id))
            self.room = registered.room_id
        await prepare(runtime, self.sitting)
        async with runtime.databases.transaction(centre.scope) as session:
            await open_sitting(session, centre.clerk, self.sitting, runtime.clock.now())
        account, self._token = await session_of(runtime, role="proctor")
        _, self._relief = await session_of(runtime, role="proctor")
        grants = (Grant("proctor", COUNTY),)
        self._proctor = Principal(account=account, name="李明", grants=grants, second_factor=True)

    @property
    def free_seat(self) -> str:
        """The seat that nobody was given."""
        taken = {each.seat for each in self.candidates}
        return next(seat for number in range(1, len(taken) + 2) if (seat := f"A-{number:02}") not in taken)

    def terminal(self, number: int, **options: Any) -> TerminalPage:
        """Open a browser of its own, with the ticket of the n-th candidate in hand."""
        candidate = self.candidates[number]
        context = self._context(**options)
        page = TerminalPage(context, f"{self.line.url}/terminal", candidate.ticket, candidate.id_number)
        self._pages.append(page)
        return page

    def desk(self, *, relief: bool = False, **options: Any) -> DeskPage:
        """Open the room's page as its proctor, or as the one who relieves him, in a browser and over a network of his own."""
        context = self._context(base_url=self._server.url, **options)
        token = self._relief if relief else self._token
        context.add_cookies([{"name": COOKIE, "value": token, "url": self._server.url}])
        page = context.new_page()
        page.goto("/proctor")
        page.locator(".room-choice .btn").click()
        return DeskPage(page)

    def _context(self, **options: Any) -> BrowserContext:
        context = self._browser.new_context(**{"locale": "zh-CN", "viewport": WIDE, **options})
        self._contexts.append(context)
        return context

    def close(self) -> None:
        """Close every browser; a script error in any terminal fails the test."""
        for context in self._contexts:
            context.close()
        assert [error for page in self._pages for error in page.errors] == []

    def sit_down(self, number: int, *, script: str = "") -> TerminalPage:
        """Put a candidate before the exam; the proctor's part is done by service here. `script` runs before each page's own."""
        here = self.terminal(number)
        if script:
            here.page.add_init_script(script)
        here.page.goto(here.url)
        here.pass_system_check()
        self.bind(here, self.candidates[number].seat)
        here.identify()
        here.pass_system_check()
        here.read_rules()
        self.admit(number)
        here.page.locator(".admission.good").wait_for()
        self.start_time()
        here.page.locator(".exam, .hall .button:visible").wait_for()
        if here.page.locator(".hall .button:visible").count():
            here.begin()
        here.wait_until_kept()
        return here

    def start_time(self) -> None:
        """Set the server's clock to the start of the sitting, unless it has come."""
        [(starts_at,)] = self.read("select starts_at from sitting_sitting")
        self.clock.jump(max(timedelta(), starts_at - self.clock.now()))

    def bind(self, here: TerminalPage, seat: str) -> None:
        """Bind the terminal that shows its code to a seat."""
        code = here.code()

        async def work(session: AsyncSession, proctor: Principal, runtime: Runtime) -> None:
            at, places = runtime.clock.now(), {"room_id": self.room, "sitting_id": self.sitting}
            await delivery.bind_terminal(session, proctor, code=code, seat=seat, at=at, **places)

        self.as_proctor(work)

    def admit(self, number: int) -> None:
        """Confirm the identity of a candidate who has checked in."""

        async def work(session: AsyncSession, proctor: Principal, runtime: Runtime) -> None:
            at = runtime.clock.now()
            await delivery.admit(session, proctor, self.attempt(number), reason="identity_confirmed", at=at)

        self.as_proctor(work)

    def as_proctor(self, work: Work) -> None:
        """Do something in a transaction of the proctor's region."""

        async def act(runtime: Runtime) -> None:
            async with runtime.databases.transaction(Scope(region=COUNTY)) as session:
                await work(session, self._proctor, runtime)

        self._server.do(act)

    def read(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Look into the database past every policy."""
        with psycopg.connect(self._settings.database_url) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def attempt(self, number: int) -> UUID:
        """The attempt of a candidate who has checked in."""
        query = "select id from delivery_attempt where registration_id = %s"
        [(attempt_id,)] = self.read(query, self.candidates[number].registration_id)
        found: UUID = attempt_id
        return found

    def stored(self, number: int) -> list[Stored]:
        """Every stored revision of a candidate, in the order of the candidate's changes."""
        query = (
            "select slot, seq, response, floor(extract(epoch from arrived_at) * 1000)::bigint"
            " from delivery_response_revision where attempt_id = %s order by seq"
        )
        return [Stored(*row) for row in self.read(query, self.attempt(number))]

    def answers(self, number: int) -> dict[int, Any]:
        """What counts of a candidate: by slot, the response of the greatest seq."""
        return {row.slot: msgspec.json.decode(row.response) for row in self.stored(number)}

    def require_acknowledged(self, number: int, here: TerminalPage) -> None:
        """Fail unless every answer that the terminal holds as acknowledged is stored, and its receipt is genuine."""
        attempt, secrets = self.attempt(number), [self._server.runtime.secrets.lease]
        stored = {(row.slot, row.seq): row for row in self.stored(number)}
        acked = here.rows()["acked"]
        assert acked
        for slot, seq, receipt in acked:
            row = stored[slot, seq]
            revision = Revision(
                slot=slot,
                seq=seq,
                response_digest=response_digest(row.response.encode()),
                arrived_at_ms=row.arrived_ms,
            )
            # what came back with a reload was acknowledged by an earlier page, whose receipt is in its place
            assert not receipt or is_save_receipt(receipt, secrets, attempt, revision)

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Let PostgreSQL turn the answer path away: its connections are ended and no new one is let in.

        The roles are the whole server's, which tests beside this one may share: what is taken away is this database.
        """
        others = sql.SQL(", ").join(sql.Identifier(role) for role in Role if role is not Role.ANSWER)
        end = (
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = %s"
        )
        with psycopg.connect(self._settings.database_url, autocommit=True) as connection:
            here = sql.Identifier(connection.info.dbname)
            connection.execute(sql.SQL("grant connect on database {} to {}").format(here, others))
            connection.execute(sql.SQL("revoke connect on database {} from public").format(here))
            try:
                connection.execute(end, [Role.ANSWER.value])
                yield
            finally:
                connection.execute(sql.SQL("grant connect on database {} to public").format(here))


def _blueprint() -> Blueprint:
    cells = tuple(Cell(interaction=each, count=count, marks=100) for each, count in COUNTS.items())
    return Blueprint(qualification=ELECTRICIAN, title="小测验", duration_min=120, pass_marks=2000, cells=cells)


@contextmanager
def open_hall(browser: Browser, settings: Settings, names: Sequence[str]) -> Iterator[Hall]:
    """Serve the application with a clock that can be set and a line that can be cut, and register people."""
    clock = MovedClock()
    with serving(settings, clock) as server, Line(server.url) as line:
        hall = Hall(browser, settings, server, clock, line)
        hall.build(names)
        yield hall
        hall.close()
