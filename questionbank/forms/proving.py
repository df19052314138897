"""Proof of a draw after the fact: the seed is revealed and every form is dealt again, byte for byte (DESIGN.md §6.12)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from questionbank.blueprints.cells import Blueprint, PoolItem
from questionbank.blueprints.models import BlueprintRow
from questionbank.blueprints.published import blueprint_of
from questionbank.forms.assembly import Assembly, blueprint_digest, pool_digest, seed_commitment
from questionbank.forms.canonical import canonical, digest_of
from questionbank.forms.committed import SEED_REVEALED
from questionbank.forms.errors import FormsNotPreparedError, FormStillSealedError
from questionbank.forms.keys import CANDIDATE, SCORING, open_view, unwrap_view_key
from questionbank.forms.models import Draw, FormRow, SittingKey
from questionbank.forms.parallel import Choice, choice_digest, is_sound
from questionbank.forms.preparing import deal_round, open_choice, open_draw
from questionbank.forms.seal import SealBrokenError
from questionbank.forms.views import FormContentError, render_views, rules_of
from questionbank.items.content import ItemContent
from questionbank.items.pool import get_contents


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not as committed: `what` is seed, pool, blueprint, parallel, content, form or sealed; `key` names one.

    form: dealt again, it differs from the digest that stands. sealed: the envelope does not hold what the digest says.
    """

    what: str
    key: str = ""


class DrawProof(msgspec.Struct, frozen=True, kw_only=True):
    """What was committed to before the sitting, the revealed seed (hex), and whatever does not agree with them."""

    sitting_id: UUID
    algorithm: str
    seed: str
    seed_commitment: str
    pool_digest: str
    blueprint_digest: str
    parallel_digest: str
    rounds: int
    forms: int
    faults: tuple[Fault, ...]


async def reveal_seed(
    bank_session: AsyncSession, runtime: Runtime, principal: Principal, *, sitting_id: UUID, at: datetime
) -> None:
    """Put the seed of a closed sitting on the ledger; a second call changes nothing.

    Raises FormsNotPreparedError, and FormStillSealedError until the scoring views are released.
    """
    draw = await _closed_draw(bank_session, sitting_id)
    fresh = update(Draw).where(Draw.id == draw.id, Draw.seed_revealed_at.is_(None)).values(seed_revealed_at=at)
    done = await bank_session.execute(fresh.returning(Draw.id), execution_options={"synchronize_session": False})
    if done.scalar_one_or_none() is None:
        return
    seed, _ = await open_draw(bank_session, runtime, draw)
    facts = {"draw": str(draw.id), "seed": seed.hex(), "seed_commitment": draw.seed_commitment}
    subject = ("sitting", sitting_id)
    await record(bank_session, principal, SEED_REVEALED, subject, at=at, region=draw.region, facts=facts)


async def prove_draw(bank_session: AsyncSession, runtime: Runtime, sitting_id: UUID) -> DrawProof:
    """Deal every form of a closed sitting again and name what differs.

    Raises FormsNotPreparedError, and FormStillSealedError until the scoring views are released.
    """
    draw = await _closed_draw(bank_session, sitting_id)
    seed, pool = await open_draw(bank_session, runtime, draw)
    blueprint = blueprint_of(await bank_session.get_one(BlueprintRow, draw.blueprint_id))
    query = select(FormRow).where(FormRow.draw_id == draw.id).order_by(FormRow.round, FormRow.place)
    rows = list(await bank_session.scalars(query))
    choice = await open_choice(bank_session, runtime, draw)
    faults = _commitment_faults(draw, seed, pool, blueprint, choice)
    rounds = [(number, list(group)) for number, group in groupby(rows, key=lambda row: row.round)]
    for number, forms in rounds:
        dealt = deal_round(draw, blueprint, pool, seed, number, [form.key for form in forms], choice)
        contents = await get_contents(bank_session, (slot.version for form in dealt for slot in form.slots))
        faults += _form_faults(draw, blueprint, forms, dealt, contents)
    faults += await _sealed_faults(bank_session, runtime, sitting_id, rows)
    return DrawProof(
        sitting_id=sitting_id,
        algorithm=draw.algorithm,
        seed=seed.hex(),
        seed_commitment=draw.seed_commitment,
        pool_digest=draw.pool_digest,
        blueprint_digest=draw.blueprint_digest,
        parallel_digest=draw.parallel_digest,
        rounds=len(rounds),
        forms=len(rows),
        faults=tuple(faults),
    )


async def _closed_draw(session: AsyncSession, sitting_id: UUID) -> Draw:
    draw = await session.scalar(select(Draw).where(Draw.sitting_id == sitting_id))
    if draw is None:
        raise FormsNotPreparedError(sitting_id=str(sitting_id))
    released = select(SittingKey.opened_at).where(SittingKey.sitting_id == sitting_id, SittingKey.view == SCORING)
    if await session.scalar(released) is None:
        raise FormStillSealedError(sitting_id=str(sitting_id), opens_at="")
    return draw


def _commitment_faults(
    draw: Draw, seed: bytes, pool: Sequence[PoolItem], blueprint: Blueprint, choice: Choice
) -> list[Fault]:
    agreed = {
        "seed": seed_commitment(seed, str(draw.sitting_id)) == draw.seed_commitment,
        "pool": pool_digest(pool) == draw.pool_digest,
        "blueprint": blueprint_digest(blueprint) == draw.blueprint_digest,
        "parallel": choice_digest(choice) == draw.parallel_digest and (not choice or is_sound(blueprint, pool, choice)),
    }
    return [Fault(what=what) for what, agrees in agreed.items() if not agrees]


def _form_faults(
    draw: Draw,
    blueprint: Blueprint,
    forms: Sequence[FormRow],
    dealt: Sequence[Assembly],
    contents: Mapping[str, ItemContent],
) -> list[Fault]:
    faults = []
    for form, assembly in zip(forms, dealt, strict=True):
        try:
            shown, scored = render_views(
                assembly,
                contents,
                title=blueprint.title,
                duration_s=blueprint.duration_min * 60,
                rules=rules_of(draw.multiple_rule),
            )
        except FormContentError:
            faults.append(Fault(what="content", key=form.key))
            continue
        again = digest_of(canonical(shown)), digest_of(canonical(scored))
        if again != (form.candidate_digest, form.scoring_digest):
            faults.append(Fault(what="form", key=form.key))
    return faults


async def _sealed_faults(
    session: AsyncSession, runtime: Runtime, sitting_id: UUID, forms: Sequence[FormRow]
) -> list[Fault]:
    keys = {view: await unwrap_view_key(session, runtime, sitting_id, view) for view in (CANDIDATE, SCORING)}
    return [
        Fault(what="sealed", key=form.key)
        for form in forms
        if not _holds(form, form.candidate_sealed, form.candidate_digest, keys[CANDIDATE], CANDIDATE)
        or not _holds(form, form.scoring_sealed, form.scoring_digest, keys[SCORING], SCORING)
    ]


def _holds(form: FormRow, sealed: bytes, digest: str, key: bytes, view: str) -> bool:
    try:
        data = open_view(key, sealed, sitting_id=form.sitting_id, form_id=form.id, view=view)
    except SealBrokenError:
        return False
    return digest_of(data) == digest
