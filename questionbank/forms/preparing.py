"""组卷 of a sitting: freeze the pool, commit to a seed, deal, render and seal one form per candidate and some to spare."""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, insert, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.ids import new_id
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.standards.api import resolve_rule_set
from questionbank.blueprints.cells import Blueprint, PoolItem
from questionbank.blueprints.feasibility import find_obstacle
from questionbank.blueprints.models import BlueprintRow
from questionbank.blueprints.published import blueprint_of, find_published_row
from questionbank.forms.assembly import Assembly, assemble, blueprint_digest, pool_digest, seed_commitment
from questionbank.forms.canonical import canonical, digest_of
from questionbank.forms.committed import PREPARED
from questionbank.forms.draw import ALGORITHM
from questionbank.forms.errors import NoPublishedBlueprintError, infeasible
from questionbank.forms.folding import FormCommitment, forms_digest
from questionbank.forms.keys import (
    CANDIDATE,
    SCORING,
    VIEWS,
    is_shared_out,
    make_keys,
    open_view,
    seal_view,
    unwrap_view_key,
)
from questionbank.forms.models import Draw, FormRow
from questionbank.forms.parallel import Choice, assemble_parallel, choice_digest, choose_parallel
from questionbank.forms.seal import key_aad, unwrap_key, wrap_key
from questionbank.forms.views import DEFAULT_RULES, render_views, rules_of
from questionbank.items.content import Interaction, ItemContent
from questionbank.items.pool import get_contents, list_pool

SEED_BYTES = 32
SEED, POOL, PARALLEL = "seed", "pool", "parallel"

_PARTIAL_RULES = {"partial": "partial_missing"}
"""Score rule by the rule set's word for multiple choice; everything else is exact."""
_LOCK_POOL = text("select pg_advisory_xact_lock_shared(hashtextextended('questionbank.pool:' || :code, 0))")
_LOCK = text("select pg_advisory_xact_lock(hashtextextended('questionbank.sitting:' || :sitting, 0))")


class PreparedForms(msgspec.Struct, frozen=True, kw_only=True):
    """What one call made; commitment and digests are those of the sitting's draw and may be published before it."""

    draw_id: UUID
    made: int
    blueprint_id: UUID
    seed_commitment: str
    pool_digest: str


class _Round(msgspec.Struct, frozen=True, kw_only=True):
    """All that one deal needs, opened."""

    draw: Draw
    number: int
    blueprint: Blueprint
    pool: list[PoolItem]
    seed: bytes
    choice: Choice
    keys: list[str]
    standby: frozenset[str]
    view_keys: dict[str, bytes]


class _Opened(msgspec.Struct, frozen=True, kw_only=True):
    """What is secret about a draw, in the clear."""

    seed: bytes
    pool: list[PoolItem]
    choice: Choice
    view_keys: dict[str, bytes]


async def prepare_forms(
    bank_session: AsyncSession,
    runtime: Runtime,
    principal: Principal,
    *,
    sitting_id: UUID,
    qualification: str,
    region: str,
    starts_at: datetime,
    keys: Sequence[str],
    standby: int,
) -> PreparedForms:
    """Make the forms that are missing: one per key, and standby ones until `standby` are unclaimed.

    `keys` come in the order of rooms and seats: forms that follow one another share least.
    The first call freezes pool, blueprint and seed; a later one deals a further round from the same three, so that no
    form that stands is touched. Where custodians hold the keys nothing can be added: late candidates take standby forms.
    Raises NoPublishedBlueprintError, PoolTooSmallError, LocalSealRefusedError and TooFewCustodiansError.
    """
    await bank_session.execute(_LOCK, {"sitting": str(sitting_id)})
    draw = await bank_session.scalar(select(Draw).where(Draw.sitting_id == sitting_id))
    opened = None
    if draw is None:
        draw, opened = await _start_draw(bank_session, runtime, sitting_id, qualification, region, starts_at)
    draw.starts_at = starts_at
    missing, spare = await _missing(bank_session, sitting_id, keys, standby)
    if opened is None and await is_shared_out(bank_session, sitting_id):
        missing, spare = [], []
    if missing or spare:
        opened = opened or await _open_again(bank_session, runtime, draw)
        plan = await _plan_round(bank_session, draw, opened, missing, spare)
        made = await _make_round(bank_session, runtime, plan)
        await _log(bank_session, principal, plan, made, at=runtime.clock.now())
    await bank_session.flush()
    return PreparedForms(
        draw_id=draw.id,
        made=len(missing) + len(spare),
        blueprint_id=draw.blueprint_id,
        seed_commitment=draw.seed_commitment,
        pool_digest=draw.pool_digest,
    )


async def _start_draw(
    session: AsyncSession, runtime: Runtime, sitting_id: UUID, qualification: str, region: str, starts_at: datetime
) -> tuple[Draw, _Opened]:
    row = await find_published_row(session, qualification)
    if row is None:
        raise NoPublishedBlueprintError(qualification=qualification)
    # no item leaves the pool for practice between this reading and the draw's commit
    await session.execute(_LOCK_POOL, {"code": qualification})
    blueprint, pool = blueprint_of(row), await list_pool(session, qualification)
    await asyncio.to_thread(require_feasible, blueprint, pool)
    seed, sitting, at = secrets.token_bytes(SEED_BYTES), str(sitting_id), runtime.clock.now()
    choice: Choice = ()
    if blueprint.parallel:
        choice = await asyncio.to_thread(choose_parallel, blueprint, pool, seed=seed, sitting=sitting)
    view_keys = await make_keys(session, runtime, sitting_id, region, at=at)
    kek = view_keys[SCORING] if runtime.settings.seal == "custodians" else runtime.secrets.forms
    draw = Draw(
        id=new_id(),
        sitting_id=sitting_id,
        region=region,
        qualification=qualification,
        blueprint_id=row.id,
        algorithm=ALGORITHM,
        multiple_rule=multiple_rule_on(qualification, local_date(starts_at)),
        seed_sealed=wrap_key(kek, seed, key_aad(sitting=sitting, view=SEED)),
        pool_sealed=seal_view(kek, canonical(pool), sitting_id=sitting_id, form_id=row.id, view=POOL),
        parallel_sealed=seal_view(kek, canonical(choice), sitting_id=sitting_id, form_id=row.id, view=PARALLEL)
        if choice
        else None,
        parallel_digest=choice_digest(choice),
        seed_commitment=seed_commitment(seed, sitting),
        pool_digest=pool_digest(pool),
        blueprint_digest=blueprint_digest(blueprint),
        starts_at=starts_at,
        created_at=at,
    )
    session.add(draw)
    await session.flush()
    return draw, _Opened(seed=seed, pool=pool, choice=choice, view_keys=view_keys)


def require_feasible(blueprint: Blueprint, pool: Sequence[PoolItem]) -> None:
    """Refuse a pool that cannot fill one form, naming every short cell or the constraint that stands in the way."""
    obstacle = find_obstacle(blueprint, pool)
    if obstacle is not None:
        raise infeasible(obstacle)


def multiple_rule_on(qualification: str, on: date) -> str:
    """Return the score rule of multiple choice under the rule set of a day."""
    stated = resolve_rule_set(qualification, on).scoring_multiple.value
    return _PARTIAL_RULES.get(stated or "", DEFAULT_RULES[Interaction.MULTIPLE])


async def _missing(
    session: AsyncSession, sitting_id: UUID, keys: Sequence[str], standby: int
) -> tuple[list[str], list[str]]:
    """Return the keys without a form of their own or a claimed one, and names for the standby forms to add."""
    served = or_(FormRow.key.in_(keys), FormRow.claimed_by.in_(keys))
    rows = await session.execute(
        select(FormRow.key, FormRow.claimed_by).where(FormRow.sitting_id == sitting_id, served)
    )
    have = {name for row in rows for name in row}
    spare = select(func.count(), func.count().filter(FormRow.claimed_by.is_(None)))
    made, unused = (await session.execute(spare.where(FormRow.sitting_id == sitting_id, FormRow.standby))).one()
    names = [f"standby-{made + number:04}" for number in range(1, standby - unused + 1)]
    return [key for key in dict.fromkeys(keys) if key not in have], names


async def _open_again(session: AsyncSession, runtime: Runtime, draw: Draw) -> _Opened:
    seed, pool = await open_draw(session, runtime, draw)
    keys = {view: await unwrap_view_key(session, runtime, draw.sitting_id, view) for view in VIEWS}
    choice = await open_choice(session, runtime, draw)
    return _Opened(seed=seed, pool=pool, choice=choice, view_keys=keys)


async def _plan_round(
    session: AsyncSession, draw: Draw, opened: _Opened, missing: list[str], spare: list[str]
) -> _Round:
    last = await session.scalar(select(func.max(FormRow.round)).where(FormRow.draw_id == draw.id))
    return _Round(
        draw=draw,
        number=(last or 0) + 1,
        blueprint=blueprint_of(await session.get_one(BlueprintRow, draw.blueprint_id)),
        pool=opened.pool,
        seed=opened.seed,
        choice=opened.choice,
        keys=missing + spare,
        standby=frozenset(spare),
        view_keys=opened.view_keys,
    )


async def open_draw(session: AsyncSession, runtime: Runtime, draw: Draw) -> tuple[bytes, list[PoolItem]]:
    """Return seed and frozen pool of a draw; the bank's role alone can read them.

    Where custodians hold the keys both lie under the scoring key: raises FormsAwaitCustodiansError until it is there.
    """
    columns = select(Draw.seed_sealed, Draw.pool_sealed).where(Draw.id == draw.id)
    sealed_seed, sealed_pool = (await session.execute(columns)).one()
    kek, sitting = await _draw_key(session, runtime, draw), str(draw.sitting_id)
    pool = open_view(kek, sealed_pool, sitting_id=draw.sitting_id, form_id=draw.blueprint_id, view=POOL)
    seed = unwrap_key(kek, sealed_seed, key_aad(sitting=sitting, view=SEED))
    return seed, msgspec.json.decode(pool, type=list[PoolItem])


async def open_choice(session: AsyncSession, runtime: Runtime, draw: Draw) -> Choice:
    """Return the choice of parallel forms, empty where there are none; under the same key as seed and pool."""
    sealed = await session.scalar(select(Draw.parallel_sealed).where(Draw.id == draw.id))
    if sealed is None:
        return ()
    kek = await _draw_key(session, runtime, draw)
    data = open_view(kek, sealed, sitting_id=draw.sitting_id, form_id=draw.blueprint_id, view=PARALLEL)
    return msgspec.json.decode(data, type=Choice)


async def _draw_key(session: AsyncSession, runtime: Runtime, draw: Draw) -> bytes:
    if await is_shared_out(session, draw.sitting_id):
        return await unwrap_view_key(session, runtime, draw.sitting_id, SCORING)
    return runtime.secrets.forms


def deal_round(
    draw: Draw,
    blueprint: Blueprint,
    pool: Sequence[PoolItem],
    seed: bytes,
    number: int,
    keys: Sequence[str],
    choice: Choice = (),
) -> list[Assembly]:
    """Deal one round to keys in the order of their places: parallel forms where some were chosen, else one form each.

    Its context is the sitting and the round, so that rounds neither repeat nor disturb each other.
    """
    sitting = f"{draw.sitting_id}/{number}"
    if choice:
        return list(assemble_parallel(blueprint, pool, choice, seed=seed, sitting=sitting, keys=keys))
    return list(assemble(blueprint, pool, seed=seed, sitting=sitting, keys=keys))


async def _make_round(session: AsyncSession, runtime: Runtime, plan: _Round) -> str:
    draw = plan.draw
    dealt = await asyncio.to_thread(
        deal_round, draw, plan.blueprint, plan.pool, plan.seed, plan.number, plan.keys, plan.choice
    )
    contents = await get_contents(session, (slot.version for form in dealt for slot in form.slots))
    at = runtime.clock.now()
    rows = await asyncio.to_thread(
        lambda: [_seal_form(plan, place, form, contents, at) for place, form in enumerate(dealt)]
    )
    await session.execute(insert(FormRow), rows)
    return forms_digest(FormCommitment(*(str(row[name]) for name in FormCommitment._fields)) for row in rows)


def _seal_form(
    plan: _Round, place: int, form: Assembly, contents: dict[str, ItemContent], at: datetime
) -> dict[str, object]:
    draw, form_id = plan.draw, new_id()
    shown, scored = render_views(
        form,
        contents,
        title=plan.blueprint.title,
        duration_s=plan.blueprint.duration_min * 60,
        rules=rules_of(draw.multiple_rule),
    )
    views = {CANDIDATE: canonical(shown), SCORING: canonical(scored)}
    sealed = {
        view: seal_view(plan.view_keys[view], data, sitting_id=draw.sitting_id, form_id=form_id, view=view)
        for view, data in views.items()
    }
    return {
        "id": form_id,
        "draw_id": draw.id,
        "sitting_id": draw.sitting_id,
        "region": draw.region,
        "key": form.key,
        "standby": form.key in plan.standby,
        "round": plan.number,
        "place": place,
        "candidate_sealed": sealed[CANDIDATE],
        "scoring_sealed": sealed[SCORING],
        "candidate_digest": digest_of(views[CANDIDATE]),
        "scoring_digest": digest_of(views[SCORING]),
        "claimed_by": None,
        "claimed_at": None,
        "created_at": at,
    }


async def _log(session: AsyncSession, principal: Principal, plan: _Round, made: str, *, at: datetime) -> None:
    draw = plan.draw
    facts: dict[str, Fact] = {
        "draw": str(draw.id),
        "round": plan.number,
        "forms": len(plan.keys),
        "standby": len(plan.standby),
        "algorithm": draw.algorithm,
        "seed_commitment": draw.seed_commitment,
        "pool_digest": draw.pool_digest,
        "blueprint_digest": draw.blueprint_digest,
        "parallel_digest": draw.parallel_digest,
        "forms_digest": made,
    }
    subject = ("sitting", draw.sitting_id)
    await record(session, principal, PREPARED, subject, at=at, region=draw.region, facts=facts)
