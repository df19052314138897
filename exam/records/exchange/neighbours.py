"""Neighbouring systems: registered by one administrator, admitted or returned by another, closed with a reason."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.errors import NotFoundError, SamePersonError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import require_region
from exam.records.exchange.addresses import judge_address
from exam.records.exchange.contract import load_kinds
from exam.records.exchange.errors import KindUnknownError, SecretUnreadableError
from exam.records.exchange.models import SECRET_PLACE, Neighbour, OutgoingMessage
from exam.records.exchange.signing import is_secret, new_secret
from exam.records.exchange.state import Carriage, MessageState, NeighbourState, require_step

OPERATOR, APPROVER = "system_admin", "security_admin"
Form = Literal["json", "xml"]


class NeighbourView(msgspec.Struct, frozen=True, kw_only=True):
    """A neighbour as pages see it, never its secret; the counts are of its messages."""

    id: UUID
    region: str
    name: str
    address: str
    form: str
    kinds: list[str]
    sends: bool
    carriage: str
    card: str
    certificate: str
    card_proposed: str
    certificate_proposed: str
    identity_by: UUID | None
    secret_before_until: datetime | None
    state: str
    last_position: int
    only_calls: bool
    registered_by: UUID
    registered_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    closed_at: datetime | None
    reason: str
    waiting: int = 0
    dead: int = 0


async def register(
    session: AsyncSession,
    principal: Principal,
    runtime: Runtime,
    *,
    name: str,
    region: str,
    address: str,
    form: Form,
    kinds: Sequence[str],
    sends: bool = False,
    given: str = "",
    carriage: Carriage = Carriage.MESSAGE,
) -> tuple[UUID, str]:
    """Register a neighbour for somebody else to admit; return its id and its secret, which is shown once.

    One that `sends` is a lower node, which signs with this secret what it tells us; `given` is the secret that an upper
    node's page showed. One that takes no kind of message only calls, to bring enterprises. Raises RegionForbiddenError, KindUnknownError, AddressRefusedError, AddressUnknownError and
    SecretUnreadableError.
    """
    visible = require_region(principal, region, OPERATOR)
    told_of_nothing = not kinds and (address or carriage is Carriage.BATCH)
    if (told_of_nothing and not sends) or not set(kinds) <= set(load_kinds()):
        raise KindUnknownError
    if given and not is_secret(given):
        raise SecretUnreadableError
    if address:
        await judge_address(address, runtime.settings.exchange_inside)
    secret, at = given or new_secret(), runtime.clock.now()
    row = Neighbour(
        region=visible,
        name=name,
        address=address,
        form=form,
        kinds=sorted(set(kinds)),
        sends=sends,
        carriage=carriage,
        secret_sealed=runtime.sealer.seal(secret, SECRET_PLACE),
        state=NeighbourState.PROPOSED,
        last_position=0,
        registered_by=principal.account,
        registered_at=at,
    )
    session.add(row)
    await session.flush()
    facts: dict[str, Fact] = {"form": form, "kinds": ",".join(row.kinds), "pushed": bool(address), "sends": row.sends}
    facts["carriage"] = carriage
    await record(session, principal, "neighbour.registered", ("neighbour", row.id), at=at, region=visible, facts=facts)
    return row.id, secret


async def admit(session: AsyncSession, principal: Principal, neighbour_id: UUID, *, at: datetime) -> None:
    """Let a neighbour be told from now on; raises SamePersonError for whoever registered it, ExchangeStateError."""
    row = await _locked(session, principal, neighbour_id, APPROVER)
    require_step(row.state, NeighbourState.ACTIVE)
    if principal.account == row.registered_by:
        raise SamePersonError
    row.state, row.decided_by, row.decided_at = NeighbourState.ACTIVE, principal.account, at
    await _note(session, principal, "neighbour.admitted", row, "", at)


async def give_back(
    session: AsyncSession, principal: Principal, neighbour_id: UUID, *, reason: str, at: datetime
) -> None:
    """Return a registration, or take the own one back; raises ExchangeStateError."""
    row = await _locked(session, principal, neighbour_id, OPERATOR, APPROVER)
    require_step(row.state, NeighbourState.RETURNED)
    row.state, row.decided_by, row.decided_at = NeighbourState.RETURNED, principal.account, at
    await _note(session, principal, "neighbour.returned", row, reason, at)


async def close(session: AsyncSession, principal: Principal, neighbour_id: UUID, *, reason: str, at: datetime) -> None:
    """Tell a neighbour nothing more and refuse its calls; everything that it was told stays readable."""
    row = await _locked(session, principal, neighbour_id, OPERATOR, APPROVER)
    require_step(row.state, NeighbourState.CLOSED)
    row.state, row.closed_at = NeighbourState.CLOSED, at
    await _note(session, principal, "neighbour.closed", row, reason, at)


async def list_neighbours(session: AsyncSession) -> list[NeighbourView]:
    """Return the neighbours of the scope by name, with what waits and what is dead."""
    rows = await session.scalars(select(Neighbour).order_by(Neighbour.name, Neighbour.id))
    counts = await _counts(session)
    return [_view(row, counts) for row in rows]


async def get_neighbour(session: AsyncSession, neighbour_id: UUID) -> NeighbourView:
    """Return one neighbour of the scope."""
    row = await session.get(Neighbour, neighbour_id)
    if row is None:
        raise NotFoundError(neighbour_id=str(neighbour_id))
    return _view(row, await _counts(session, neighbour_id))


Counts = dict[tuple[UUID, str], int]


async def _counts(session: AsyncSession, neighbour_id: UUID | None = None) -> Counts:
    table = OutgoingMessage
    query = select(table.neighbour_id, table.state, func.count()).group_by(table.neighbour_id, table.state)
    query = query.where(table.state.in_([MessageState.WAITING, MessageState.DEAD]))
    if neighbour_id is not None:
        query = query.where(table.neighbour_id == neighbour_id)
    return {(row[0], row[1]): row[2] for row in await session.execute(query)}


def _view(row: Neighbour, counts: Counts) -> NeighbourView:
    shown = {name: getattr(row, name) for name in NeighbourView.__struct_fields__ if name not in {"waiting", "dead"}}
    waiting, dead = (counts.get((row.id, state), 0) for state in (MessageState.WAITING, MessageState.DEAD))
    return NeighbourView(**shown, waiting=waiting, dead=dead)


async def _locked(session: AsyncSession, principal: Principal, neighbour_id: UUID, *roles: str) -> Neighbour:
    row = await session.get(Neighbour, neighbour_id, with_for_update=True)
    if row is None:
        raise NotFoundError(neighbour_id=str(neighbour_id))
    held = next((role for role in roles if principal.has_role(role)), roles[0])
    require_region(principal, row.region, held)
    return row


async def _note(
    session: AsyncSession, principal: Principal, act: str, row: Neighbour, reason: str, at: datetime
) -> None:
    row.reason = reason
    await session.flush()
    facts = {"reason": reason} if reason else {}
    await record(session, principal, act, ("neighbour", row.id), at=at, region=row.region, facts=facts)
