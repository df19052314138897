"""A draw is proven after the sitting: same seed, same pool, same forms; every change shows by name."""

from uuid import UUID

import msgspec
import psycopg
import pytest
from sqlalchemy import select

from exam.cli.draw import check_draw
from exam.core.audit.ledger import AuditRow
from exam.core.db.scope import Scope
from exam.core.ids import new_id
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from grading.jobs import reveal_draw
from questionbank.api import FormsNotPreparedError, FormStillSealedError, release_scoring_views
from questionbank.forms.assembly import seed_commitment
from tests.builders.figures import figured_draft
from tests.builders.forms import CODE, REGION, seal_forms
from tests.builders.questionbank import publish_bank, small_blueprint, some_drafts

SCOPE = Scope(region=REGION)


async def _sitting(runtime: Runtime, *, closed: bool = True) -> UUID:
    """Make forms in two rounds, and close the sitting."""
    await publish_bank(runtime, qualification=CODE, drafts=[figured_draft(each) for each in some_drafts(each=12)])
    sitting = new_id()
    await seal_forms(runtime, sitting, ["a", "b"], standby=1)
    await seal_forms(runtime, sitting, ["a", "b", "late"], standby=1)
    if closed:
        async with runtime.databases.transaction(SCOPE) as session:
            await release_scoring_views(session, runtime, SYSTEM, sitting_id=sitting, at=runtime.clock.now())
    return sitting


def _tamper(runtime: Runtime, statement: str, sitting: UUID) -> None:
    """Change a row as a superuser with triggers off."""
    with psycopg.connect(runtime.settings.database_url, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        assert connection.execute(statement.encode(), [sitting]).rowcount == 1


async def test_every_form_of_every_round_is_dealt_again(runtime: Runtime) -> None:
    sitting = await _sitting(runtime)
    proof = await check_draw(runtime, sitting)
    assert (proof.faults, proof.rounds, proof.forms) == ((), 2, 4)
    assert seed_commitment(bytes.fromhex(proof.seed), str(sitting)) == proof.seed_commitment


async def _parallel_sitting(runtime: Runtime) -> UUID:
    blueprint = msgspec.structs.replace(small_blueprint(CODE), parallel=2)
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12), blueprint=blueprint)
    sitting = new_id()
    await seal_forms(runtime, sitting, ["b", "a"], standby=1)
    await seal_forms(runtime, sitting, ["b", "a", "late"], standby=1)
    async with runtime.databases.transaction(SCOPE) as session:
        await release_scoring_views(session, runtime, SYSTEM, sitting_id=sitting, at=runtime.clock.now())
    return sitting


async def test_parallel_forms_are_committed_to_and_laid_out_again(runtime: Runtime) -> None:
    proof = await check_draw(runtime, await _parallel_sitting(runtime))
    assert (proof.faults, proof.rounds, proof.forms, len(proof.parallel_digest)) == ((), 2, 4, 64)


async def test_another_choice_of_parallel_forms_is_named(runtime: Runtime) -> None:
    sitting = await _parallel_sitting(runtime)
    _tamper(
        runtime,
        "update questionbank_draw set parallel_digest = repeat('0', 64) where sitting_id = %s",
        sitting,
    )
    assert {fault.what for fault in (await check_draw(runtime, sitting)).faults} == {"parallel", "ledger"}


async def test_nothing_is_opened_before_the_close(runtime: Runtime) -> None:
    sitting = await _sitting(runtime, closed=False)
    with pytest.raises(FormStillSealedError):
        await check_draw(runtime, sitting)
    with pytest.raises(FormStillSealedError):
        await reveal_draw(runtime, sitting_id=str(sitting))
    with pytest.raises(FormsNotPreparedError):
        await check_draw(runtime, new_id())


async def test_the_seed_is_revealed_once_and_fits_its_commitment(runtime: Runtime) -> None:
    sitting = await _sitting(runtime)
    for _ in range(2):
        await reveal_draw(runtime, sitting_id=str(sitting))
    async with runtime.databases.session(SCOPE) as session:
        [facts] = list(await session.scalars(select(AuditRow.facts).where(AuditRow.act == "forms.seed_revealed")))
    assert seed_commitment(bytes.fromhex(facts["seed"]), str(sitting)) == facts["seed_commitment"]


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("update questionbank_draw set seed_commitment = repeat('0', 64) where sitting_id = %s", {"seed", "ledger"}),
        ("update questionbank_draw set pool_digest = repeat('0', 64) where sitting_id = %s", {"pool", "ledger"}),
        ("update questionbank_draw set multiple_rule = 'partial_missing' where sitting_id = %s", {"form"}),
        (
            "update questionbank_form set scoring_digest = repeat('0', 64) where sitting_id = %s and key = 'a'",
            {"form", "sealed"},
        ),
        (
            (
                "update questionbank_form set candidate_sealed = (select candidate_sealed from questionbank_form o"
                " where o.sitting_id = questionbank_form.sitting_id and o.key = 'b') where sitting_id = %s and key = 'a'"
            ),
            {"sealed"},
        ),
        (
            (
                "update core_audit_entry set leaf = convert_to(replace(convert_from(leaf, 'utf8'),"
                " facts ->> 'pool_digest', repeat('0', 64)), 'utf8')"
                " where subject = %s::text and facts ->> 'round' = '1'"
            ),
            {"ledger"},
        ),
    ],
)
async def test_a_change_by_a_superuser_is_named(runtime: Runtime, statement: str, what: set[str]) -> None:
    sitting = await _sitting(runtime)
    _tamper(runtime, statement, sitting)
    assert {fault.what for fault in (await check_draw(runtime, sitting)).faults} == what


async def test_an_exchanged_blueprint_is_named(runtime: Runtime) -> None:
    sitting = await _sitting(runtime)
    _tamper(
        runtime,
        "update questionbank_blueprint set content = jsonb_set(content, '{duration_min}', '45')"
        " where id = (select blueprint_id from questionbank_draw where sitting_id = %s)",
        sitting,
    )
    assert {fault.what for fault in (await check_draw(runtime, sitting)).faults} == {"blueprint", "form"}
