"""纸面试测: one form of a blueprint, dealt for paper with its key; it belongs to no sitting."""

import asyncio
import secrets
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.principal import Principal
from exam.core.runtime import Runtime
from questionbank.blueprints.cells import Blueprint, PoolItem
from questionbank.blueprints.published import blueprint_of
from questionbank.blueprints.service import get_blueprint
from questionbank.forms.assembly import Assembly, assemble
from questionbank.forms.printing import PaperFile, PaperKind, Printing, print_copy, require_printer
from questionbank.forms.trial import deal_trial
from questionbank.forms.views import render_views
from questionbank.items.pool import get_contents, list_pool

_WARNING = "纸面试测用卷,含题库在用试题:用后如数收回,不得外传。"


async def print_pilot(
    session: AsyncSession,
    runtime: Runtime,
    principal: Principal,
    blueprint_id: UUID,
    *,
    reason: str,
    kind: PaperKind = PaperKind.PDF,
) -> PaperFile:
    """Deal a form that belongs to no sitting and return a copy of it with the key.

    No sitting's form is opened or repeated by it: its seed is its own. Raises NotFoundError, RegionForbiddenError,
    ReasonRequiredError, and what `deal_trial` raises.
    """
    row = await get_blueprint(session, blueprint_id)
    region = runtime.settings.root_region
    require_printer(principal, region, reason)
    blueprint, pool = blueprint_of(row), await list_pool(session, row.qualification)
    dealt = await asyncio.to_thread(_deal, blueprint, pool)
    contents = await get_contents(session, (slot.version for slot in dealt.slots))
    form, scoring = render_views(dealt, contents, title=blueprint.title, duration_s=blueprint.duration_min * 60)
    wanted = Printing(
        form=form,
        scoring=scoring,
        contents=contents,
        act="form.printed",
        region=region,
        warning=_WARNING,
        facts={"blueprint": str(blueprint_id)},
    )
    return await print_copy(session, runtime, principal, wanted, kind, reason=reason)


def _deal(blueprint: Blueprint, pool: list[PoolItem]) -> Assembly:
    deal_trial(blueprint, pool)
    own = msgspec.structs.replace(blueprint, parallel=0)
    return assemble(own, pool, seed=secrets.token_bytes(32), sitting="pilot", keys=["pilot"])[0]
