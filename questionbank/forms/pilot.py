"""纸面试测: one form of a blueprint, dealt for paper with its key; an act of a publisher with a reason."""

import asyncio
import secrets
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.ids import new_id
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import require_region
from questionbank.blueprints.cells import Blueprint, PoolItem
from questionbank.blueprints.published import blueprint_of
from questionbank.blueprints.service import get_blueprint
from questionbank.forms.assembly import Assembly, assemble
from questionbank.forms.canonical import canonical, digest_of
from questionbank.forms.paper import print_form
from questionbank.forms.trial import require_dealable
from questionbank.forms.views import render_views
from questionbank.items.drafting import require_account
from questionbank.items.errors import ReasonRequiredError
from questionbank.items.pool import get_contents, list_pool


async def print_pilot(
    session: AsyncSession, runtime: Runtime, principal: Principal, blueprint_id: UUID, *, reason: str
) -> bytes:
    """Deal a form that belongs to no sitting and return its PDF with the key; the ledger has who, why and which form.

    No sitting's form is opened or repeated by it: its seed is its own. Raises NotFoundError, RegionForbiddenError,
    ReasonRequiredError, and what `require_dealable` raises.
    """
    row = await get_blueprint(session, blueprint_id)
    region = runtime.settings.root_region
    require_region(principal, region, "publisher")
    require_account(principal)
    reason = reason.strip()
    if not reason:
        raise ReasonRequiredError
    blueprint, pool = blueprint_of(row), await list_pool(session, row.qualification)
    dealt = await asyncio.to_thread(_deal, blueprint, pool)
    contents = await get_contents(session, (slot.version for slot in dealt.slots))
    form, scoring = render_views(dealt, contents, title=blueprint.title, duration_s=blueprint.duration_min * 60)
    printed, at = new_id(), runtime.clock.now()
    number = printed.hex[-8:].upper()
    pdf = await asyncio.to_thread(print_form, form, scoring, contents, dated_on=local_date(at), number=number)
    facts: dict[str, Fact] = {
        "blueprint": str(blueprint_id),
        "number": number,
        "items": len(form.slots),
        "form": digest_of(canonical(scoring)),
        "reason": reason,
    }
    await record(session, principal, "form.printed", ("print", printed), at=at, region=region, facts=facts)
    return pdf


def _deal(blueprint: Blueprint, pool: list[PoolItem]) -> Assembly:
    require_dealable(blueprint, pool)
    own = msgspec.structs.replace(blueprint, parallel=0)
    return assemble(own, pool, seed=secrets.token_bytes(32), sitting="pilot", keys=["pilot"])[0]
