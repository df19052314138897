"""The study-hour ledger: append-only, scoped by region, summed over all of them."""

from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from exam.core.audit.ledger import AuditRow
from exam.core.clock import local_date
from exam.core.db.scope import NOTHING, Scope
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.identity.api import ensure_person, parse_id_number
from exam.standards.errors import UnknownQualificationError
from exam.training.api import hours_of, list_hours, record_hours
from exam.training.ledger.errors import HoursOutOfRangeError, HoursSourceMissingError, UnknownHoursKindError
from exam.training.ledger.models import LedgerEntry
from tests.builders.sitting import COUNTY, id_number

ELSEWHERE = "33/3302/330203"
OFFICER = "officer.general"


@pytest.fixture
async def person_id(runtime: Runtime) -> UUID:
    now = runtime.clock.now()
    async with runtime.databases.transaction(Scope(region=COUNTY)) as session:
        number = parse_id_number(id_number(1), local_date(now))
        return await ensure_person(session, runtime.sealer, SYSTEM, name="张三", number=number, region=COUNTY, at=now)


async def note(
    runtime: Runtime,
    person_id: UUID,
    *,
    hours: int = 1600,
    region: str = COUNTY,
    kind: str = "initial",
    source: str = "甲校",
    qualification: str = OFFICER,
) -> None:
    async with runtime.databases.transaction(Scope(region=region)) as session:
        await record_hours(
            session,
            SYSTEM,
            person_id=person_id,
            qualification=qualification,
            kind=kind,
            hours_hundredths=hours,
            source=source,
            region=region,
            at=runtime.clock.now(),
        )


async def test_hours_of_all_regions_add_up_and_rows_stay_at_home(runtime: Runtime, person_id: UUID) -> None:
    await note(runtime, person_id, hours=1600)
    await note(runtime, person_id, hours=1650, region=ELSEWHERE)
    await note(runtime, person_id, hours=999, qualification="special.1.2")
    async with runtime.databases.session(Scope(region=COUNTY)) as session:
        assert await hours_of(session, person_id, OFFICER) == 3250
        assert [entry.hours for entry in await list_hours(session, person_id, OFFICER)] == [1600, 1650]
        assert {row.region for row in await session.scalars(select(LedgerEntry))} == {COUNTY}


async def test_person_sees_own_hours_and_nobody_elses(runtime: Runtime, person_id: UUID) -> None:
    await note(runtime, person_id)
    async with runtime.databases.session(Scope(person=person_id)) as session:
        assert len((await session.scalars(select(LedgerEntry))).all()) == 1
    for scope in (NOTHING, Scope(region="33/3301/330108"), Scope(organisation=person_id)):
        async with runtime.databases.session(scope) as session:
            assert (await session.scalars(select(LedgerEntry))).all() == []


async def test_recording_leaves_one_audit_entry(runtime: Runtime, person_id: UUID) -> None:
    await note(runtime, person_id)
    async with runtime.databases.session(Scope(region=COUNTY)) as session:
        rows = await session.scalars(select(AuditRow).where(AuditRow.act == "hours.recorded"))
        [entry] = rows
    assert entry.subject == str(person_id)
    assert entry.facts["hours_hundredths"] == 1600


@pytest.mark.parametrize("statement", ["update training_hours set seconds = 1", "delete from training_hours"])
async def test_hours_cannot_be_changed(runtime: Runtime, person_id: UUID, statement: str) -> None:
    await note(runtime, person_id)
    async with runtime.databases.session(Scope(region=COUNTY)) as session:
        with pytest.raises(DBAPIError, match="permission denied"):
            await session.execute(text(statement))


async def test_impossible_entries_are_refused(runtime: Runtime, person_id: UUID) -> None:
    for hours in (0, -1, 1_000_001):
        with pytest.raises(HoursOutOfRangeError):
            await note(runtime, person_id, hours=hours)
    with pytest.raises(UnknownHoursKindError):
        await note(runtime, person_id, kind="yearly")
    with pytest.raises(HoursSourceMissingError):
        await note(runtime, person_id, source=" ")
    with pytest.raises(UnknownQualificationError):
        await note(runtime, person_id, qualification="officer.nowhere")


async def test_row_outside_the_scope_is_refused_by_the_database(runtime: Runtime, person_id: UUID) -> None:
    async with runtime.databases.session(Scope(region=ELSEWHERE)) as session:
        session.add(
            LedgerEntry(
                person_id=person_id,
                qualification=OFFICER,
                kind="initial",
                origin="attested",
                node="",
                part="",
                seconds=2700,
                source="x",
                rules="ledger@1",
                evidence="",
                region=COUNTY,
                recorded_at=runtime.clock.now(),
            ),
        )
        with pytest.raises(DBAPIError, match="row-level security"):
            await session.flush()
