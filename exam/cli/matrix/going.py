"""Going on honestly: what a province's log fills with, in proportion, while the monitor must stay quiet."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from certs.api import Ground, confirm, propose, revoke, suspend
from exam.cli.matrix.scenario import COUNTY, HERE, ROOT, History, staff
from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.identity.api import add_engagement, create_organisation, end_engagement
from grading.api import Action, RuleChange, approve_regrade, propose_regrade
from questionbank.api import Interaction, open_scoring_view

CITY, NEXT_COUNTY = "33/3301", "33/3301/330105"
REGRADED_EVERY, REGRADES = 200, 100
"""Corrections of a key: entries for each, and how many a longer run has, for each is weighed on top of all before it."""
NOTES = 20
"""Other acts in each turn."""


async def add_events(runtime: Runtime, history: History, count: int, *, revoked: Sequence[UUID] = ()) -> None:
    """Add about `count` entries, and revoke these credentials evenly among them.

    In each turn a doubt is raised and settled and workers move to the other county; at times one item's key is
    corrected for everybody.
    """
    homes = [(await _enterprise(runtime, region), region) for region in (COUNTY, NEXT_COUNTY)]
    item, parts = await _judgement(runtime, history), len(revoked) + 1
    engaged, made, turns, regrades, over = list[UUID](), 0, 0, 0, 0
    spacing = max(REGRADED_EVERY, count // REGRADES)
    while made < count:
        async with runtime.databases.transaction(ROOT) as session:
            made += await _doubt(session, runtime, history.credentials[turns % len(history.credentials)])
            made += len(engaged) + len(history.people)
            engaged = await _move(session, runtime, history.people, engaged, homes[turns % 2])
            if made >= spacing * (regrades + 1):
                change = RuleChange(item_id=item, action=Action.REKEY, key=("TF"[regrades % 2],))
                made += await _correct(session, runtime, history, change)
                regrades += 1
            if over < len(revoked) and made * parts >= count * (over + 1):
                made += await _revoke(session, runtime, revoked[over])
                over += 1
            made += await _note(session, runtime)
            turns += 1


async def _enterprise(runtime: Runtime, region: str) -> UUID:
    async with runtime.databases.transaction(ROOT) as session:
        at = runtime.clock.now()
        return await create_organisation(session, SYSTEM, kind="enterprise", name="对照企业", region=region, at=at)


async def _judgement(runtime: Runtime, history: History) -> str:
    """Return a judgement item that somebody was asked: its key may be turned and turned back."""
    query = text("select form_id from delivery_attempt where id = :attempt")
    async with runtime.databases.session(HERE) as session:
        form_id = await session.scalar(query, {"attempt": history.attempts[0]})
        form = await open_scoring_view(session, runtime, form_id, now=runtime.clock.now())
    return [slot.item_id for slot in form.slots if slot.interaction is Interaction.JUDGEMENT][-1]


async def _correct(session: AsyncSession, runtime: Runtime, history: History, change: RuleChange) -> int:
    """Let two people of the centre change an item's key; return the entries, two of them for every result it changes."""
    clerk, head = (staff("centre", history.centre) for _ in range(2))
    at = runtime.clock.now()
    proposed = await propose_regrade(
        session, clerk, runtime, sitting_id=history.sitting_id, changes=[change], reason="答案有误", at=at
    )
    done = await approve_regrade(session, head, runtime, regrade_id=proposed.id, at=at)
    return 2 + 2 * done.effect["affected"]


async def _move(
    session: AsyncSession, runtime: Runtime, people: Sequence[UUID], engaged: Sequence[UUID], home: tuple[UUID, str]
) -> list[UUID]:
    """Let workers leave where they are engaged for an enterprise and its region; return their new engagements."""
    at = runtime.clock.now()
    on, (enterprise, region) = local_date(at), home
    for each in engaged:
        await end_engagement(session, SYSTEM, each, ended_on=on, at=at)
    return [
        await add_engagement(
            session,
            SYSTEM,
            person_id=person,
            organisation_id=enterprise,
            role="special",
            region=region,
            started_on=on,
            at=at,
        )
        for person in people
    ]


async def _note(session: AsyncSession, runtime: Runtime) -> int:
    for number in range(NOTES):
        subject, at = ("clean_run", str(number)), runtime.clock.now()
        await record(session, SYSTEM, "clean_run.noted", subject, at=at, region=COUNTY)
    return NOTES


async def _revoke(session: AsyncSession, runtime: Runtime, credential: UUID) -> int:
    """Revoke a credential by two people."""
    one, other = (staff("regulator", region=CITY) for _ in range(2))
    at = runtime.clock.now()
    await confirm(session, other, await revoke(session, one, credential, reason="发证条件不符", at=at), at=at)
    return 2


async def _doubt(session: AsyncSession, runtime: Runtime, credential: UUID) -> int:
    """Suspend a credential and restore it by two people."""
    one, other = (staff("regulator", region=CITY) for _ in range(2))
    at = runtime.clock.now()
    await suspend(session, one, credential, reason="核查中", at=at)
    proposal = await propose(session, one, credential, Ground.CLEARED, reason="已查清", at=at)
    await confirm(session, other, proposal, at=at)
    return 3
