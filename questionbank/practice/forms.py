"""Practice forms: one item, or a mock of the live blueprint; shown without keys, solved once it has been answered."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.areas import Area
from exam.core.errors import ConflictError, NotFoundError
from questionbank.blueprints.cells import check_feasible
from questionbank.blueprints.published import blueprint_of, find_published_row
from questionbank.forms.assembly import Assembly, AssemblySlot, assemble
from questionbank.forms.draw import ALGORITHM
from questionbank.forms.errors import NoPublishedBlueprintError
from questionbank.forms.preparing import multiple_rule_on
from questionbank.forms.views import CandidateForm, ScoringForm, render_views, rules_of
from questionbank.interactions.registry import KINDS
from questionbank.items.content import Figure, ItemContent
from questionbank.items.viewing import areas_of
from questionbank.practice.pool import get_practice_contents, list_practice_pool

ONE_MARK = 100


class PracticePoolTooSmallError(ConflictError):
    """The released items cannot fill one form of the live blueprint."""

    code = "practice_pool_too_small"
    message = "公开练习的试题还不够组成一份模拟卷,请先按知识点练习。"


class PracticeItemGoneError(NotFoundError):
    """The item is not open for practice, or no longer."""

    code = "practice_item_gone"
    message = "这道题已不在练习题中,请换一题。"


class PracticeForm(msgspec.Struct, frozen=True, kw_only=True):
    """What was drawn for one learner, keys not among it; marks in hundredths.

    `blueprint_id` is that of the live blueprint, None where a single item is asked.
    """

    title: str
    duration_s: int
    pass_marks: int
    blueprint_id: UUID | None
    multiple_rule: str
    assembly: Assembly


class Solution(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of a slot after the answer: the right one in words, or where on the photo, why, and by which law.

    `figures` stand at the marks of the explanation.
    """

    slot: int
    right: tuple[str, ...]
    explanation: str
    basis: str
    areas: tuple[Area, ...] = ()
    figures: tuple[Figure, ...] | msgspec.UnsetType = msgspec.UNSET


async def assemble_practice(
    session: AsyncSession, qualification: str, region: str, *, seed: bytes, key: str, on: date
) -> PracticeForm:
    """Deal a mock from the released items as a live form is dealt from the sealed ones.

    Raises NoPublishedBlueprintError and PracticePoolTooSmallError.
    """
    row = await find_published_row(session, qualification)
    if row is None:
        raise NoPublishedBlueprintError(qualification=qualification)
    # what a candidate may not meet twice is for live forms: a mock is drawn from the few items that are open
    blueprint, pool = blueprint_of(row).without_constraints(), await list_practice_pool(session, qualification, region)
    if check_feasible(blueprint, pool):
        raise PracticePoolTooSmallError(qualification=qualification)
    return PracticeForm(
        title=blueprint.title,
        duration_s=blueprint.duration_min * 60,
        pass_marks=blueprint.pass_marks,
        blueprint_id=row.id,
        multiple_rule=multiple_rule_on(qualification, on),
        assembly=assemble(blueprint, pool, seed=seed, sitting="mock", keys=[key])[0],
    )


async def single_form(
    session: AsyncSession, *, item_id: str, version: str, qualification: str, on: date
) -> PracticeForm:
    """Return a form of one released item, its options in the author's order; raises PracticeItemGoneError."""
    content = (await get_practice_contents(session, [version])).get(version)
    if content is None:
        raise PracticeItemGoneError(item_id=item_id)
    slot = AssemblySlot(
        slot=1,
        item_id=item_id,
        version=version,
        interaction=content.interaction,
        difficulty=0,
        marks=ONE_MARK,
        cell=0,
        part=0,
        option_order=tuple(range(len(content.options))),
    )
    return PracticeForm(
        title="",
        duration_s=0,
        pass_marks=ONE_MARK,
        blueprint_id=None,
        multiple_rule=multiple_rule_on(qualification, on),
        assembly=Assembly(key="practice", algorithm=ALGORITHM, slots=(slot,)),
    )


async def show_practice(session: AsyncSession, form: PracticeForm) -> CandidateForm:
    """Return what the learner sees before answering: the terminal's own view, which has no field for a key."""
    shown, _ = _views(form, await _contents(session, form))
    return shown


async def solve_practice(session: AsyncSession, form: PracticeForm) -> tuple[ScoringForm, tuple[Solution, ...]]:
    """Return how a form is scored and what is told of it; for after the answer only."""
    contents = await _contents(session, form)
    shown, scored = _views(form, contents)
    solutions = [
        Solution(
            slot=slot.slot,
            right=KINDS[slot.interaction].told(asked.options, slot.accepted or slot.key),
            explanation=contents[slot.version].explanation,
            basis=contents[slot.version].basis,
            areas=tuple(areas_of(contents[slot.version])),
            figures=contents[slot.version].figures,
        )
        for slot, asked in zip(scored.slots, shown.slots, strict=True)
    ]
    return scored, tuple(solutions)


async def _contents(session: AsyncSession, form: PracticeForm) -> dict[str, ItemContent]:
    return await get_practice_contents(session, (slot.version for slot in form.assembly.slots))


def _views(form: PracticeForm, contents: Mapping[str, ItemContent]) -> tuple[CandidateForm, ScoringForm]:
    rules = rules_of(form.multiple_rule)
    return render_views(form.assembly, contents, title=form.title, duration_s=form.duration_s, rules=rules)
