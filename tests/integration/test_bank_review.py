"""From draft to publication: three people, in the service and in the database; every act leaves its trace."""

from collections.abc import AsyncIterator
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import AuditRow, AuditWords
from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.errors import ForbiddenError, NotFoundError, SamePersonError
from exam.core.ids import new_id
from exam.core.principal import SYSTEM, Grant, Principal
from exam.core.runtime import Runtime
from exam.identity.errors import RegionForbiddenError
from questionbank.blueprints.service import BlueprintStateError, draft_blueprint, publish_blueprint
from questionbank.forms.errors import PoolTooSmallError
from questionbank.items.content import Interaction
from questionbank.items.drafting import create_item, draft_items, event_values, revise_item
from questionbank.items.errors import (
    ItemStateError,
    ItemUnchangedError,
    ItemVersionError,
    ReasonRequiredError,
    SameMakerError,
)
from questionbank.items.models import ItemEventRow, ItemRow, ItemVersionRow
from questionbank.items.pool import ItemAlteredError, get_contents, list_pool
from questionbank.items.reviewing import act_on_items
from questionbank.items.state import ItemAct
from tests.builders.questionbank import ROOT, draft, maker, makers, publish_items, small_blueprint, some_drafts

CODE = "special.1.2"
PLAIN = draft(Interaction.CHOICE, 1, node="1.1")
CHANGED = draft(Interaction.CHOICE, 2, node="1.2")


@pytest.fixture
async def bank(runtime: Runtime) -> AsyncIterator[AsyncSession]:
    """Give a session of the bank's role in the root region; nothing is committed."""
    async with runtime.databases.session(Scope(region=ROOT), Role.BANK) as session:
        yield session


async def write(bank: AsyncSession, runtime: Runtime, author: Principal) -> UUID:
    return await create_item(bank, author, qualification=CODE, region=ROOT, draft=PLAIN, at=runtime.clock.now())


async def do(bank: AsyncSession, runtime: Runtime, who: Principal, act: ItemAct, item: UUID, reason: str = "") -> None:
    await act_on_items(bank, who, act, [item], at=runtime.clock.now(), reason=reason)


def everything(account: UUID) -> Principal:
    """Return an account that was given all three roles, as no guard of identity would allow."""
    grants = tuple(Grant(role, ROOT) for role in ("author", "reviewer", "publisher"))
    return Principal(account=account, name="all", grants=grants)


async def test_an_item_goes_through_three_people(bank: AsyncSession, runtime: Runtime) -> None:
    people = makers()
    item = await write(bank, runtime, people.author)
    await do(bank, runtime, people.author, ItemAct.SUBMITTED, item)
    await do(bank, runtime, people.reviewer, ItemAct.APPROVED, item)
    await do(bank, runtime, people.publisher, ItemAct.PUBLISHED, item)
    row = await bank.get_one(ItemRow, item)
    acts = (await bank.scalars(select(ItemEventRow.act).order_by(ItemEventRow.id))).all()
    assert (row.state, row.published_version) == ("published", 1)
    assert (row.author_id, row.reviewed_by, row.published_by) == (
        people.author.account,
        people.reviewer.account,
        people.publisher.account,
    )
    assert acts == ["drafted", "submitted", "approved", "published"]


async def test_every_act_leaves_one_audit_entry(bank: AsyncSession, runtime: Runtime) -> None:
    people = makers()
    item = await write(bank, runtime, people.author)
    await do(bank, runtime, people.author, ItemAct.SUBMITTED, item)
    await do(bank, runtime, people.reviewer, ItemAct.RETURNED, item, "题干有歧义")
    await bank.commit()
    async with runtime.databases.session(Scope(region=ROOT)) as session:
        entries = (await session.scalars(select(AuditRow).order_by(AuditRow.position))).all()
    assert [entry.act for entry in entries] == ["item.drafted", "item.submitted", "item.returned"]
    assert {entry.subject for entry in entries} == {str(item)}
    async with runtime.databases.session(Scope(region=ROOT)) as session:
        said = (await session.execute(select(AuditWords.entry_id, AuditWords.name, AuditWords.words))).all()
    assert said == [(entries[2].id, "reason", "题干有歧义")]


async def test_the_author_cannot_approve(bank: AsyncSession, runtime: Runtime) -> None:
    author = everything(new_id())
    item = await write(bank, runtime, author)
    await do(bank, runtime, author, ItemAct.SUBMITTED, item)
    with pytest.raises(SameMakerError) as refused:
        await do(bank, runtime, author, ItemAct.APPROVED, item)
    assert isinstance(refused.value, SamePersonError)


async def test_the_author_cannot_publish(bank: AsyncSession, runtime: Runtime) -> None:
    author = everything(new_id())
    item = await write(bank, runtime, author)
    await do(bank, runtime, author, ItemAct.SUBMITTED, item)
    await do(bank, runtime, maker("reviewer"), ItemAct.APPROVED, item)
    with pytest.raises(SameMakerError):
        await do(bank, runtime, author, ItemAct.PUBLISHED, item)


async def test_the_reviewer_cannot_publish(bank: AsyncSession, runtime: Runtime) -> None:
    author, reviewer = maker("author"), everything(new_id())
    item = await write(bank, runtime, author)
    await do(bank, runtime, author, ItemAct.SUBMITTED, item)
    await do(bank, runtime, reviewer, ItemAct.APPROVED, item)
    with pytest.raises(SameMakerError):
        await do(bank, runtime, reviewer, ItemAct.PUBLISHED, item)


async def test_whoever_wrote_an_earlier_version_cannot_approve_a_later_one(
    bank: AsyncSession, runtime: Runtime
) -> None:
    first, second = everything(new_id()), maker("author")
    item = await write(bank, runtime, first)
    await revise_item(bank, second, item, CHANGED, based_on=1, reason="改正表述", at=runtime.clock.now())
    await do(bank, runtime, second, ItemAct.SUBMITTED, item)
    with pytest.raises(SameMakerError):
        await do(bank, runtime, first, ItemAct.APPROVED, item)


async def test_one_own_item_stops_the_whole_bulk_act(bank: AsyncSession, runtime: Runtime) -> None:
    author, other = everything(new_id()), maker("author")
    own, foreign = await write(bank, runtime, author), await write(bank, runtime, other)
    await do(bank, runtime, author, ItemAct.SUBMITTED, own)
    await do(bank, runtime, other, ItemAct.SUBMITTED, foreign)
    with pytest.raises(SameMakerError) as refused:
        await act_on_items(bank, author, ItemAct.APPROVED, [own, foreign], at=runtime.clock.now())
    assert refused.value.fields["items"] == 1
    assert (await bank.get_one(ItemRow, foreign)).state == "in_review"


@pytest.mark.parametrize(
    ("role", "act"),
    [
        ("reviewer", ItemAct.SUBMITTED),
        ("author", ItemAct.APPROVED),
        ("reviewer", ItemAct.PUBLISHED),
        ("author", ItemAct.RETURNED),
    ],
)
async def test_an_act_is_for_its_role(bank: AsyncSession, runtime: Runtime, role: str, act: ItemAct) -> None:
    item = await write(bank, runtime, maker("author"))
    with pytest.raises(RegionForbiddenError):
        await do(bank, runtime, maker(role), act, item, "理由")


async def test_scheduled_work_writes_no_items(bank: AsyncSession, runtime: Runtime) -> None:
    with pytest.raises(ForbiddenError):
        await write(bank, runtime, SYSTEM)


async def test_publishing_without_review_is_refused(bank: AsyncSession, runtime: Runtime) -> None:
    people = makers()
    item = await write(bank, runtime, people.author)
    with pytest.raises(ItemStateError):
        await do(bank, runtime, people.publisher, ItemAct.PUBLISHED, item)


async def test_returning_wants_a_reason(bank: AsyncSession, runtime: Runtime) -> None:
    people = makers()
    item = await write(bank, runtime, people.author)
    await do(bank, runtime, people.author, ItemAct.SUBMITTED, item)
    with pytest.raises(ReasonRequiredError):
        await do(bank, runtime, people.reviewer, ItemAct.RETURNED, item, "  ")


async def test_an_item_of_nowhere_is_not_found(bank: AsyncSession, runtime: Runtime) -> None:
    with pytest.raises(NotFoundError):
        await do(bank, runtime, maker("author"), ItemAct.SUBMITTED, new_id())


async def test_a_revision_leaves_the_published_version_in_force(runtime: Runtime) -> None:
    people = makers()
    [item] = await publish_items(runtime, people, qualification=CODE, drafts=[PLAIN], at=runtime.clock.now())
    async with runtime.databases.session(Scope(region=ROOT), Role.BANK) as bank:
        before = await list_pool(bank, CODE)
        await revise_item(bank, people.author, item, CHANGED, based_on=1, reason="改正表述", at=runtime.clock.now())
        during, state = await list_pool(bank, CODE), (await bank.get_one(ItemRow, item)).state
        await do(bank, runtime, people.author, ItemAct.SUBMITTED, item)
        await do(bank, runtime, people.reviewer, ItemAct.APPROVED, item)
        await do(bank, runtime, people.publisher, ItemAct.PUBLISHED, item)
        after = await list_pool(bank, CODE)
    assert (before, state) == (during, "draft")
    assert (before[0].node, after[0].node) == ("1.1", "1.2")
    assert before[0].version != after[0].version


async def test_a_retired_item_leaves_the_pool(runtime: Runtime) -> None:
    people = makers()
    [item] = await publish_items(runtime, people, qualification=CODE, drafts=[PLAIN], at=runtime.clock.now())
    async with runtime.databases.session(Scope(region=ROOT), Role.BANK) as bank:
        await do(bank, runtime, people.publisher, ItemAct.RETIRED, item, "标准已废止")
        assert await list_pool(bank, CODE) == []


async def test_an_author_withdraws_an_own_draft_and_nothing_else(runtime: Runtime) -> None:
    people, other = makers(), maker("author")
    [item] = await publish_items(runtime, people, qualification=CODE, drafts=[PLAIN], at=runtime.clock.now())
    async with runtime.databases.session(Scope(region=ROOT), Role.BANK) as bank:
        fresh = await write(bank, runtime, people.author)
        with pytest.raises(ForbiddenError):
            await do(bank, runtime, other, ItemAct.RETIRED, fresh, "重复")
        await do(bank, runtime, people.author, ItemAct.RETIRED, fresh, "重复")
        with pytest.raises(ForbiddenError):
            await do(bank, runtime, people.author, ItemAct.RETIRED, item, "重复")
        await revise_item(bank, people.author, item, CHANGED, based_on=1, reason="改正表述", at=runtime.clock.now())
        with pytest.raises(ForbiddenError):
            await do(bank, runtime, people.author, ItemAct.RETIRED, item, "重复")
        assert len(await list_pool(bank, CODE)) == 1


async def test_two_editors_do_not_overwrite_each_other(bank: AsyncSession, runtime: Runtime) -> None:
    author, other = maker("author"), maker("author")
    item = await write(bank, runtime, author)
    await revise_item(bank, author, item, CHANGED, based_on=1, reason="改正表述", at=runtime.clock.now())
    with pytest.raises(ItemVersionError):
        await revise_item(
            bank,
            other,
            item,
            draft(Interaction.CHOICE, 3, node="1"),
            based_on=1,
            reason="改正表述",
            at=runtime.clock.now(),
        )


async def test_saving_without_a_change_makes_no_version(bank: AsyncSession, runtime: Runtime) -> None:
    author = maker("author")
    item = await write(bank, runtime, author)
    with pytest.raises(ItemUnchangedError):
        await revise_item(bank, author, item, PLAIN, based_on=1, reason="改正表述", at=runtime.clock.now())


async def test_content_that_no_longer_fits_its_digest_is_noticed(runtime: Runtime) -> None:
    await publish_items(runtime, makers(), qualification=CODE, drafts=[PLAIN], at=runtime.clock.now())
    async with runtime.databases.transaction(Scope(region=ROOT), Role.OWNER) as owner:
        await owner.execute(text("alter table questionbank_item_version disable trigger user"))
        await owner.execute(
            text("update questionbank_item_version set content = jsonb_set(content, '{key}', '[\"A\"]')")
        )
    async with runtime.databases.session(Scope(region=ROOT), Role.BANK) as bank:
        pool = await list_pool(bank, CODE)
        with pytest.raises(ItemAlteredError):
            await get_contents(bank, [item.version for item in pool])


async def test_a_city_sees_the_province_s_items_and_writes_none(runtime: Runtime) -> None:
    people = makers()
    await publish_items(runtime, people, qualification=CODE, drafts=[PLAIN], at=runtime.clock.now())
    async with runtime.databases.session(Scope(region="33/3301"), Role.BANK) as city:
        assert len(await list_pool(city, CODE)) == 1
        with pytest.raises(DBAPIError, match="row-level security"):
            await draft_items(
                city, people.author, qualification=CODE, region=ROOT, drafts=[PLAIN], at=runtime.clock.now()
            )


@pytest.mark.parametrize("scope", [Scope(), Scope(region="34"), Scope(person=new_id())])
async def test_outside_the_region_there_are_no_items(runtime: Runtime, scope: Scope) -> None:
    await publish_items(runtime, makers(), qualification=CODE, drafts=[PLAIN], at=runtime.clock.now())
    async with runtime.databases.session(scope, Role.BANK) as stranger:
        assert await stranger.scalar(select(func.count()).select_from(ItemRow)) == 0
        assert await stranger.scalar(select(func.count()).select_from(ItemVersionRow)) == 0


async def raw_event(
    bank: AsyncSession, runtime: Runtime, item: UUID, act: ItemAct, account: UUID, *, version: int = 1
) -> None:
    """Insert an event as the bank's database role, without any service between."""
    who = Principal(account=account, name="raw", grants=(Grant("author", ROOT),))
    values = event_values(item, act, version, who, ROOT, runtime.clock.now(), "理由")
    await bank.execute(insert(ItemEventRow), [values])


async def in_review(bank: AsyncSession, runtime: Runtime) -> tuple[UUID, UUID]:
    """Return an item that waits for its reviewer, and its author's account."""
    author = maker("author")
    item = await write(bank, runtime, author)
    await do(bank, runtime, author, ItemAct.SUBMITTED, item)
    assert author.account
    return item, author.account


async def test_the_database_refuses_an_author_s_approval(bank: AsyncSession, runtime: Runtime) -> None:
    item, author = await in_review(bank, runtime)
    with pytest.raises(DBAPIError, match="three people"):
        await raw_event(bank, runtime, item, ItemAct.APPROVED, author)


async def test_the_database_refuses_an_author_s_publication(bank: AsyncSession, runtime: Runtime) -> None:
    item, author = await in_review(bank, runtime)
    await raw_event(bank, runtime, item, ItemAct.APPROVED, new_id())
    with pytest.raises(DBAPIError, match="three people"):
        await raw_event(bank, runtime, item, ItemAct.PUBLISHED, author)


async def test_the_database_refuses_a_reviewer_s_publication(bank: AsyncSession, runtime: Runtime) -> None:
    item, _ = await in_review(bank, runtime)
    reviewer = new_id()
    await raw_event(bank, runtime, item, ItemAct.APPROVED, reviewer)
    with pytest.raises(DBAPIError, match="three people"):
        await raw_event(bank, runtime, item, ItemAct.PUBLISHED, reviewer)


@pytest.mark.parametrize("act", [ItemAct.PUBLISHED, ItemAct.SUBMITTED, ItemAct.DRAFTED])
async def test_the_database_refuses_a_leap(bank: AsyncSession, runtime: Runtime, act: ItemAct) -> None:
    item, author = await in_review(bank, runtime)
    with pytest.raises(DBAPIError, match="not to be"):
        await raw_event(bank, runtime, item, act, author if act is ItemAct.DRAFTED else new_id())


async def test_the_database_refuses_an_event_about_a_version_that_is_not_the_newest(
    bank: AsyncSession, runtime: Runtime
) -> None:
    author = maker("author")
    item = await write(bank, runtime, author)
    await revise_item(bank, author, item, CHANGED, based_on=1, reason="改正表述", at=runtime.clock.now())
    with pytest.raises(DBAPIError, match="not to be"):
        await raw_event(bank, runtime, item, ItemAct.SUBMITTED, new_id(), version=1)


@pytest.mark.parametrize(
    "statement",
    [
        "update questionbank_item set state = 'published'",
        "update questionbank_item set reviewed_by = author_id",
        "delete from questionbank_item",
        "update questionbank_item_version set content = '{}'",
        "delete from questionbank_item_version",
        "update questionbank_item_event set reason = ''",
        "delete from questionbank_item_event",
        "truncate questionbank_item_event",
    ],
)
async def test_the_bank_s_role_can_change_no_item_by_hand(bank: AsyncSession, runtime: Runtime, statement: str) -> None:
    await write(bank, runtime, maker("author"))
    with pytest.raises(DBAPIError) as refused:
        await bank.execute(text(statement))
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)


async def test_the_database_refuses_an_item_that_is_born_published(bank: AsyncSession, runtime: Runtime) -> None:
    values = {
        "id": new_id(),
        "qualification": CODE,
        "region": ROOT,
        "state": "published",
        "version": 1,
        "published_version": 1,
        "interaction": "choice",
        "node": "1",
        "stem": "题",
        "author_id": new_id(),
        "reviewed_by": new_id(),
        "published_by": new_id(),
        "created_at": runtime.clock.now(),
        "changed_at": runtime.clock.now(),
    }
    with pytest.raises(DBAPIError, match="row-level security"):
        await bank.execute(insert(ItemRow), [values])


async def test_a_blueprint_is_published_by_a_second_person(bank: AsyncSession, runtime: Runtime) -> None:
    author, at = everything(new_id()), runtime.clock.now()
    drafted = await draft_blueprint(bank, author, small_blueprint(CODE), region=ROOT, at=at)
    with pytest.raises(SamePersonError):
        await publish_blueprint(bank, author, drafted, region=ROOT, at=at)


async def test_a_blueprint_that_the_bank_cannot_fill_is_not_published(bank: AsyncSession, runtime: Runtime) -> None:
    at = runtime.clock.now()
    drafted = await draft_blueprint(bank, maker("author"), small_blueprint(CODE), region=ROOT, at=at)
    with pytest.raises(PoolTooSmallError) as refused:
        await publish_blueprint(bank, maker("publisher"), drafted, region=ROOT, at=at)
    assert (refused.value.fields["cell"], refused.value.fields["have"], refused.value.fields["short"]) == (1, 0, 3)


async def test_the_next_blueprint_retires_the_one_before(runtime: Runtime) -> None:
    people, at = makers(), runtime.clock.now()
    await publish_items(runtime, people, qualification=CODE, drafts=some_drafts(each=6), at=at)
    async with runtime.databases.session(Scope(region=ROOT), Role.BANK) as bank:
        states = []
        for _ in range(2):
            drafted = await draft_blueprint(bank, people.author, small_blueprint(CODE), region=ROOT, at=at)
            await publish_blueprint(bank, people.publisher, drafted, region=ROOT, at=at)
        rows = await bank.execute(text("select version, state from questionbank_blueprint order by version"))
        states = [tuple(row) for row in rows]
        with pytest.raises(BlueprintStateError):
            await publish_blueprint(bank, people.publisher, drafted, region=ROOT, at=at)
    assert states == [(1, "retired"), (2, "published")]
