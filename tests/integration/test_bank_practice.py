"""Items given to practice: out of the sealed pool for good, never while a sitting to come may use them."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError

from exam.core.audit.ledger import AuditRow
from exam.core.clock import local_date
from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.ids import new_id
from exam.core.principal import SYSTEM, Principal
from exam.core.runtime import Runtime
from questionbank.api import (
    PoolTooSmallError,
    PracticePoolTooSmallError,
    assemble_practice,
    get_published_blueprint,
    list_practice_pool,
    release_scoring_views,
    show_practice,
    solve_practice,
)
from questionbank.items.drafting import event_values, revise_item
from questionbank.items.errors import ItemMayBeDrawnError, ItemReleasedError, SameMakerError
from questionbank.items.finding import ItemFilter
from questionbank.items.listing import list_items
from questionbank.items.models import ItemEventRow, ItemRow
from questionbank.items.pool import list_pool
from questionbank.items.reviewing import act_on_items
from questionbank.items.state import ItemAct
from questionbank.practice.pool import get_practice_contents
from tests.builders.forms import CODE, REGION, seal_forms
from tests.builders.questionbank import (
    ROOT,
    Bank,
    draft,
    publish_bank,
    publish_canary_bank,
    some_drafts,
)


async def bank_of(runtime: Runtime, *, each: int = 12) -> Bank:
    return await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=each))


async def act(runtime: Runtime, who: Principal, what: ItemAct, *items: UUID, at: datetime | None = None) -> None:
    async with runtime.databases.transaction(Scope(region=ROOT), Role.BANK) as session:
        await act_on_items(session, who, what, items, at=at or runtime.clock.now())


async def pools(runtime: Runtime) -> tuple[set[str], set[str]]:
    """Return the ids that forms are dealt from, and those that people practise with."""
    async with runtime.databases.session(Scope(region=REGION), Role.BANK) as session:
        sealed = {item.item_id for item in await list_pool(session, CODE)}
    async with runtime.databases.session(Scope(person=new_id())) as session:
        return sealed, {item.item_id for item in await list_practice_pool(session, CODE, REGION)}


async def draw(runtime: Runtime) -> UUID:
    sitting = new_id()
    await seal_forms(runtime, sitting, ["a"])
    return sitting


async def test_what_is_released_leaves_the_pool_through_every_later_version(runtime: Runtime) -> None:
    bank = await bank_of(runtime)
    item, people = bank.item_ids[0], bank.makers
    await act(runtime, people.reviewer, ItemAct.RELEASED, item)
    sealed, open_ = await pools(runtime)
    assert (str(item) in sealed, open_) == (False, {str(item)})
    async with runtime.databases.session(Scope(region=ROOT), Role.BANK) as session:
        listed = {use: (await list_items(session, ItemFilter(use=use)))[1] for use in ("exam", "practice", "none")}
    assert listed == {"exam": len(bank.item_ids) - 1, "practice": 1, "none": 0}
    async with runtime.databases.transaction(Scope(region=ROOT), Role.BANK) as session:
        changed = draft(some_drafts(each=1)[0].content.interaction, 999, node="1.2")
        await revise_item(session, people.author, item, changed, based_on=1, reason="改正表述", at=runtime.clock.now())
    assert (await pools(runtime))[1] == {str(item)}  # the version before serves until the new one is published
    for who, what in (
        (people.author, ItemAct.SUBMITTED),
        (people.reviewer, ItemAct.APPROVED),
        (people.publisher, ItemAct.PUBLISHED),
    ):
        await act(runtime, who, what, item)
    assert await pools(runtime) == (sealed, {str(item)})
    async with runtime.databases.session(Scope(region=ROOT), Role.BANK) as session:
        row = await session.get_one(ItemRow, item)
    assert (row.published_version, row.practice_version, row.state) == (None, 2, "published")
    async with runtime.databases.session(Scope(region=ROOT)) as session:
        logged = await session.scalar(select(AuditRow.subject).where(AuditRow.act == "item.released"))
    assert logged == str(item)


async def test_the_author_cannot_release_and_nobody_twice(runtime: Runtime) -> None:
    bank = await bank_of(runtime)
    item = bank.item_ids[0]
    both = Principal(account=bank.makers.author.account, name="both", grants=bank.makers.publisher.grants)
    with pytest.raises(SameMakerError):
        await act(runtime, both, ItemAct.RELEASED, item)
    await act(runtime, bank.makers.publisher, ItemAct.RELEASED, item)
    with pytest.raises(ItemReleasedError):
        await act(runtime, bank.makers.publisher, ItemAct.RELEASED, item)


async def test_nothing_is_released_while_a_sitting_to_come_may_use_it(runtime: Runtime) -> None:
    bank = await bank_of(runtime)
    item, publisher = bank.item_ids[0], bank.makers.publisher
    sitting = await draw(runtime)
    with pytest.raises(ItemMayBeDrawnError):
        await act(runtime, publisher, ItemAct.RELEASED, item)
    event = event_values(item, ItemAct.RELEASED, 1, publisher, ROOT, runtime.clock.now(), "")
    async with runtime.databases.session(Scope(region=ROOT), Role.BANK) as session:
        with pytest.raises(DBAPIError, match="sitting to come"):
            await session.execute(insert(ItemEventRow), [event])
    async with runtime.databases.transaction(Scope(region=REGION)) as session:
        await release_scoring_views(session, runtime, SYSTEM, sitting_id=sitting, at=runtime.clock.now())
    await act(runtime, publisher, ItemAct.RELEASED, item)
    assert str(item) in (await pools(runtime))[1]


async def test_a_sitting_that_never_took_place_holds_nothing_back_for_long(runtime: Runtime) -> None:
    bank = await bank_of(runtime)
    await draw(runtime)
    later = runtime.clock.now() + timedelta(days=8)
    await act(runtime, bank.makers.publisher, ItemAct.RELEASED, bank.item_ids[0], at=later)
    assert len((await pools(runtime))[1]) == 1


async def test_the_live_blueprint_keeps_enough(runtime: Runtime) -> None:
    bank = await bank_of(runtime, each=4)  # the blueprint takes all four judgements
    with pytest.raises(PoolTooSmallError):
        await act(runtime, bank.makers.publisher, ItemAct.RELEASED, bank.item_ids[0])


async def test_the_database_keeps_the_two_pools_apart(runtime: Runtime) -> None:
    bank = await bank_of(runtime)
    await act(runtime, bank.makers.publisher, ItemAct.RELEASED, bank.item_ids[0])
    async with runtime.databases.session(Scope(region=ROOT), Role.OWNER) as session:
        back = text("update questionbank_item set published_version = 1 where released_at is not null")
        with pytest.raises(DBAPIError, match="exclusive"):
            await session.execute(back)


async def test_the_web_role_reads_what_is_released_and_nothing_else(runtime: Runtime) -> None:
    bank = await bank_of(runtime)
    await act(runtime, bank.makers.publisher, ItemAct.RELEASED, bank.item_ids[0])
    async with runtime.databases.session(Scope(region=REGION), Role.BANK) as session:
        sealed = [item.version for item in await list_pool(session, CODE)]
    async with runtime.databases.session(Scope(person=new_id())) as session:
        [item] = await list_practice_pool(session, CODE, REGION)
        contents = await get_practice_contents(session, [item.version, *sealed])
        elsewhere = await list_practice_pool(session, CODE, "32/3201")
    assert (set(contents), elsewhere) == ({item.version}, [])


async def test_a_mock_has_the_live_blueprint_and_shows_no_key(runtime: Runtime) -> None:
    bank, tokens = await publish_canary_bank(runtime, qualification=CODE, each=12)
    on = local_date(runtime.clock.now())
    released = [item for place in range(4) for item in bank.item_ids[12 * place : 12 * place + 6]]
    async with runtime.databases.session(Scope(person=new_id())) as session:
        with pytest.raises(PracticePoolTooSmallError):
            await assemble_practice(session, CODE, REGION, seed=b"s" * 32, key="a", on=on)
    await act(runtime, bank.makers.publisher, ItemAct.RELEASED, *released)
    async with runtime.databases.session(Scope(person=new_id())) as session:
        live = await get_published_blueprint(session, CODE)
        form = await assemble_practice(session, CODE, REGION, seed=b"s" * 32, key="a", on=on)
        shown = await show_practice(session, form)
        scored, solutions = await solve_practice(session, form)
    assert (form.blueprint_id, form.pass_marks, shown.duration_s) == (live.id, live.pass_marks, live.duration_s)
    assert (len(shown.slots), sum(slot.marks for slot in shown.slots)) == (live.slots, live.total_marks)
    assert {slot.item_id for slot in form.assembly.slots} <= {str(item) for item in released}
    assert not [token for token in tokens if token in str(shown)]
    assert len(solutions) == len(scored.slots) == live.slots
    assert all(any(token in each.explanation for token in tokens) for each in solutions)
