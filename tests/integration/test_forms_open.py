"""Claiming forms and opening their views: once per candidate, not before the time, and never with a key inside."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from exam.core.audit.ledger import AuditRow
from exam.core.clock import FrozenClock
from exam.core.config import Profile
from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.errors import DomainError
from exam.core.ids import new_id
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from questionbank.api import (
    FormsNotPreparedError,
    FormStillSealedError,
    NoFormLeftError,
    claim_form,
    open_candidate_view,
    open_scoring_view,
    prepare_forms,
    release_scoring_views,
)
from questionbank.forms.canonical import canonical
from questionbank.forms.errors import LocalSealRefusedError
from questionbank.forms.models import FormRow, SittingKey
from tests.builders.forms import CODE, REGION, START, seal_forms
from tests.builders.questionbank import publish_bank, publish_canary_bank, some_drafts

SCOPE = Scope(region=REGION)
WINDOW = timedelta(minutes=15)


async def prepare(runtime: Runtime, keys: Sequence[str], *, standby: int = 0) -> UUID:
    """Make the forms of a new sitting that starts in two hours, and return its id."""
    sitting = new_id()
    await seal_forms(runtime, sitting, keys, standby=standby)
    return sitting


async def claim(runtime: Runtime, sitting: UUID, key: str, role: Role = Role.ANSWER) -> UUID:
    async with runtime.databases.transaction(SCOPE, role) as session:
        return await claim_form(session, sitting_id=sitting, key=key)


async def test_a_key_gets_its_own_form_every_time(runtime: Runtime) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = await prepare(runtime, ["a", "b"], standby=1)
    first, again, other = [await claim(runtime, sitting, key) for key in ("a", "a", "b")]
    assert first == again
    assert first != other


async def test_a_late_key_gets_one_standby_form_for_good(runtime: Runtime) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = await prepare(runtime, ["a"], standby=2)
    late = [await claim(runtime, sitting, "late", role) for role in (Role.ANSWER, Role.APP)]
    later = await claim(runtime, sitting, "later")
    assert late[0] == late[1] != later
    with pytest.raises(NoFormLeftError):
        await claim(runtime, sitting, "too late")


async def test_a_key_that_holds_a_standby_form_keeps_it_when_missing_forms_are_made(runtime: Runtime) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = await prepare(runtime, ["a"], standby=1)
    held = await claim(runtime, sitting, "late")
    async with runtime.databases.transaction(SCOPE, Role.BANK) as session:
        made = await prepare_forms(
            session,
            runtime,
            SYSTEM,
            sitting_id=sitting,
            qualification=CODE,
            region=REGION,
            starts_at=runtime.clock.now() + START,
            keys=["a", "late"],
            standby=1,
        )
    assert made.made == 1
    assert await claim(runtime, sitting, "late") == held
    assert await claim(runtime, sitting, "even later") != held


async def test_a_claimed_form_cannot_be_given_to_another(runtime: Runtime) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = await prepare(runtime, [], standby=1)
    form = await claim(runtime, sitting, "late")
    async with runtime.databases.session(SCOPE) as session:
        with pytest.raises(DBAPIError, match="is fixed"):
            await session.execute(update(FormRow).where(FormRow.id == form).values(claimed_by="other"))


async def test_the_candidate_view_opens_with_the_window_and_not_before(runtime: Runtime, clock: FrozenClock) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = await prepare(runtime, ["a"])
    form_id = await claim(runtime, sitting, "a")
    opens = clock.now() + START - WINDOW
    async with runtime.databases.session(SCOPE, Role.ANSWER) as session:
        with pytest.raises(FormStillSealedError) as refused:
            await open_candidate_view(session, runtime, form_id, now=opens - timedelta(microseconds=1))
        form = await open_candidate_view(session, runtime, form_id, now=opens)
    assert refused.value.fields["opens_at"] == opens.isoformat()
    assert (form.title, form.duration_s, len(form.slots)) == ("小测验", 1800, 9)
    assert [section.interaction.value for section in form.sections] == ["judgement", "choice", "multiple"]


async def test_a_sitting_that_is_put_off_opens_later(runtime: Runtime, clock: FrozenClock) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = await prepare(runtime, ["a"])
    form_id = await claim(runtime, sitting, "a")
    clock.advance(timedelta(hours=1))
    async with runtime.databases.transaction(SCOPE, Role.BANK) as session:
        await prepare_forms(
            session,
            runtime,
            SYSTEM,
            sitting_id=sitting,
            qualification=CODE,
            region=REGION,
            starts_at=clock.now() + START,
            keys=["a"],
            standby=0,
        )
    async with runtime.databases.session(SCOPE, Role.ANSWER) as session:
        with pytest.raises(FormStillSealedError):
            await open_candidate_view(session, runtime, form_id, now=clock.now() + timedelta(hours=1))


async def test_the_scoring_view_stays_sealed_until_it_is_released(runtime: Runtime, clock: FrozenClock) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = await prepare(runtime, ["a"])
    form_id = await claim(runtime, sitting, "a")
    clock.advance(timedelta(days=1))
    async with runtime.databases.session(SCOPE) as session:
        with pytest.raises(FormStillSealedError):
            await open_scoring_view(session, runtime, form_id, now=clock.now())
    async with runtime.databases.transaction(SCOPE) as session:
        await release_scoring_views(session, runtime, SYSTEM, sitting_id=sitting, at=clock.now())
        await release_scoring_views(session, runtime, SYSTEM, sitting_id=sitting, at=clock.now())
    async with runtime.databases.session(SCOPE) as session:
        scoring = await open_scoring_view(session, runtime, form_id, now=clock.now())
        entries = await session.scalar(select(func.count()).where(AuditRow.act == "forms.scoring_released"))
    assert [slot.marks for slot in scoring.slots] == [100] * 7 + [150] * 2
    assert entries == 1


async def test_the_answer_path_sees_no_scoring_key(runtime: Runtime, clock: FrozenClock) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = await prepare(runtime, ["a"])
    async with runtime.databases.transaction(SCOPE) as session:
        await release_scoring_views(session, runtime, SYSTEM, sitting_id=sitting, at=clock.now())
    async with runtime.databases.session(Scope(), Role.ANSWER) as session:
        views = (await session.scalars(select(SittingKey.view))).all()
    assert views == ["candidate"]


async def test_a_released_key_cannot_be_closed_again(runtime: Runtime, clock: FrozenClock) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = await prepare(runtime, ["a"])
    async with runtime.databases.transaction(SCOPE) as session:
        await release_scoring_views(session, runtime, SYSTEM, sitting_id=sitting, at=clock.now())
    async with runtime.databases.session(SCOPE) as session:
        with pytest.raises(DBAPIError, match="is fixed"):
            await session.execute(update(SittingKey).where(SittingKey.view == "scoring").values(opened_at=None))


async def test_what_does_not_exist_is_not_found(runtime: Runtime, clock: FrozenClock) -> None:
    async with runtime.databases.session(SCOPE) as session:
        for act in (
            open_candidate_view(session, runtime, new_id(), now=clock.now()),
            open_scoring_view(session, runtime, new_id(), now=clock.now()),
            release_scoring_views(session, runtime, SYSTEM, sitting_id=new_id(), at=clock.now()),
        ):
            with pytest.raises(FormsNotPreparedError):
                await act


async def test_an_altered_envelope_does_not_open(runtime: Runtime, clock: FrozenClock) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = await prepare(runtime, ["a", "b"])
    form_id, other = await claim(runtime, sitting, "a"), await claim(runtime, sitting, "b")
    async with runtime.databases.transaction(SCOPE, Role.OWNER) as session:
        await session.execute(text("alter table questionbank_form disable trigger user"))
        swapped = select(FormRow.candidate_sealed).where(FormRow.id == other).scalar_subquery()
        await session.execute(update(FormRow).where(FormRow.id == form_id).values(candidate_sealed=swapped))
    async with runtime.databases.session(SCOPE, Role.ANSWER) as session:
        with pytest.raises(DomainError) as refused:
            await open_candidate_view(session, runtime, form_id, now=clock.now() + START)
    assert refused.value.code == "seal_broken"


async def test_no_token_of_a_key_or_explanation_is_in_a_candidate_view(runtime: Runtime, clock: FrozenClock) -> None:
    bank, tokens = await publish_canary_bank(runtime, qualification=CODE)
    sitting = await prepare(runtime, ["a", "b", "c"], standby=2)
    shown, scored = b"", b""
    async with runtime.databases.transaction(SCOPE) as session:
        await release_scoring_views(session, runtime, SYSTEM, sitting_id=sitting, at=clock.now())
        for form_id in await session.scalars(select(FormRow.id)):
            view = await open_candidate_view(session, runtime, form_id, now=clock.now() + START)
            shown += canonical(view)
            scored += msgspec.json.encode(await open_scoring_view(session, runtime, form_id, now=clock.now()))
    assert not [token for token in tokens if token.encode() in shown]
    assert not [item for item in bank.item_ids if str(item).encode() in shown]
    # the harness can see a leak: stored keys of text entries carry tokens and stand in the scoring view
    assert [token for token in tokens if token.encode() in scored]


async def test_no_token_is_in_the_stored_rows_of_forms(runtime: Runtime) -> None:
    _, tokens = await publish_canary_bank(runtime, qualification=CODE)
    await prepare(runtime, ["a"], standby=1)
    async with runtime.databases.session(SCOPE, Role.OWNER) as session:
        rows = []
        for table in ("questionbank_draw", "questionbank_form", "questionbank_sitting_key"):
            rows += [repr(tuple(row)) for row in await session.execute(text(f"select * from {table}"))]
        items = [
            repr(tuple(row)) for row in await session.execute(text("select content from questionbank_item_version"))
        ]
    assert not [token for token in tokens if any(token in row for row in rows)]
    assert all(any(token in row for row in items) for token in tokens[:5])


async def test_production_refuses_to_seal_on_one_machine(runtime: Runtime) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    settings = msgspec.structs.replace(runtime.settings, profile=Profile.PRODUCTION)
    strict = type(runtime)(**{**runtime.__dict__, "settings": settings})
    with pytest.raises(LocalSealRefusedError):
        await prepare(strict, ["a"])
