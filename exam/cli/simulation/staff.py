"""The demo's staff over HTTP: centre, proctor and assessors log in as people do and use no private route."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyotp

from exam.cli.simulation.schemas import Seat
from exam.cli.simulation.wire import Refused, Wire
from exam.core.errors import DomainError, Kind

LOGINS_FILE = "demo.json"
TOTP_STEP_S = 30
MARKS = {"K1": 9200, "K2": 8800, "K3": 9000, "K4": 8600}


class NoDemoError(DomainError):
    """The installation has no demo accounts, or is no demo at all."""

    kind = Kind.NOT_FOUND
    code = "no_demo"
    message = "这里没有演示账号:模拟考试只能在演示环境中进行。"


class DemoLogin(msgspec.Struct, kw_only=True):
    """One account of the demo province."""

    login: str
    password: str
    role: str
    name: str
    totp: str = ""


class Demo(msgspec.Struct, kw_only=True):
    """What the demo's builder wrote down for people and for the simulation."""

    logins: list[DemoLogin]

    def of(self, role: str, number: int = 0) -> DemoLogin:
        """Return the demo account of a role, or the next ones where several people are needed."""
        return [login for login in self.logins if login.role == role][number]


def read_demo(data_dir: Path) -> Demo:
    """Return the demo's accounts; raises NoDemoError."""
    try:
        return msgspec.json.decode((data_dir / LOGINS_FILE).read_bytes(), type=Demo)
    except FileNotFoundError as error:
        raise NoDemoError from error


async def log_in(base_url: str, account: DemoLogin) -> Wire:
    """Return a logged-in client, both factors passed; waits for a fresh code when the last one was used up."""
    wire = Wire(base_url)
    await wire.get("/health/live")
    answer = await wire.post("/api/login", {"login": account.login, "password": account.password})
    if answer["second_factor_needed"]:
        await _pass_code(wire, account)
    return wire


async def _pass_code(wire: Wire, account: DemoLogin) -> None:
    until = time.monotonic() + 2 * TOTP_STEP_S + 5
    while True:
        try:
            code = pyotp.TOTP(account.totp).now()
            await wire.post("/api/login/second-factor", {"code": code})
        except Refused as refusal:
            if refusal.code != "second_factor" or time.monotonic() > until:
                raise
            # a code is good once, and guessing on would lock the account: wait for the next one
            await asyncio.sleep(TOTP_STEP_S - time.time() % TOTP_STEP_S + 0.2)
        else:
            return


class StaffRoom:
    """The demo's staff, each logged in once for as many sittings as they lead."""

    def __init__(self, base_url: str, demo: Demo) -> None:
        self._base_url = base_url
        self._demo = demo
        self._wires: dict[str, Wire] = {}

    async def wire(self, role: str, number: int = 0) -> Wire:
        """Return the logged-in client of the n-th account of a role."""
        account = self._demo.of(role, number)
        if account.login not in self._wires:
            self._wires[account.login] = await log_in(self._base_url, account)
        return self._wires[account.login]

    async def close(self) -> None:
        """End everybody's connection."""
        await asyncio.gather(*(wire.close() for wire in self._wires.values()))


_MADE_WITHIN, _REGISTERED_WITHIN = timedelta(seconds=3), timedelta(milliseconds=30)
"""What the forms of a sitting and one registration take: what is committed to after the start proves nothing."""


class Centre:
    """The centre's clerk, and the second one without whom no hours count."""

    def __init__(self, wire: Wire, second: Wire) -> None:
        self._wire, self._second = wire, second
        self.sitting: dict[str, Any] = {}
        self._starts_at = datetime.now(UTC)

    @property
    def id(self) -> str:
        """The sitting's id."""
        return str(self.sitting["id"])

    async def plan(self, qualification: str, rooms: list[tuple[str, int]], title: str) -> None:
        """Create a sitting that starts as soon as its forms may be made; entry closes after three hours."""
        now = datetime.now(UTC)
        self._starts_at = now + _MADE_WITHIN + _REGISTERED_WITHIN * sum(seats for _, seats in rooms)
        body = {
            "qualification": qualification,
            "starts_at": int(self._starts_at.timestamp() * 1000),
            "ends_at": int((now + timedelta(hours=3)).timestamp() * 1000),
            "rooms": [{"name": name, "seats": seats} for name, seats in rooms],
            "plan_title": title,
        }
        self.sitting = await self._wire.post("/api/centre/sittings", body)

    async def register(self, name: str, id_number: str, uscc: str | None, photo: str | None = None) -> Seat:
        """Register one candidate and return seat and ticket."""
        body = {"name": name, "id_number": id_number, "uscc": uscc, "photo": photo}
        answer = await self._wire.post(f"/api/centre/sittings/{self.id}/registrations", body)
        return Seat(answer["id"], answer["ticket"], answer["room_id"], answer["seat"], name, id_number)

    async def attest_hours(self, name: str, id_number: str, qualification: str, hours: int) -> None:
        """Claim the hours of a completed class, and have a second clerk confirm them."""
        body = {
            "name": name,
            "id_number": id_number,
            "qualification": qualification,
            "kind": "initial",
            "hours_hundredths": hours * 100,
            "source": "demo class",
        }
        claim = await self._wire.post("/api/centre/hours", body)
        await self._second.post(f"/api/centre/hours/{claim['id']}/confirm", {})

    async def prepare(self, patience_s: float = 120) -> None:
        """Have the sealed forms made and wait for them."""
        await self._move("prepare")
        until = time.monotonic() + patience_s
        while not await self._forms_ready():
            if time.monotonic() > until:
                message = "the forms were not made"
                raise TimeoutError(message)
            await asyncio.sleep(0.5)

    async def _forms_ready(self) -> bool:
        board = (await self._wire.get(f"/api/centre/sittings/{self.id}"))["readiness"]
        return bool(board["forms_ready"]) and board["forms_missing"] == 0

    async def open(self) -> None:
        """Open the sitting at its start."""
        await asyncio.sleep(max(0.0, (self._starts_at - datetime.now(UTC)).total_seconds()))
        await self._move("open")

    async def close(self) -> None:
        await self._move("close")

    async def _move(self, act: str) -> None:
        await self._wire.post(f"/api/centre/sittings/{self.id}/{act}", {})

    async def results(self) -> list[dict[str, Any]]:
        """Return the results of the sitting as the centre sees them."""
        answer = await self._wire.get(f"/api/centre/sittings/{self.id}/results")
        rows: list[dict[str, Any]] = answer["results"] if isinstance(answer, dict) else answer
        return rows

    async def credentials(self) -> list[dict[str, Any]]:
        """Return the credentials in force of the sitting's candidates."""
        rows: list[dict[str, Any]] = await self._wire.get(f"/api/centre/sittings/{self.id}/credentials")
        return [row for row in rows if row["status"] == "issued"]

    async def release(self) -> dict[str, int]:
        """Release every result that nothing holds back."""
        answer: dict[str, int] = await self._wire.post(f"/api/centre/sittings/{self.id}/release", {})
        return answer


class Proctor:
    """The room's proctor."""

    def __init__(self, wire: Wire, sitting_id: str) -> None:
        self._wire = wire
        self._sitting = sitting_id

    async def take_charge(self, seat: Seat) -> None:
        """Answer for the room of a seat."""
        await self._wire.send_form(f"/proctor/sittings/{self._sitting}/rooms/{seat.room_id}/take", {})

    async def bind(self, seat: Seat, code: str) -> None:
        """Bind the terminal that shows `code` to a seat."""
        path = f"/api/proctor/sittings/{self._sitting}/rooms/{seat.room_id}/bind"
        await self._wire.post(path, {"code": code, "seat": seat.seat})

    async def admit(self, attempt_id: str) -> None:
        """Confirm a candidate's identity."""
        await self._wire.post(f"/api/proctor/attempts/{attempt_id}/admit", {"reason": "identity_confirmed"})

    async def end(self, attempt_id: str) -> None:
        """Take in the paper of a candidate who has left."""
        await self._wire.post(f"/api/proctor/attempts/{attempt_id}/end", {"reason": "candidate_left"})


class Assessors:
    """Two assessors at the practical station: one marks, the other confirms."""

    def __init__(self, first: Wire, second: Wire) -> None:
        self._first = first
        self._second = second

    async def assess(self, registration_id: str) -> None:
        """Record a sheet and have it confirmed."""
        body = {"registration_id": registration_id, "marks": MARKS, "vetoes": []}
        sheet = await self._first.post("/api/assess/sheets", body)
        await self._second.post(f"/api/assess/sheets/{sheet['id']}/confirm", {"agree": True})
