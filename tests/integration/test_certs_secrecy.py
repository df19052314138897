"""What a stolen dump tells (TRUST.md C15): no ID number in it, and none to be guessed from its indexes."""

import hashlib
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

from sqlalchemy import text

from certs.naming import number_index
from certs.views import find_by_number
from exam.core.clock import FrozenClock
from exam.core.config import Profile, Settings
from exam.core.crypto import Sealer
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.keyring import load_keyring
from exam.core.runtime import Runtime
from exam.identity.api import find_person_id, list_people, parse_id_number
from exam.identity.people import ID_PLACE
from tests.builders.certs import ROOT, certified
from tests.builders.secrecy import id_numbers, numbers_of_county
from tests.builders.sitting import id_number

COLUMNS = text(
    "select table_schema, table_name, column_name, data_type from information_schema.columns"
    " join information_schema.tables using (table_schema, table_name)"
    " where table_schema in ('public', 'jobs') and table_type = 'BASE TABLE'",
)


def _unkeyed(value: str) -> bytes:
    return hashlib.sha256(value.encode()).digest()


async def _dump(runtime: Runtime) -> list[bytes]:
    """Return every value of every table as its owner reads it, bytes as they are."""
    values: list[bytes] = []
    async with runtime.databases.session(NOTHING, Role.OWNER) as session:
        for schema, table, column, kind in (await session.execute(COLUMNS)).all():
            asked = f'"{column}"' if kind == "bytea" else f'"{column}"::text'
            rows = await session.scalars(text(f'select {asked} from {schema}."{table}" where "{column}" is not null'))
            values += [bytes(value) if kind == "bytea" else value.encode() for value in rows]
    return values


COUNTY = "330106"
WHOLE = (date(2005, 12, 31) - date(1970, 1, 1)).days + 1
"""Of days: everybody who was born in 1970 to 2005."""
DAYS = int(os.environ.get("ANKAO_GUESS_DAYS", "3"))
"""13149 by the environment is the whole of the 36 years: two minutes of computing."""
FIRST = date(1970, 1, 1) if DAYS == WHOLE else date(1980, 4, 30)


def _guess(index: bytes, *, of: Callable[[str], bytes]) -> str | None:
    """Try the ID numbers of everybody born in the county on some days against an index, with what a thief has."""
    return next((number for number in numbers_of_county(COUNTY, FIRST, DAYS) if of(number) == index), None)


async def test_a_dump_holds_no_id_number(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    values = await _dump(runtime)
    assert len(values) > 500
    assert list(id_numbers([holder.number.encode()])) == [holder.number[1:].encode()]
    assert list(id_numbers(values)) == []


async def test_a_number_is_found_by_its_index_and_another_is_not(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    async with runtime.databases.session(ROOT) as session:
        assert await find_by_number(session, runtime.sealer, holder.number) == holder.credential_id
        assert await find_by_number(session, runtime.sealer, "T" + id_number(998)) is None


async def test_a_thief_of_the_index_guesses_nothing_without_the_key(
    runtime: Runtime, clock: FrozenClock, tmp_path: Path
) -> None:
    holder = await certified(runtime, clock)
    async with runtime.databases.session(ROOT) as session:
        stored = (await session.scalars(text("select number_index from certs_credential"))).one()
    thief = Sealer(load_keyring(Settings(profile=Profile.TEST, data_dir=tmp_path)))
    assert stored == number_index(runtime.sealer, holder.number)
    assert _guess(stored, of=lambda number: _unkeyed("T" + number)) is None
    assert _guess(stored, of=lambda number: number_index(thief, "T" + number)) is None


async def test_a_thief_of_the_people_guesses_nobody_without_the_key(
    runtime: Runtime, clock: FrozenClock, tmp_path: Path
) -> None:
    holder = await certified(runtime, clock)
    async with runtime.databases.session(NOTHING, Role.OWNER) as session:
        stored = (await session.scalars(text("select id_index from identity_person"))).one()
    thief = Sealer(load_keyring(Settings(profile=Profile.TEST, data_dir=tmp_path)))
    assert stored == runtime.sealer.blind_index(holder.number[1:], ID_PLACE)
    place = f"{ID_PLACE}\0"
    assert _guess(stored, of=lambda number: thief.blind_index(number, ID_PLACE)) is None
    assert _guess(stored[1:], of=_unkeyed) is None
    assert _guess(stored[1:], of=lambda number: _unkeyed(place + number)) is None
    assert _guess(_unkeyed(holder.number[1:]), of=_unkeyed) == holder.number[1:]


async def test_a_desk_elsewhere_sees_nobody_by_a_guessed_number(runtime: Runtime, clock: FrozenClock) -> None:
    """The index tells an id and nothing of the person; the rows stay hidden from another region's desk."""
    holder = await certified(runtime, clock)
    number = parse_id_number(holder.number[1:], clock.now().date())
    async with runtime.databases.session(Scope(region="33/3302/330203")) as session:
        found = await find_person_id(session, runtime.sealer, number)
        assert found == holder.registration.person_id
        assert await list_people(session, [found]) == {}
        assert (await session.execute(text("select 1 from identity_person"))).all() == []
        for guess in (1, 2, 3):
            guessed = parse_id_number(id_number(guess), clock.now().date())
            assert await find_person_id(session, runtime.sealer, guessed) is None


async def test_an_index_without_a_key_would_be_guessed(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    assert _guess(_unkeyed(holder.number), of=lambda number: _unkeyed("T" + number)) == holder.number[1:]
