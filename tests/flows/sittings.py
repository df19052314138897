"""Sittings that simulated people have sat in an installation, and what its database says of each of them."""

from pathlib import Path

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from certs.models import Credential
from certs.naming import NUMBER_PLACE
from exam.cli.simulation.people import Invented
from exam.cli.simulation.schemas import Report
from exam.core.clock import local_date
from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.identity.api import parse_id_number
from exam.identity.people import find_person_id
from exam.sitting.api import list_registrations_of, ticket_secret
from grading.api import ResultView, list_person_results

ROOT = Scope(region="33")


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the simulation: what it reported, and the history that the judge reads."""

    qualification: str
    seed: int
    report: Report
    history: Path

    @property
    def people(self) -> list[tuple[str, str]]:
        """Name and ID number of everybody who sat, in the order they were registered."""
        invented = Invented(self.seed)
        return [invented.next() for _ in range(self.report.candidates)]


class Sat(msgspec.Struct, frozen=True, kw_only=True):
    """One person of a run: the way in at home, what was told, and every credential."""

    name: str
    id_number: str
    ticket: str
    results: list[ResultView]
    credentials: list[Credential]
    numbers: list[str]

    @property
    def passed_everything(self) -> bool:
        """Whether the newest result told says that no part is outstanding."""
        return any(result.outcome == "passed" for result in self.results)


async def people_of(runtime: Runtime, played: Played) -> list[Sat]:
    """Look up everybody who sat, past every mask: only tests do that."""
    async with runtime.databases.session(ROOT) as session:
        return [await _look_up(session, runtime, *person) for person in played.people]


async def _look_up(session: AsyncSession, runtime: Runtime, name: str, id_number: str) -> Sat:
    today = local_date(runtime.clock.now())
    person_id = await find_person_id(session, runtime.sealer, parse_id_number(id_number, today))
    assert person_id is not None
    (registration,) = await list_registrations_of(session, person_id)
    credentials = list(await session.scalars(select(Credential).where(Credential.person_id == person_id)))
    return Sat(
        name=name,
        id_number=id_number,
        ticket=await ticket_secret(session, runtime, registration.id),
        results=await list_person_results(session, person_id),
        credentials=credentials,
        numbers=[runtime.sealer.open(each.number_sealed, NUMBER_PLACE) for each in credentials],
    )
