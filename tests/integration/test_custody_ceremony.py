"""Custodians open a sitting together: not before, not alone, not with a false share, and never without a trace."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from exam.app import compose_runtime
from exam.core.audit.ledger import AuditRow
from exam.core.clock import FrozenClock
from exam.core.config import Profile, Settings
from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.ids import new_id
from exam.core.keyring import load_keyring
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from grading.jobs import reveal_draw
from questionbank.api import (
    FormsAwaitCustodiansError,
    FormStillSealedError,
    claim_form,
    list_seals,
    open_candidate_view,
    open_scoring_view,
    prove_draw,
    release_scoring_views,
)
from questionbank.custody.ceremony import drill, get_ceremony, make_custodian_key
from questionbank.custody.errors import (
    ShareGivenError,
    ShareNotFoundError,
    ShareReasonMissingError,
    ShareTooEarlyError,
    TooFewCustodiansError,
)
from questionbank.forms.models import Draw, FormRow
from questionbank.forms.seal import SealBrokenError, key_aad, open_sealed, unwrap_key, view_aad
from tests.builders.custody import WRAPPED, Custodian, custodian, give
from tests.builders.forms import CODE, START, seal_forms
from tests.builders.questionbank import publish_bank, some_drafts

SCOPE = Scope(region="33")  # as the worker has it: custodians serve the whole province
REASON = "场次提前一小时开考"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Run production with three of any number of custodians: the seal that a demonstration does without."""
    load_keyring(settings)  # production invents no keys
    return msgspec.structs.replace(settings, seal="custodians", seal_threshold=3, profile=Profile.PRODUCTION)


@pytest.fixture
async def people(runtime: Runtime) -> list[Custodian]:
    return [await custodian(runtime, name) for name in ("甲", "乙", "丙", "丁")]


async def prepare(runtime: Runtime, keys: Sequence[str], *, sitting: UUID | None = None, standby: int = 1) -> UUID:
    sitting = sitting or new_id()
    await seal_forms(runtime, sitting, keys, standby=standby)
    return sitting


async def close(runtime: Runtime, sitting: UUID) -> None:
    async with runtime.databases.transaction(SCOPE) as session:
        await release_scoring_views(session, runtime, SYSTEM, sitting_id=sitting, at=runtime.clock.now())


async def claim(runtime: Runtime, sitting: UUID, key: str) -> UUID:
    async with runtime.databases.transaction(SCOPE) as session:
        return await claim_form(session, sitting_id=sitting, key=key)


async def show(runtime: Runtime, form_id: UUID) -> int:
    """Open a form as the answer path does and return the number of its slots."""
    async with runtime.databases.session(SCOPE, Role.ANSWER) as session:
        return len((await open_candidate_view(session, runtime, form_id, now=runtime.clock.now())).slots)


async def acts(runtime: Runtime) -> list[str]:
    async with runtime.databases.session(Scope(region="33")) as session:
        found = select(AuditRow.act).where(AuditRow.act.like("forms.%")).order_by(AuditRow.position)
        return list(await session.scalars(found))


async def test_three_of_four_open_the_candidates_view(
    runtime: Runtime, clock: FrozenClock, people: list[Custodian]
) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = await prepare(runtime, ["a"])
    form = await claim(runtime, sitting, "a")
    clock.advance(START)
    with pytest.raises(FormsAwaitCustodiansError):
        await show(runtime, form)
    for given, person in enumerate((people[0], people[3]), 1):
        after = await give(runtime, person, sitting, "candidate")
        assert (after.given, after.unsealed) == (given, False)
    with pytest.raises(FormsAwaitCustodiansError):
        await show(runtime, form)
    assert (await give(runtime, people[1], sitting, "candidate")).unsealed
    assert await show(runtime, form) == 9
    assert (await acts(runtime))[-4:] == ["forms.share_given"] * 3 + ["forms.unsealed"]
    restarted = compose_runtime(runtime.settings, clock=clock)
    assert await show(restarted, form) == 9
    await restarted.close()


async def test_a_drill_tells_whether_lost_shares_leave_enough(
    runtime: Runtime, clock: FrozenClock, people: list[Custodian]
) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = await prepare(runtime, ["a"])

    async def told(person: Custodian, *, opened: bool) -> tuple[int, int, int]:
        async with runtime.databases.transaction(SCOPE, Role.BANK) as bank:
            await drill(
                bank, runtime, person.principal, sitting_id=sitting, view="candidate", opened=opened, at=clock.now()
            )
            after = await get_ceremony(bank, runtime, person.principal, sitting, "candidate")
            seal = (await list_seals(bank, [sitting]))[sitting]
            return after.left, after.given, seal.lost

    assert await told(people[0], opened=True) == (4, 0, 0)
    assert await told(people[1], opened=False) == (3, 0, 1)
    assert await told(people[0], opened=False) == (2, 0, 2)  # of three that are needed
    assert await told(people[0], opened=True) == (3, 0, 1)  # it was found again
    assert (await acts(runtime))[-2:] == ["forms.share_lost", "forms.share_tried"]
    clock.advance(START)
    for person in (people[0], people[2], people[3]):
        after = await give(runtime, person, sitting, "candidate")
    assert after.unsealed
    with pytest.raises(ShareGivenError):
        await told(people[1], opened=True)
    with pytest.raises(ShareNotFoundError):
        await told(await custodian(runtime, "戊"), opened=True)


async def test_before_the_window_every_giver_says_why(
    runtime: Runtime, clock: FrozenClock, people: list[Custodian]
) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = await prepare(runtime, ["a"])
    with pytest.raises(ShareReasonMissingError):
        await give(runtime, people[0], sitting, "candidate", reason="急")
    for person in people[:3]:
        after = await give(runtime, person, sitting, "candidate", reason=REASON)
    assert after.unsealed
    assert [holder.reason for holder in after.holders] == [REASON] * 3 + [""]
    with pytest.raises(FormStillSealedError):
        await show(runtime, await claim(runtime, sitting, "a"))
    clock.advance(START)
    assert await show(runtime, await claim(runtime, sitting, "a")) == 9


async def test_scoring_waits_for_the_close_and_for_its_own_shares(
    runtime: Runtime, clock: FrozenClock, people: list[Custodian]
) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = await prepare(runtime, ["a"])
    form = await claim(runtime, sitting, "a")
    for person in people[:3]:
        with pytest.raises(ShareTooEarlyError):
            await give(runtime, person, sitting, "scoring", reason=REASON)
        await give(runtime, person, sitting, "candidate", reason=REASON)
    clock.advance(timedelta(hours=5))
    await close(runtime, sitting)
    await reveal_draw(runtime, sitting_id=str(sitting))
    async with runtime.databases.session(SCOPE) as session:
        with pytest.raises(FormsAwaitCustodiansError):
            await open_scoring_view(session, runtime, form, now=clock.now())
    for person in people[1:]:
        await give(runtime, person, sitting, "scoring")
    await reveal_draw(runtime, sitting_id=str(sitting))
    async with runtime.databases.session(SCOPE) as session:
        assert len((await open_scoring_view(session, runtime, form, now=clock.now())).slots) == 9
    async with runtime.databases.session(SCOPE, Role.BANK) as bank:
        assert (await prove_draw(bank, runtime, sitting)).faults == ()
    assert (await acts(runtime)).count("forms.seed_revealed") == 1


async def test_a_false_share_is_found_out_and_costs_nothing_but_time(
    runtime: Runtime, clock: FrozenClock, people: list[Custodian]
) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = await prepare(runtime, ["a"])
    clock.advance(START)
    for person in people[:2]:
        await give(runtime, person, sitting, "candidate")
    after = await give(runtime, people[2], sitting, "candidate", false=True)
    assert (after.given, after.unsealed) == (0, False)
    for person in people[:3]:
        after = await give(runtime, person, sitting, "candidate")
    assert after.unsealed
    assert "forms.shares_refused" in await acts(runtime)


async def test_a_share_is_given_once_and_by_its_holder(
    runtime: Runtime, clock: FrozenClock, people: list[Custodian]
) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = await prepare(runtime, ["a"])
    clock.advance(START)
    await give(runtime, people[0], sitting, "candidate")
    with pytest.raises(ShareGivenError):
        await give(runtime, people[0], sitting, "candidate")
    late = await custodian(runtime, "戊")
    with pytest.raises(ShareNotFoundError):
        await give(runtime, late, sitting, "candidate")
    with pytest.raises(ShareNotFoundError):
        await give(runtime, people[1], new_id(), "candidate")


async def test_a_replaced_key_still_opens_what_it_was_given(
    runtime: Runtime, clock: FrozenClock, people: list[Custodian]
) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = await prepare(runtime, ["a"])
    clock.advance(START)
    async with runtime.databases.transaction(Scope(region="33"), Role.BANK) as bank:
        await bank.execute(text("update questionbank_custodian_key set retired_at = now() where name = '甲'"))
    assert (await give(runtime, people[0], sitting, "candidate")).given == 1
    other = await prepare(runtime, ["b"])
    with pytest.raises(ShareNotFoundError):
        await give(runtime, people[0], other, "candidate", reason=REASON)


async def test_the_page_opens_a_share_by_the_key_that_it_was_sealed_to(
    runtime: Runtime, people: list[Custodian]
) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = await prepare(runtime, ["a"])
    public = people[1].private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    wrapped, at, holder = WRAPPED | {"salt": "AQ=="}, runtime.clock.now(), people[0].principal
    async with runtime.databases.transaction(Scope(region="33"), Role.BANK) as bank:
        await make_custodian_key(bank, runtime, holder, public=public, private_wrapped=wrapped, at=at)
        holders = (await get_ceremony(bank, runtime, holder, sitting, "candidate")).holders
    assert [each.private for each in holders] == [WRAPPED if each.mine else {} for each in holders]
    assert [each.mine for each in holders].count(True) == 1


async def test_late_candidates_take_standby_forms(runtime: Runtime, people: list[Custodian]) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = await prepare(runtime, ["a"], standby=2)
    await prepare(runtime, ["a", "late"], sitting=sitting, standby=2)
    async with runtime.databases.session(SCOPE) as session:
        keys = set(await session.scalars(select(FormRow.key).where(FormRow.sitting_id == sitting)))
        seal = (await list_seals(session, [sitting]))[sitting]
    assert keys == {"a", "standby-0001", "standby-0002"}
    assert (seal.kind, seal.threshold, seal.holders, seal.given, seal.unsealed) == ("custodians", 3, 4, 0, False)
    assert await claim(runtime, sitting, "late") != await claim(runtime, sitting, "a")
    assert people


async def test_too_few_custodians_make_no_forms(runtime: Runtime) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    for name in ("甲", "乙"):
        await custodian(runtime, name)
    with pytest.raises(TooFewCustodiansError) as refusal:
        await prepare(runtime, ["a"])
    assert refusal.value.fields == {"have": 2, "need": 3}
    async with runtime.databases.session(SCOPE) as session:
        assert await session.scalar(select(Draw.id)) is None


async def test_all_secrets_of_the_machine_open_nothing_before_the_ceremony(
    runtime: Runtime, people: list[Custodian]
) -> None:
    """Whoever holds the database, the disk and every secret of the installation still has k − 1 shares at the most."""
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = await prepare(runtime, ["a"])
    for person in people[:2]:
        await give(runtime, person, sitting, "candidate", reason=REASON)
    async with runtime.databases.session(Scope(region="33"), Role.OWNER) as session:
        wrapped = list(await session.scalars(text("select wrapped from questionbank_sitting_key")))
        seed = (await session.scalars(text("select seed_sealed from questionbank_draw"))).one()
        form = (await session.execute(select(FormRow.id, FormRow.candidate_sealed).where(FormRow.key == "a"))).one()
    assert wrapped == [None, None]
    aad = view_aad(sitting=str(sitting), form=str(form.id), view="candidate")
    for secret in (runtime.secrets.forms, runtime.secrets.lease, runtime.secrets.cookie, runtime.secrets.roles.master):
        with pytest.raises(SealBrokenError):
            unwrap_key(secret, seed, key_aad(sitting=str(sitting), view="seed"))
        with pytest.raises(SealBrokenError):
            open_sealed(secret, form.candidate_sealed, aad)


async def test_a_key_that_is_there_is_never_exchanged(
    runtime: Runtime, clock: FrozenClock, people: list[Custodian]
) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = await prepare(runtime, ["a"])
    clock.advance(START)
    for person in people[:3]:
        await give(runtime, person, sitting, "candidate")
    async with runtime.databases.session(SCOPE, Role.BANK) as bank:
        with pytest.raises(DBAPIError, match="is fixed"):
            await bank.execute(text("update questionbank_sitting_key set wrapped = 'x' where view = 'candidate'"))
