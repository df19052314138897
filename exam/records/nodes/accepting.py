"""Accepting a batch: a person decides, a job keeps all its rows as one, and another tells them on."""

from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.db.scope import Scope
from exam.core.jobs import Job, defer
from exam.core.principal import SYSTEM, Principal
from exam.core.runtime import Runtime
from exam.identity.api import names_of_accounts
from exam.records.exchange.models import Neighbour
from exam.records.exchange.receiving import announce, row_of, tell_on
from exam.records.exchange.xml import read_body
from exam.records.nodes.arrivals import kept_digests, locked
from exam.records.nodes.checking import Checked, check_rows, subjects_of
from exam.records.nodes.errors import BatchFaultyError
from exam.records.nodes.models import Arrival, ArrivalRow
from exam.records.nodes.replies import Answer, give
from exam.records.nodes.state import BatchState, require_step

ACCEPT: Final = "records.node_accept"
TELL_ON: Final = "records.node_tell_on"
STEP: Final = 100


async def accept(session: AsyncSession, runtime: Runtime, principal: Principal, arrival_id: UUID) -> None:
    """Accept a batch; its rows are kept by a job, and the lower node hears of it then.

    Raises BatchLevelError, BatchFaultyError and BatchStateError.
    """
    arrival, _ = await locked(session, principal, arrival_id)
    require_step(arrival.state, BatchState.ACCEPTING)
    if arrival.faulty:
        raise BatchFaultyError(n=arrival.faulty)
    arrival.state, arrival.decided_by, arrival.decided_at = (
        BatchState.ACCEPTING,
        principal.account,
        runtime.clock.now(),
    )
    await session.flush()
    facts: dict[str, Fact] = {"number": arrival.number, "rows": arrival.rows}
    subject, at = ("batch", arrival.id), arrival.decided_at
    await record(session, principal, "batch.accepted", subject, at=at, region=arrival.region, facts=facts)
    await defer(session, ACCEPT, arrival_id=str(arrival.id))


async def keep_accepted(runtime: Runtime, *, arrival_id: str) -> None:
    """Keep every row of an accepted batch, as one; a second time changes nothing.

    What came in the meantime by another way may have made rows faulty: then the batch waits for a person again.
    """
    async with runtime.databases.transaction(Scope(region=runtime.settings.root_region)) as session:
        arrival = await session.get_one(Arrival, UUID(arrival_id))
        # the neighbour first, as everything that comes from it does
        neighbour = await session.get_one(Neighbour, arrival.neighbour_id, with_for_update=True)
        await session.refresh(arrival, with_for_update=True)
        if arrival.state != BatchState.ACCEPTING:
            return
        query = select(ArrivalRow).where(ArrivalRow.arrival_id == arrival.id).order_by(ArrivalRow.number)
        rows = list(await session.scalars(query))
        bodies = [row.body for row in rows]
        kept = await kept_digests(session, neighbour.id, subjects_of(bodies))
        checked = check_rows(bodies, region=neighbour.region, known=kept)
        if any(each.fault for each in checked):
            await _bring_back(session, runtime, arrival, rows, checked)
        else:
            await _keep(session, runtime, arrival, neighbour, checked)


async def tell_rows_on(runtime: Runtime, *, arrival_id: str) -> None:
    """Offer the rows of an accepted batch to whom this node tells, some at a time; what was told is not told again."""
    scope = Scope(region=runtime.settings.root_region)
    after = 0
    while True:
        async with runtime.databases.transaction(scope) as session:
            arrival = await session.get_one(Arrival, UUID(arrival_id))
            query = select(ArrivalRow).where(ArrivalRow.arrival_id == arrival.id, ArrivalRow.number > after)
            rows = list(await session.scalars(query.order_by(ArrivalRow.number).limit(STEP)))
            for row in rows:
                await tell_on(session, runtime, read_body(row.body), but=arrival.neighbour_id)
        if len(rows) < STEP:
            return
        after = rows[-1].number


async def _keep(
    session: AsyncSession, runtime: Runtime, arrival: Arrival, neighbour: Neighbour, checked: list[Checked]
) -> None:
    at = runtime.clock.now()
    rows = [
        row_of(neighbour, each.message, each.body.encode(), at) for each in checked if each.message and not each.known
    ]
    session.add_all(rows)
    arrival.state = BatchState.ACCEPTED
    await session.flush()
    for row in rows:
        await announce(session, row, at=at)
    by = arrival.decided_by
    names = await names_of_accounts(session, [by] if by else [])
    answer = Answer(
        kind="batch", subject=str(arrival.id), state=BatchState.ACCEPTED, by=by, name=names.get(by, "") if by else ""
    )
    await give(session, neighbour, answer, at=arrival.decided_at or at)
    facts: dict[str, Fact] = {"number": arrival.number, "rows": len(rows)}
    await record(session, SYSTEM, "batch.kept", ("batch", arrival.id), at=at, region=arrival.region, facts=facts)
    await defer(session, TELL_ON, arrival_id=str(arrival.id))


async def _bring_back(
    session: AsyncSession, runtime: Runtime, arrival: Arrival, rows: list[ArrivalRow], checked: list[Checked]
) -> None:
    """Lay a batch before the person who decides once more, with what is wrong with it now."""
    for row, each in zip(rows, checked, strict=True):
        row.fault = each.fault
    arrival.state, arrival.decided_by, arrival.decided_at = BatchState.ARRIVED, None, None
    arrival.faulty = sum(bool(each.fault) for each in checked)
    await session.flush()
    facts: dict[str, Fact] = {"number": arrival.number, "faulty": arrival.faulty}
    at, subject = runtime.clock.now(), ("batch", arrival.id)
    await record(session, SYSTEM, "batch.brought_back", subject, at=at, region=arrival.region, facts=facts)


JOBS = (Job(ACCEPT, keep_accepted), Job(TELL_ON, tell_rows_on))
