"""Preparing forms: made once per key, in rounds from one committed seed, refused when the bank is too small."""

from uuid import UUID

import psycopg
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from exam.core.audit.ledger import AuditRow
from exam.core.clock import local_date
from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.ids import new_id
from exam.core.runtime import Runtime
from questionbank.api import (
    NoPublishedBlueprintError,
    PoolTooSmallError,
    get_published_blueprint,
)
from questionbank.blueprints.cells import Shortage
from questionbank.blueprints.models import BlueprintRow
from questionbank.blueprints.published import blueprint_of
from questionbank.forms.assembly import seed_commitment
from questionbank.forms.models import Draw, FormRow
from questionbank.forms.preparing import deal_round, open_draw
from questionbank.items.drafting import Origin, draft_items
from questionbank.items.pool import list_pool
from questionbank.items.reviewing import act_on_items
from questionbank.items.state import ItemAct
from tests.builders.forms import CODE, REGION, seal_forms
from tests.builders.questionbank import ROOT, makers, publish_bank, publish_items, some_drafts


async def digests(runtime: Runtime, sitting_id: UUID) -> dict[str, tuple[str, str]]:
    async with runtime.databases.session(Scope(region=REGION)) as session:
        query = select(FormRow.key, FormRow.candidate_digest, FormRow.scoring_digest)
        rows = await session.execute(query.where(FormRow.sitting_id == sitting_id))
        return {key: (shown, scored) for key, shown, scored in rows}


async def test_one_form_per_key_and_the_standby_ones(runtime: Runtime) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = new_id()
    made = await seal_forms(runtime, sitting, ["a", "b", "c"], standby=2)
    forms = await digests(runtime, sitting)
    assert made.made == 5
    assert set(forms) == {"a", "b", "c", "standby-0001", "standby-0002"}
    assert len({shown for shown, _ in forms.values()}) == 5


async def test_a_second_call_makes_only_what_is_missing(runtime: Runtime) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = new_id()
    first = await seal_forms(runtime, sitting, ["a", "b"], standby=1)
    before = await digests(runtime, sitting)
    second = await seal_forms(runtime, sitting, ["b", "a", "late"], standby=1)
    after = await digests(runtime, sitting)
    assert (second.made, second.draw_id) == (1, first.draw_id)
    assert (second.seed_commitment, second.pool_digest) == (first.seed_commitment, first.pool_digest)
    assert {key: after[key] for key in before} == before
    assert set(after) - set(before) == {"late"}


async def test_nothing_missing_makes_and_logs_nothing(runtime: Runtime) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = new_id()
    await seal_forms(runtime, sitting, ["a"], standby=1)
    again = await seal_forms(runtime, sitting, ["a"], standby=1)
    async with runtime.databases.session(Scope(region=ROOT)) as session:
        logged = await session.scalar(select(func.count()).where(AuditRow.act == "forms.prepared"))
    assert (again.made, logged) == (0, 1)


async def test_the_pool_knows_families_and_the_day_of_publication(runtime: Runtime) -> None:
    people, at = makers(), runtime.clock.now()
    rows = [each.row for each in some_drafts(each=3)]
    alike = Origin(similar={rows[1]: rows[0], rows[2]: rows[1]})
    async with runtime.databases.transaction(Scope(region=ROOT), Role.BANK) as session:
        ids = await draft_items(
            session,
            people.author,
            qualification=CODE,
            region=ROOT,
            drafts=some_drafts(each=3),
            at=at,
            origin=alike,
        )
        for person, act in (
            (people.author, ItemAct.SUBMITTED),
            (people.reviewer, ItemAct.APPROVED),
            (people.publisher, ItemAct.PUBLISHED),
        ):
            await act_on_items(session, person, act, ids, at=at)
        pool = {each.item_id: each for each in await list_pool(session, CODE)}
    assert [pool[str(each)].family for each in ids[:4]] == [str(ids[0])] * 3 + [""]
    assert {each.since for each in pool.values()} == {local_date(at)}


async def test_a_later_round_deals_from_the_frozen_pool(runtime: Runtime) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = new_id()
    first = await seal_forms(runtime, sitting, ["a"])
    fresh = [each for each in some_drafts(each=20) if each.row % 1000 > 12]
    await publish_items(runtime, makers(), qualification=CODE, drafts=fresh, at=runtime.clock.now())
    second = await seal_forms(runtime, sitting, ["a", "b"])
    assert second.pool_digest == first.pool_digest


async def test_the_committed_seed_reproduces_every_form(runtime: Runtime) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = new_id()
    made = await seal_forms(runtime, sitting, ["a", "b"], standby=1)
    await seal_forms(runtime, sitting, ["a", "b", "c"], standby=1)
    async with runtime.databases.session(Scope(region=REGION), Role.BANK) as session:
        draw = await session.get_one(Draw, made.draw_id)
        seed, pool = await open_draw(session, runtime, draw)
        blueprint = blueprint_of(await session.get_one(BlueprintRow, draw.blueprint_id))
    once = deal_round(draw, blueprint, pool, seed, 1, ["a", "b", "standby-0001"])
    again = deal_round(draw, blueprint, pool[::-1], seed, 1, ["a", "b", "standby-0001"])
    assert seed_commitment(seed, str(sitting)) == made.seed_commitment
    assert once == again


async def test_two_sittings_get_different_seeds(runtime: Runtime) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    first, second = await seal_forms(runtime, new_id(), ["a"]), await seal_forms(runtime, new_id(), ["a"])
    assert first.seed_commitment != second.seed_commitment
    assert first.pool_digest == second.pool_digest


async def test_without_a_published_blueprint_nothing_is_made(runtime: Runtime) -> None:
    with pytest.raises(NoPublishedBlueprintError):
        await seal_forms(runtime, new_id(), ["a"])


async def test_a_small_bank_is_refused_by_cell_need_and_have(runtime: Runtime) -> None:
    bank = await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=3 + 1))
    async with runtime.databases.transaction(Scope(region=ROOT), Role.BANK) as session:
        await act_on_items(
            session, bank.makers.publisher, ItemAct.RETIRED, bank.item_ids[:2], at=runtime.clock.now(), reason="旧"
        )
    with pytest.raises(PoolTooSmallError) as refused:
        await seal_forms(runtime, new_id(), ["a"])
    assert {name: refused.value.fields[name] for name in ("cell", "need", "have", "short")} == {
        "cell": 1,
        "need": 4,
        "have": 2,
        "short": 1,
    }
    assert refused.value.fields["shortages"] == [Shortage(0, 4, 2)]


async def test_the_audit_entry_commits_to_seed_pool_and_blueprint(runtime: Runtime) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    made = await seal_forms(runtime, new_id(), ["a"], standby=1)
    async with runtime.databases.session(Scope(region=REGION)) as session:
        entry = (await session.scalars(select(AuditRow).where(AuditRow.act == "forms.prepared"))).one()
    assert entry.facts["seed_commitment"] == made.seed_commitment
    assert entry.facts["pool_digest"] == made.pool_digest
    assert (entry.facts["forms"], entry.facts["standby"], entry.facts["round"]) == (2, 1, 1)
    assert len(entry.facts["blueprint_digest"]) == 64


async def test_the_published_blueprint_is_told_in_sums(runtime: Runtime) -> None:
    bank = await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    async with runtime.databases.session(Scope(region=REGION)) as session:
        view = await get_published_blueprint(session, CODE)
    assert view.id == bank.blueprint_id
    assert (view.duration_s, view.pass_marks, view.total_marks, view.slots) == (1800, 600, 1000, 9)


@pytest.mark.parametrize("role", [Role.APP, Role.ANSWER])
@pytest.mark.parametrize(
    "statement",
    [
        "select 1 from questionbank_item",
        "select 1 from questionbank_item_version",
        "select 1 from questionbank_item_event",
        "select 1 from questionbank_import",
        "select seed_sealed from questionbank_draw",
        "select pool_sealed from questionbank_draw",
    ],
)
async def test_items_and_seeds_are_for_the_bank_alone(runtime: Runtime, role: Role, statement: str) -> None:
    async with runtime.databases.session(Scope(region=ROOT), role) as session:
        with pytest.raises(DBAPIError) as refused:
            await session.execute(text(statement))
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)


async def test_the_answer_path_cannot_read_a_scoring_view(runtime: Runtime) -> None:
    async with runtime.databases.session(Scope(), Role.ANSWER) as session:
        with pytest.raises(DBAPIError) as refused:
            await session.execute(text("select scoring_sealed from questionbank_form"))
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)


async def test_no_scope_sees_no_form(runtime: Runtime) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    await seal_forms(runtime, new_id(), ["a"])
    counts = []
    for scope in (Scope(), Scope(region="33/3302"), Scope(region=REGION)):
        async with runtime.databases.session(scope) as session:
            counts.append(await session.scalar(select(func.count()).select_from(FormRow)))
    assert counts == [0, 0, 1]
