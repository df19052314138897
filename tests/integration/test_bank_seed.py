"""Loading the seed banks: published by three people, enough for forms, and only once."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.errors import NotFoundError
from exam.core.ids import new_id
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from questionbank.api import (
    SeedReport,
    get_published_blueprint,
    list_seed_banks,
    load_seed_bank,
    load_written_bank,
    prepare_forms,
)
from questionbank.forms.models import FormRow
from questionbank.items.models import ItemRow
from questionbank.seed_banks import read_seed_items
from questionbank.seed_statistics import seed_item_statistics
from questionbank.statistics.suspicions import list_suspicions
from questionbank.syllabus.service import list_nodes
from tests.builders.identity import regions
from tests.builders.questionbank import ROOT, makers


async def load(runtime: Runtime, code: str) -> SeedReport:
    people = makers()
    async with runtime.databases.transaction(Scope(region=ROOT), Role.BANK) as session:
        return await load_seed_bank(
            session,
            runtime,
            author=people.author,
            reviewer=people.reviewer,
            publisher=people.publisher,
            code=code,
        )


@pytest.mark.parametrize("code", list_seed_banks())
async def test_every_seed_bank_is_published_and_fills_two_hundred_forms(runtime: Runtime, code: str) -> None:
    report = await load(runtime, code)
    async with runtime.databases.transaction(Scope(region=ROOT), Role.BANK) as session:
        states = set(await session.scalars(select(ItemRow.state).where(ItemRow.qualification == code)))
        nodes = await list_nodes(session, code)
        blueprint = await get_published_blueprint(session, code)
        made = await prepare_forms(
            session,
            runtime,
            SYSTEM,
            sitting_id=new_id(),
            qualification=code,
            region="33/3301",
            starts_at=runtime.clock.now() + timedelta(days=1),
            keys=[f"{number:03}" for number in range(190)],
            standby=10,
        )
        distinct = await session.scalar(select(func.count(FormRow.candidate_digest.distinct())))
    assert report.items == len(read_seed_items(code))
    assert (states, report.blueprint_id) == ({"published"}, blueprint.id)
    assert {item.node for item in read_seed_items(code)} <= {node.code for node in nodes}
    assert (made.made, distinct) == (200, 200)


async def test_a_bank_that_has_items_is_left_alone(runtime: Runtime) -> None:
    code = list_seed_banks()[0]
    first = await load(runtime, code)
    second = await load(runtime, code)
    assert (second.items, second.blueprint_id) == (0, first.blueprint_id)


async def test_a_bank_with_an_answer_in_words_fills_forms(runtime: Runtime) -> None:
    people = makers()
    async with runtime.databases.transaction(Scope(region=ROOT), Role.BANK) as session:
        await load_written_bank(
            session, runtime, author=people.author, reviewer=people.reviewer, publisher=people.publisher
        )
        blueprint = await get_published_blueprint(session, "principal.general")
    assert (blueprint.slots, blueprint.total_marks) == (7, 10_000)


async def test_the_earlier_sittings_of_an_item_raise_one_lead_once(runtime: Runtime) -> None:
    await regions(runtime)
    code, at = list_seed_banks()[0], runtime.clock.now()
    await load(runtime, code)
    centres = [(new_id(), "一号考点"), (new_id(), "二号考点")]
    async with runtime.databases.transaction(Scope(region=ROOT), Role.BANK) as session:
        raised = [
            await seed_item_statistics(session, code, region="33/3301/330106", centres=centres, at=at) for _ in "12"
        ]
        (one,) = await list_suspicions(session)
    assert (raised, one.centre, one.percent_now) == ([1, 0], "一号考点", 95)


async def test_an_unknown_seed_bank_is_not_found(runtime: Runtime) -> None:
    with pytest.raises(NotFoundError):
        await load(runtime, "special.9.9")
