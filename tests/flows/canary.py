"""A bank in which everything secret is unlike anything else, and an exam over it with taps in the lines."""

import asyncio
import re
from collections import Counter
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import httpx
import msgspec
from sqlalchemy import text

from exam.app import PLUGINS, all_subscribers, create_app
from exam.cli.simulation.candidate import Candidate, Tally
from exam.cli.simulation.history import History
from exam.cli.simulation.knowledge import Knowledge
from exam.cli.simulation.schemas import Seat
from exam.cli.simulation.wire import Refused, Wire
from exam.core.areas import find_area
from exam.core.config import Settings
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.runtime import Runtime, build_runtime
from exam.delivery.api import open_attempts
from exam.identity.sessions import COOKIE
from exam.sitting.api import RegistrationView, close_sitting, open_sitting
from exam.web.policy import RoutePolicy, policy_table
from exam.web.shell import _static_folders
from questionbank.blueprints.cells import Blueprint, Cell
from questionbank.forms.views import ScoringForm, ScoringSlot
from questionbank.items.content import Interaction, ItemDraft
from tests.builders.desks import ticket_of
from tests.builders.grading import scoring_form, work_off
from tests.builders.identity import regions
from tests.builders.questionbank import Bank, draft, new_canary, publish_bank, small_blueprint
from tests.builders.sitting import (
    COUNTY,
    ELECTRICIAN,
    Centre,
    id_number,
    make_centre,
    make_registration,
    make_sitting,
    make_staff,
    portrait,
    prepare,
)
from tests.builders.web import PAGE, send
from tests.flows.wiretap import Tap, tapped

EACH = 6
CANDIDATES = 4
PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
NOBODY = "0197a2b4-0000-7000-8000-000000000000"
OK = 200
LISTEN_S = 2
"""Seconds for which an event stream is listened to."""
OWN_ROLES = frozenset({"candidate", "proctor"})
FAULTY_SAVES: tuple[Any, ...] = (
    {"saves": [{"slot": 1, "seq": 900, "response": ["Z"]}]},
    {"saves": [{"slot": 400, "seq": 900, "response": ["A"]}]},
    {"saves": [{"slot": 1, "seq": 900, "response": ["A"], "key": ["A"]}]},
    {"saves": []},
    b"{",
)
STORED = {
    "item id": "select id::text from questionbank_item",
    "version id": "select id::text from questionbank_item_version",
    "version digest": "select digest from questionbank_item_version",
    "draw id": "select id::text from questionbank_draw",
    "form id": "select id::text from questionbank_form",
    "scoring view's digest": "select scoring_digest from questionbank_form",
}


TYPED = (Interaction.TEXT_ENTRY, Interaction.EXTENDED_TEXT)
"""Interactions that are answered by typing."""


def marked_drafts() -> tuple[list[ItemDraft], dict[str, bytes]]:
    """Return drafts and their secrets by name: explanation, basis, node, and each accepted variant of a text entry, and what markers look for."""
    drafts: list[ItemDraft] = []
    secrets: dict[str, bytes] = {}
    for place, interaction in enumerate(Interaction, 1):
        for number in range(1, EACH + 1):
            tokens = {what: new_canary() for what in ("explanation", "basis", "node", "variant", "other variant")}
            if interaction not in TYPED:
                del tokens["variant"], tokens["other variant"]
            if interaction is Interaction.HOTSPOT:
                tokens["hazard"] = new_canary()
            drafts.append(_marked(interaction, place * 1000 + number, tokens))
            secrets |= {f"{what} of {interaction} {number}": token.encode() for what, token in tokens.items()}
    return drafts, secrets


def _marked(interaction: Interaction, number: int, tokens: dict[str, str]) -> ItemDraft:
    plain = draft(interaction, number, node=tokens["node"], token=tokens.get("hazard", ""))
    keys = {
        Interaction.CHOICE: ("A",),  # always the author's first option, so that an order that is kept would tell it
        Interaction.MULTIPLE: ("A", "B"),
        **dict.fromkeys(TYPED, (tokens.get("variant", ""), tokens.get("other variant", ""))),
    }
    content = msgspec.structs.replace(
        plain.content,
        explanation=f"解析 {tokens['explanation']}",
        basis=f"依据 {tokens['basis']}",
        key=keys.get(interaction, plain.content.key),
    )
    return msgspec.structs.replace(plain, content=content)


class Observed(msgspec.Struct, kw_only=True):
    """What the taps have carried, what was secret, and what an observer may compare it with."""

    candidate: Tap
    proctor: Tap
    author: Tap
    secrets: dict[str, bytes]
    stems: list[str]
    forms: list[tuple[dict[str, Any], ScoringForm]] = []
    """Each form as it was shown and as it is scored."""
    verdicts: list[tuple[dict[str, Any], dict[str, Any]]] = []
    """The server's answers to a wrong and to a right response of the same slot."""
    static: int = 0


class Scene:
    """One sitting over the marked bank, from the bank to the scores that nobody has been told."""

    def __init__(self, runtime: Runtime, observed: Observed, bank: Bank) -> None:
        self._runtime = runtime
        self._bank = bank
        self._routes = policy_table(create_app(runtime))
        self.observed = observed

    async def play(self) -> None:
        """Do everything that people do before release."""
        await self._fetch_static()
        await regions(self._runtime)
        centre = await make_centre(self._runtime)
        registrations = await self._register(centre)
        proctor = await self._staff("proctor", self.observed.proctor)
        home = await self._at_home(registrations[0])
        terminals = [await self._seat(each, number, proctor) for number, each in enumerate(registrations)]
        ids = self._ids(registrations[0], terminals[0])
        await self._look_everywhere(ids, home, proctor, terminals[0], acting=True)
        for terminal in terminals:
            await self._sit(terminal)
        async with self._runtime.databases.transaction(centre.scope) as session:
            at, sitting_id = self._runtime.clock.now(), registrations[0].sitting_id
            await close_sitting(session, centre.clerk, sitting_id, at, open_attempts=open_attempts)
        assert "grading.score_sitting" in await work_off(self._runtime)
        await self._look_everywhere(ids, home, proctor, terminals[0])
        await self._look_as_author()
        await asyncio.gather(home.aclose(), proctor.aclose(), *(terminal.wire.close() for terminal in terminals))

    async def _fetch_static(self) -> None:
        """Fetch every file that anybody may, and the source maps that there must not be."""
        async with self._client(self.observed.candidate) as client:
            for leaf, folder in _static_folders(PLUGINS).items():
                for path in sorted(each for each in folder.rglob("*") if each.is_file()):
                    address = f"/static/{leaf}/{path.relative_to(folder)}"
                    self.observed.static += (await client.get(address)).status_code == OK
                    if path.suffix in {".js", ".css"}:
                        await client.get(f"{address}.map")

    def _client(self, tap: Tap, token: str = "") -> httpx.AsyncClient:
        cookies = {COOKIE: token} if token else {}
        return httpx.AsyncClient(base_url=tap.url, headers=PAGE, cookies=cookies, follow_redirects=True)

    async def _register(self, centre: Centre) -> list[RegistrationView]:
        rooms = [("一号机房", CANDIDATES)]
        sitting = await make_sitting(self._runtime, centre, rooms=rooms, starts_in=timedelta(minutes=-1))
        found = [
            await make_registration(self._runtime, centre, sitting, number=number, photo=portrait())
            for number in range(CANDIDATES)
        ]
        await prepare(self._runtime, sitting)
        async with self._runtime.databases.transaction(centre.scope) as session:
            await open_sitting(session, centre.clerk, sitting, self._runtime.clock.now())
        await self._note_stored()
        return found

    async def _note_stored(self) -> None:
        async with self._runtime.databases.session(NOTHING, Role.OWNER) as session:
            for what, query in STORED.items():
                for number, value in enumerate(await session.scalars(text(query))):
                    # what people here ask with comes back in the page that refuses it
                    if value not in {str(self._bank.item_ids[0]), str(self._bank.blueprint_id)}:
                        self.observed.secrets[f"{what} {number}"] = value.encode()
                        self.observed.secrets[f"{what} {number} without dashes"] = value.replace("-", "").encode()

    async def _staff(self, role: str, tap: Tap, *, region: str = COUNTY) -> httpx.AsyncClient:
        _, token = await make_staff(self._runtime, role=role, region=region)
        client = self._client(tap, token)
        await client.get("/")
        client.headers["x-csrftoken"] = client.cookies["csrftoken"]
        return client

    async def _at_home(self, registration: RegistrationView) -> httpx.AsyncClient:
        client = self._client(self.observed.candidate)
        await client.get("/me/login")
        ticket = await ticket_of(self._runtime, registration)
        answer = await send(client, "/me/login", {"ticket": ticket, "id_number": id_number(0)})
        assert answer.url.path == "/me"
        client.headers["x-csrftoken"] = client.cookies["csrftoken"]
        return client

    async def _seat(self, registration: RegistrationView, number: int, proctor: httpx.AsyncClient) -> Candidate:
        """Bring a candidate to the seat; on the way everything is asked for that is not due yet."""
        ticket = await ticket_of(self._runtime, registration)
        seat = Seat(registration.id, ticket, registration.room_id, registration.seat, "张三", id_number(number))
        terminal = Candidate(
            Wire(self.observed.candidate.url),
            seat,
            history=History(None),
            tally=Tally([], [], Counter()),
            knowledge=Knowledge(ELECTRICIAN),
            random=Random(number),
        )
        await terminal.wire.get("/health/live")
        await terminal.enrol()
        room = f"/proctor/sittings/{registration.sitting_id}/rooms/{registration.room_id}"
        bound = await proctor.post(f"{room}/bind", data={"code": terminal.code, "seat": seat.seat})
        assert bound.status_code == OK
        await terminal.check_in()
        await self._ask(terminal, "POST", "start", {})
        await proctor.post(f"/proctor/attempts/{terminal.attempt}/admit", data={"reason": "identity_confirmed"})
        await terminal.wait_for_lease()
        message = {"text": "请检查姓名", "reason": "notice"}
        await proctor.post(f"/proctor/attempts/{terminal.attempt}/message", data=message)
        return terminal

    async def _ask(self, terminal: Candidate, method: str, path: str, body: Any = None) -> Any:
        """Ask as the terminal; a refusal is an answer like any other."""
        address = f"/api/attempts/{terminal.attempt}/{path}"
        encoded = body if isinstance(body, bytes) else msgspec.json.encode(body)
        try:
            return await terminal.wire.call(
                method, address, None if method == "GET" else encoded, {"Ankao-Lease": terminal.lease}
            )
        except Refused as refusal:
            return refusal.body

    async def _sit(self, terminal: Candidate) -> None:
        shown = (await self._ask(terminal, "POST", "start", {}))["form"]
        scoring = await scoring_form(self._runtime, UUID(terminal.attempt))
        self.observed.forms.append((shown, scoring))
        for place, slot in enumerate(scoring.slots):
            answers = await self._save_both_ways(terminal, slot, seq=place * 10 + 1)
            if slot.interaction not in TYPED:
                self.observed.verdicts.append(answers)
        for path in ("form", "responses", "state", "result"):
            await self._ask(terminal, "GET", path)
        for faulty in FAULTY_SAVES:
            await self._ask(terminal, "POST", "responses", faulty)
        await self._ask(terminal, "POST", "hand", {})
        await terminal.hand_in(len(scoring.slots))
        for path in ("form", "responses", "state", "result"):
            await self._ask(terminal, "GET", path)
        await self._ask(terminal, "POST", "responses", {"saves": [{"slot": 1, "seq": 999, "response": ["T"]}]})

    async def _save_both_ways(self, terminal: Candidate, slot: ScoringSlot, *, seq: int) -> tuple[Any, Any]:
        """Answer a slot wrongly and rightly; the right words of a text entry would come back and are never typed."""
        labels = [shown for shown, _ in slot.option_map] or ["T", "F"]
        right: list[str] | str = list(slot.key)
        wrong = [next((label for label in labels if label not in slot.key), labels[-1])]
        if slot.interaction is Interaction.HOTSPOT:
            areas = filter(None, map(find_area, slot.key))
            wrong, right = ["0,0"], [f"{x},{y}" for x, y in (area.inside() for area in areas)]
        if slot.interaction in TYPED:
            wrong, right = "不知道", "我也不知道"  # type: ignore[assignment]
        saves = [
            {"saves": [{"slot": slot.slot, "seq": seq + more, "response": response}]}
            for more, response in enumerate((wrong, right))
        ]
        return (
            await self._ask(terminal, "POST", "responses", saves[0]),
            await self._ask(terminal, "POST", "responses", saves[1]),
        )

    def _ids(self, registration: RegistrationView, terminal: Candidate) -> dict[str, str]:
        return {
            "attempt_id": terminal.attempt,
            "registration_id": str(registration.id),
            "sitting_id": str(registration.sitting_id),
            "room_id": str(registration.room_id),
            "terminal_id": terminal.terminal_id,
            "item_id": str(self._bank.item_ids[0]),
            "blueprint_id": str(self._bank.blueprint_id),
            "id": terminal.attempt,
        }

    async def _look_everywhere(
        self,
        ids: dict[str, str],
        home: httpx.AsyncClient,
        proctor: httpx.AsyncClient,
        terminal: Candidate,
        *,
        acting: bool = False,
    ) -> None:
        """Knock at every door of the application with true ids: what may not be had must tell nothing either."""
        for row in self._routes:
            if row.path.startswith("/static/"):
                continue
            address = PARAMETER.sub(lambda found: ids.get(found[1], NOBODY), row.path)
            if row.method == "GET":
                await asyncio.gather(home.get(address), proctor.get(address))
            elif acting and row.policy.kind == "roles" and not OWN_ROLES.intersection(row.policy.roles):
                await asyncio.gather(home.post(address, json={}), proctor.post(address, json={}))
            if row.policy.kind == "key":
                await self._knock(row, address, terminal)

    async def _knock(self, row: RoutePolicy, address: str, terminal: Candidate) -> None:
        for body in (b"{}", b"{", b'{"answered": "x", "score": 100}') if row.method == "POST" else (None,):
            with suppress(Refused, TimeoutError):
                async with asyncio.timeout(LISTEN_S):
                    await terminal.wire.call(row.method, address, body, {"Ankao-Lease": terminal.lease})
                    continue
            await terminal.wire.close()  # after an event stream the connection is good for nothing else

    async def _look_as_author(self) -> None:
        """Let the author see an item and take the bank home: the line in which the secrets must be found."""
        author = await self._staff("author", self.observed.author, region="33")
        page = await author.get(f"/bank/items/{self._bank.item_ids[0]}")
        workbook = await author.get("/bank/items/export", params={"qualification": ELECTRICIAN})
        assert (page.status_code, workbook.content[:2]) == (OK, b"PK")
        await author.aclose()


async def observe(settings: Settings, host: str, port: int) -> Observed:
    """Play the scene against a web process that serves the settings' database."""
    runtime = build_runtime(settings, all_subscribers())
    await runtime.valkey.flushdb()
    drafts, secrets = marked_drafts()
    bank = await publish_bank(runtime, qualification=ELECTRICIAN, drafts=drafts, blueprint=_blueprint())
    async with AsyncExitStack() as stack:
        candidate, proctor, author = [await stack.enter_async_context(tapped(host, port)) for _ in range(3)]
        observed = Observed(
            candidate=candidate,
            proctor=proctor,
            author=author,
            secrets=secrets,
            stems=[each.content.stem for each in drafts],
        )
        await Scene(runtime, observed, bank).play()
    await runtime.close()
    return observed


def _blueprint() -> Blueprint:
    """Return the small blueprint and every other interaction; the stored keys of text entry are the words themselves."""
    small = small_blueprint(ELECTRICIAN)
    asked = {cell.interaction for cell in small.cells}
    others = (Cell(interaction=each, count=3, marks=100) for each in Interaction if each not in asked)
    return msgspec.structs.replace(small, cells=(*small.cells, *others))
