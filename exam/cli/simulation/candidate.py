"""One honest candidate: checks in, waits, answers every item, hands in; repeats what was not acknowledged."""

import asyncio
import time
from collections import Counter
from random import Random
from typing import Any
from uuid import UUID

import msgspec

from exam.cli.simulation.history import Finish, History, Save
from exam.cli.simulation.knowledge import Knowledge
from exam.cli.simulation.schemas import Form, Seat
from exam.cli.simulation.terminal import TerminalKey
from exam.cli.simulation.wire import Refused, Unreachable, Wire

PAUSE_S = 0.5
PATIENCE_S = 120
RETRY = frozenset({429, 500, 502, 503, 504})


class GivenUp(Exception):  # noqa: N818
    """The candidate could not go on."""


class Tally(msgspec.Struct):
    """What all candidates of a run have met; times in milliseconds."""

    saves: list[float]
    starts: list[float]
    errors: Counter[str]


class Candidate:
    """One candidate at one terminal."""

    def __init__(
        self,
        wire: Wire,
        seat: Seat,
        *,
        history: History,
        tally: Tally,
        knowledge: Knowledge,
        random: Random,
    ) -> None:
        self.wire = wire
        self.seat = seat
        self.key = TerminalKey()
        self.terminal_id = ""
        self.code = ""
        self.attempt = ""
        self.lease = ""
        self._starts_at = 0.0
        self._history = history
        self._tally = tally
        self._knowledge = knowledge
        self._random = random
        self._ability = random.uniform(0.5, 0.99)
        self._seq = 0

    async def _try(self, method: str, path: str, body: Any = None) -> Any:
        """Call until the server decides; only a refusal that can never turn is raised."""
        until = time.monotonic() + PATIENCE_S
        headers = {"Ankao-Lease": self.lease} if self.lease else {}
        while True:
            try:
                if method == "GET":
                    return await self.wire.get(path, headers)
                return await self.wire.post(path, body, headers)
            except Unreachable:
                self._tally.errors["unreachable"] += 1
            except Refused as refusal:
                if refusal.status not in RETRY:
                    raise
                self._tally.errors[f"http_{refusal.status}"] += 1
            if time.monotonic() > until:
                raise GivenUp(path)
            await asyncio.sleep(PAUSE_S * (0.5 + self._random.random()))

    async def enrol(self) -> None:
        """Show the terminal's key; the proctor binds the code to the seat."""
        answer = await self._try("POST", "/api/terminals", {"public_key": self.key.jwk, "label": ""})
        self.terminal_id, self.code = answer["terminal_id"], answer["code"]

    async def check_in(self) -> None:
        """Show ticket and ID number."""
        signed = self.key.sign("checkin", self.terminal_id, self.seat.ticket)
        body = {"terminal_id": self.terminal_id, "ticket": self.seat.ticket, "id_number": self.seat.id_number, **signed}
        self.attempt = (await self._try("POST", "/api/checkin", body))["attempt_id"]

    async def wait_for_lease(self) -> None:
        """Ask until the proctor has admitted the candidate."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            signed = self.key.sign("lease", self.attempt, self.terminal_id)
            answer = await self._try(
                "POST", f"/api/attempts/{self.attempt}/lease", {"terminal_id": self.terminal_id, **signed}
            )
            if answer["lease"]:
                self.lease = answer["lease"]
                self._starts_at = time.monotonic() + (answer["starts_at"] - answer["server_now"]) / 1000
                return
            await asyncio.sleep(PAUSE_S)
        raise GivenUp("lease")

    async def start(self) -> Form:
        """Wait for the sitting's start, then start the own time and receive the form."""
        await asyncio.sleep(max(0.0, self._starts_at - time.monotonic()))
        answer = await self._try("POST", f"/api/attempts/{self.attempt}/start", {})
        self._tally.starts.append(self.wire.last_ms)
        return msgspec.convert(answer["form"], Form)

    async def answer_all(self, form: Form, *, pause_s: float, stop: asyncio.Event | None = None) -> None:
        """Answer every slot in order, one save each, or until told to stop."""
        for slot in form.slots:
            if stop is not None and stop.is_set():
                return
            await self._save(slot.slot, self._knowledge.answer(slot, self._ability, self._random))
            if pause_s:
                await asyncio.sleep(pause_s * (0.5 + self._random.random()))

    async def _save(self, slot: int, response: list[str] | str) -> None:
        self._seq += 1
        step = Save("invoke", UUID(self.attempt), slot, self._seq, response, _now_ms())
        self._history.save(step)
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            outcome = await self._send(step)
            self._history.save(msgspec.structs.replace(step, step=outcome, at_ms=_now_ms()))
            if outcome in {"ok", "fail"}:
                return
            await asyncio.sleep(PAUSE_S * (0.5 + self._random.random()))
        raise GivenUp("save")

    async def _send(self, step: Save) -> Any:
        body = {"saves": [{"slot": step.slot, "seq": step.seq, "response": step.response}]}
        headers = {"Ankao-Lease": self.lease}
        try:
            answer = await self.wire.post(f"/api/attempts/{self.attempt}/responses", body, headers)
        except Unreachable:
            self._tally.errors["unreachable"] += 1
            return "info"
        except Refused as refusal:
            self._tally.errors[refusal.code or f"http_{refusal.status}"] += 1
            return "info" if refusal.status in RETRY else "fail"
        if not answer["accepted"]:
            self._tally.errors[answer["refused"][0]["code"]] += 1
            return "fail"
        self._tally.saves.append(self.wire.last_ms)
        return "ok"

    async def hand_in(self, answered: int) -> None:
        """Hand in and keep the receipt."""
        answer = await self._try("POST", f"/api/attempts/{self.attempt}/submit", {"answered": answered})
        receipt = Finish(UUID(self.attempt), answer["receipt_code"], answer["digest"], answer["answered"])
        self._history.finish(receipt)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
