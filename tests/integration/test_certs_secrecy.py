"""What a stolen dump tells (TRUST.md C15): no ID number in it, and none to be guessed from its indexes."""

import hashlib
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
from exam.core.db.scope import NOTHING
from exam.core.keyring import load_keyring
from exam.core.runtime import Runtime
from tests.builders.certs import ROOT, certified
from tests.builders.secrecy import id_numbers
from tests.builders.sitting import id_number

COLUMNS = text(
    "select table_schema, table_name, column_name, data_type from information_schema.columns"
    " join information_schema.tables using (table_schema, table_name)"
    " where table_schema in ('public', 'jobs') and table_type = 'BASE TABLE'",
)


async def _dump(runtime: Runtime) -> list[bytes]:
    """Return every value of every table as its owner reads it, bytes as they are."""
    values: list[bytes] = []
    async with runtime.databases.session(NOTHING, Role.OWNER) as session:
        for schema, table, column, kind in (await session.execute(COLUMNS)).all():
            asked = f'"{column}"' if kind == "bytea" else f'"{column}"::text'
            rows = await session.scalars(text(f'select {asked} from {schema}."{table}" where "{column}" is not null'))
            values += [bytes(value) if kind == "bytea" else value.encode() for value in rows]
    return values


def _guess(index: bytes, *, of: Callable[[str], bytes]) -> str | None:
    """Try the permit numbers of everybody born in the county on a few days against an index, with what a thief has."""
    for day in (date(1980, 4, 30), date(1980, 5, 1), date(1980, 5, 2)):
        for serial in range(1000):
            number = "T" + id_number(serial, born_on=day)
            if of(number) == index:
                return number
    return None


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
    assert _guess(stored, of=lambda number: hashlib.sha256(number.encode()).digest()) is None
    assert _guess(stored, of=lambda number: number_index(thief, number)) is None


async def test_an_index_without_a_key_would_be_guessed(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    unkeyed = hashlib.sha256(holder.number.encode()).digest()
    assert _guess(unkeyed, of=lambda number: hashlib.sha256(number.encode()).digest()) == holder.number
