"""States move along their edges only, even for whoever writes SQL with an application's password (TRUST.md C5)."""

from collections.abc import Iterable, Iterator
from itertools import product
from uuid import UUID

import msgspec
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from certs.state import _NEXT as CREDENTIAL_EDGES
from certs.state import CredentialState
from exam.core.clock import FrozenClock
from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.delivery.state import EDGES, AttemptState
from exam.sitting.views import RegistrationState, SittingState
from tests.builders.attempts import attempts_in_progress
from tests.builders.grading import opened
from tests.builders.records import hold, make_person

Edge = tuple[str, str]


class Machine(msgspec.Struct, frozen=True):
    """A table whose column moves: its states, its edges, and those that a row may be born in."""

    table: str
    column: str
    states: tuple[str, ...]
    edges: frozenset[Edge]
    births: frozenset[str]
    newborn: dict[str, None] = {}
    """Columns that come later in a row's life."""


def _pairs(edges: Iterable[tuple[tuple[str, object], str]]) -> frozenset[Edge]:
    """Return where a state leads; an act that leaves it as it is changes nothing in the row."""
    return frozenset((state, after) for (state, _), after in edges if state != after)


ATTEMPT = Machine(
    "delivery_attempt",
    "state",
    tuple(AttemptState),
    _pairs(EDGES.items()),
    frozenset({"created", "checked_in"}),
    {"started_at": None, "deadline_at": None},
)
CREDENTIAL = Machine(
    "certs_credential",
    "status",
    tuple(CredentialState),
    _pairs(CREDENTIAL_EDGES.items()),
    frozenset({"issued"}),
)
SITTING = Machine(
    "sitting_sitting",
    "state",
    tuple(SittingState),
    frozenset({("planned", "open"), ("open", "closed"), ("closed", "released")}),
    frozenset({"planned"}),
)
REGISTRATION = Machine(
    "sitting_registration",
    "state",
    tuple(RegistrationState),
    frozenset({("accepted", "cancelled")}),
    frozenset({"accepted", "refused"}),
)
MACHINES = (ATTEMPT, CREDENTIAL, SITTING, REGISTRATION)


async def _one(runtime: Runtime, clock: FrozenClock, machine: Machine) -> UUID:
    """Store a row of the table by the product's own verbs."""
    if machine is ATTEMPT:
        return (await attempts_in_progress(runtime, 1))[0]
    if machine is CREDENTIAL:
        person = await make_person(runtime, number=1)
        return await hold(runtime, person, "special.1.2", ends_in=900)
    exam = await opened(runtime, clock, people=1)
    return exam.sitting_id if machine is SITTING else exam.registrations[0].id


@pytest.fixture
def admin(runtime: Runtime) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """Bring rows into any state, with every trigger off."""
    with psycopg.connect(runtime.settings.database_url, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        yield connection


def _moves(machine: Machine) -> list[Edge]:
    return [(before, after) for before, after in product(machine.states, repeat=2) if before != after]


@pytest.mark.parametrize("role", [Role.APP, Role.ANSWER])
@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.table)
async def test_only_listed_edges_succeed_by_sql(
    runtime: Runtime,
    clock: FrozenClock,
    admin: "psycopg.Connection[tuple[object, ...]]",
    machine: Machine,
    role: Role,
) -> None:
    row = await _one(runtime, clock, machine)
    moved: set[Edge] = set()
    for before, after in _moves(machine):
        admin.execute(f"update {machine.table} set {machine.column} = '{before}' where id = %s".encode(), [row])
        async with runtime.databases.session(Scope(region="33"), role) as session:
            try:
                done = await session.execute(
                    text(f"update {machine.table} set {machine.column} = :after where id = :row returning id"),
                    {"after": after, "row": row},
                )
                assert done.one()
            except DBAPIError:
                continue
            moved.add((before, after))
    assert moved == _edges_of(role, machine)


def _edges_of(role: Role, machine: Machine) -> frozenset[Edge]:
    """Return the edges that a role may take; the answer role has the attempts' own, and no say in what they are worth."""
    if role is Role.APP:
        return machine.edges
    if machine is not ATTEMPT:
        return frozenset()
    return frozenset(edge for edge in machine.edges if edge[1] not in {"scored", "released"})


_BIRTH = """
    insert into {table} select (jsonb_populate_record(null::{table}, to_jsonb(known) || cast(:changes as jsonb))).*
    from {table} known where id = :row
"""
REACHED_THE_KEYS = "23505"
"""unique_violation: a second row of the same id is stopped by nothing but its key."""


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.table)
async def test_a_row_is_born_at_the_beginning_only(runtime: Runtime, clock: FrozenClock, machine: Machine) -> None:
    row = await _one(runtime, clock, machine)
    born: set[str] = set()
    for state in machine.states:
        changes = msgspec.json.encode({**machine.newborn, machine.column: state}).decode()
        async with runtime.databases.session(Scope(region="33"), Role.APP) as session:
            with pytest.raises(DBAPIError) as refusal:
                await session.execute(text(_BIRTH.format(table=machine.table)), {"row": row, "changes": changes})
        if refusal.value.orig is not None and refusal.value.orig.sqlstate == REACHED_THE_KEYS:  # type: ignore[attr-defined]
            born.add(state)
    assert born == machine.births


async def test_an_attempt_is_born_without_time_and_without_answers(runtime: Runtime) -> None:
    row = (await attempts_in_progress(runtime, 1))[0]
    for what in ("started_at", "deadline_at"):
        changes = {**ATTEMPT.newborn, "state": "checked_in"}
        del changes[what]
        async with runtime.databases.session(Scope(region="33"), Role.APP) as session:
            with pytest.raises(DBAPIError, match="row-level security"):
                await session.execute(
                    text(_BIRTH.format(table=ATTEMPT.table)),
                    {"row": row, "changes": msgspec.json.encode(changes).decode()},
                )
