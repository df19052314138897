"""Keys change while people work: nobody is missed, and nothing stays under the old keys (TRUST.md C15)."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from rich.progress import Progress
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from certs.verification import Question, verify_public
from exam.app import compose_runtime
from exam.cli.keys import bring_in, seal_again, sealed_columns
from exam.core.clock import FrozenClock
from exam.core.config import Settings
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.keyring import load_keyring
from exam.core.principal import SYSTEM, Principal
from exam.core.reseal import count_generations
from exam.core.runtime import Runtime
from exam.identity.api import ensure_person, find_person_id
from exam.identity.identifiers import IdNumber, parse_id_number
from exam.identity.roles import Role as StaffRole
from exam.identity.sso.asking import Identity
from exam.identity.sso.service import bind
from tests.builders import identity as make
from tests.builders.cameras import register
from tests.builders.certs import NAME, certified
from tests.builders.exchange import fetching
from tests.builders.records import engage, make_enterprise, make_person
from tests.builders.sitting import id_number, make_centre

ROOT = Scope(region="33")
SETTLE_S = 1.2
EMPTY = {"proctor_recording_key"}
"""No camera runs here: a sitting's recording key is made by its first segment."""


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """Give the installation a ring of its own."""
    shutil.copy(settings.data_dir / "secrets.json", tmp_path)
    return msgspec.structs.replace(settings, data_dir=tmp_path)


@pytest.fixture
async def other(settings: Settings, clock: FrozenClock, runtime: Runtime) -> AsyncIterator[Runtime]:  # noqa: ARG001  # made second
    """Compose another process of the same installation."""
    built = compose_runtime(settings, clock=clock)
    yield built
    await built.close()


def _number(serial: int, clock: FrozenClock) -> IdNumber:
    return parse_id_number(id_number(serial), clock.now().date())


async def _person(runtime: Runtime, number: IdNumber, name: str = "张三") -> object:
    async with runtime.databases.transaction(ROOT) as session:
        return await ensure_person(
            session, runtime.sealer, SYSTEM, name=name, number=number, region="33/3301/330106", at=runtime.clock.now()
        )


async def _rotate(runtime: Runtime) -> dict[str, int]:
    await bring_in(runtime, load_keyring(runtime.settings), settle_s=SETTLE_S)
    return await seal_again(runtime, sealed_columns(), Progress(disable=True))


async def test_a_change_of_keys_misses_nobody(runtime: Runtime, other: Runtime, clock: FrozenClock) -> None:
    known = {serial: await _person(runtime, _number(serial, clock)) for serial in range(1, 40)}
    done = asyncio.Event()
    looked = 0

    async def look(process: Runtime) -> None:
        nonlocal looked
        while not done.is_set():
            for serial, person in known.items():
                async with process.databases.session(ROOT) as session:
                    assert await find_person_id(session, process.sealer, _number(serial, clock)) == person
                looked += 1

    async def arrive() -> None:
        for serial in range(100, 130):
            both = await asyncio.gather(*(_person(each, _number(serial, clock)) for each in (runtime, other)))
            assert both[0] == both[1]
            await asyncio.sleep(2.4 * SETTLE_S / 30)

    looking = [asyncio.create_task(look(each)) for each in (runtime, other)]
    _, counts = await asyncio.gather(arrive(), _rotate(runtime))
    done.set()
    await asyncio.gather(*looking)
    assert looked > 100
    assert counts["identity_person.id_sealed"] >= len(known)
    assert other.sealer.generation == runtime.sealer.generation == 2


async def test_nothing_stays_under_the_old_keys_but_what_never_changes(runtime: Runtime, clock: FrozenClock) -> None:
    await certified(runtime, clock)
    account = await make.account(runtime, login="someone", roles=(), region=make.CITY)
    await make.second_factor(runtime, account)
    staff = await make.account(runtime, login="staff", roles=(StaffRole.PROCTOR,), region=make.CITY)
    await bind(runtime, Principal(account=staff, second_factor=True), Identity("7", second_factor=True))
    await register(runtime, await make_centre(runtime, name="第二考点"), room="一号机房", name="前方")
    await fetching(runtime)
    worker = await make_person(runtime, number=70)
    since = clock.now().date()
    await engage(runtime, worker, await make_enterprise(runtime), role="special", since=since, contact="0571-00000001")
    await _rotate(runtime)
    for column in sealed_columns():
        found = (await count_generations(runtime.databases, column)).by_generation
        assert found or column.table in EMPTY, f"{column.table} has nothing to seal: the test would prove nothing"
        assert set(found) <= ({1} if column.fixed else {2}), column.table


async def test_a_certificate_is_found_before_and_after(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    question = Question(name=NAME, number=holder.number)
    for _ in range(2):
        async with runtime.databases.session(NOTHING, Role.PUBLIC) as session:
            found = await verify_public(session, runtime.sealer, question, at=clock.now())
            assert [each.number_masked for each in found.credentials]
        await _rotate(runtime)


async def test_only_the_owner_seals_a_number_again(runtime: Runtime, clock: FrozenClock) -> None:
    await certified(runtime, clock)
    async with runtime.databases.session(ROOT) as session:
        with pytest.raises(ProgrammingError, match="permission denied"):
            await session.execute(text("update certs_credential set number_sealed = ''"))


async def test_two_desks_meet_a_newcomer_at_once(runtime: Runtime, other: Runtime, clock: FrozenClock) -> None:
    for serial in range(200, 210):
        both = await asyncio.gather(*(_person(each, _number(serial, clock)) for each in (runtime, other)))
        assert both[0] == both[1]
