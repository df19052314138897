"""Terminals that talk to the whole application as browsers do: enrolled, bound to a seat, signing what they ask."""

from typing import Any
from uuid import UUID

from httpx import AsyncClient, Response

from exam.cli.simulation.terminal import TerminalKey
from exam.core.runtime import Runtime
from exam.delivery.api import admit, bind_terminal
from exam.sitting.api import RegistrationView
from tests.builders.desks import ticket_of
from tests.builders.grading import Examined
from tests.builders.sitting import id_number

JSON = {"accept": "application/json"}


class Terminal:
    """One browser at one place; what it asks comes back as the server's plain answer."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._key = TerminalKey()
        self.id = ""
        self.code = ""
        self.attempt = ""
        self.lease = ""

    async def enrol(self) -> None:
        answer = await self._client.post(
            "/api/terminals", json={"public_key": self._key.jwk, "label": ""}, headers=JSON
        )
        assert answer.status_code == 200, answer.text
        self.id, self.code = answer.json()["terminal_id"], answer.json()["code"]

    async def check_in(self, ticket: str, number: str) -> Response:
        signed = self._key.sign("checkin", self.id, ticket)
        body = {"terminal_id": self.id, "ticket": ticket, "id_number": number, **signed}
        answer = await self._client.post("/api/checkin", json=body, headers=JSON)
        self.attempt = answer.json().get("attempt_id", self.attempt)
        return answer

    async def ask_for_lease(self, attempt: str | UUID = "") -> Response:
        attempt = str(attempt or self.attempt)
        signed = self._key.sign("lease", attempt, self.id)
        path = f"/api/attempts/{attempt}/lease"
        answer = await self._client.post(path, json={"terminal_id": self.id, **signed}, headers=JSON)
        self.lease = answer.json().get("lease") or self.lease
        return answer

    async def ask(self, method: str, path: str, body: Any = None) -> Response:
        """Call a route of the attempt under the lease."""
        headers = JSON | {"Ankao-Lease": self.lease}
        return await self._client.request(method, f"/api/attempts/{self.attempt}/{path}", json=body, headers=headers)

    async def save(self, slot: int, seq: int, response: list[str]) -> Response:
        return await self.ask("POST", "responses", {"saves": [{"slot": slot, "seq": seq, "response": response}]})


async def bind(runtime: Runtime, exam: Examined, terminal: Terminal, registration: RegistrationView) -> None:
    """Let the proctor bind an enrolled terminal to the seat of a registration."""
    async with runtime.databases.transaction(exam.scope) as session:
        await bind_terminal(
            session,
            exam.centre.clerk,
            code=terminal.code,
            room_id=registration.room_id,
            sitting_id=exam.sitting_id,
            seat=registration.seat,
            at=runtime.clock.now(),
        )


async def at_seat(runtime: Runtime, exam: Examined, client: AsyncClient, number: int) -> Terminal:
    """Return a terminal at the seat of the exam's n-th registration, before check-in."""
    terminal = Terminal(client)
    await terminal.enrol()
    await bind(runtime, exam, terminal, exam.registrations[number])
    return terminal


async def check_in(runtime: Runtime, exam: Examined, terminal: Terminal, number: int) -> Response:
    """Show the ticket and the ID number of the exam's n-th candidate."""
    ticket = await ticket_of(runtime, exam.registrations[number])
    return await terminal.check_in(ticket, id_number(number))


async def admitted(runtime: Runtime, exam: Examined, client: AsyncClient, number: int) -> Terminal:
    """Bring the n-th candidate to the moment before the start: checked in, admitted, holding the lease."""
    terminal = await at_seat(runtime, exam, client, number)
    assert (await check_in(runtime, exam, terminal, number)).status_code == 200
    async with runtime.databases.transaction(exam.scope) as session:
        await admit(
            session, exam.centre.clerk, UUID(terminal.attempt), reason="identity_confirmed", at=runtime.clock.now()
        )
    assert (await terminal.ask_for_lease()).json()["lease"]
    return terminal


async def working(runtime: Runtime, exam: Examined, client: AsyncClient, number: int) -> Terminal:
    """Let the n-th candidate start."""
    terminal = await admitted(runtime, exam, client, number)
    assert (await terminal.ask("POST", "start", {})).status_code == 200
    return terminal
