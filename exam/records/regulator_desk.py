"""What every page and file of a regulator's region works with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.db.scope import Scope
from exam.core.principal import Principal, VisibleRegion
from exam.core.runtime import Runtime
from exam.identity.api import RegionView, get_region, require_region
from exam.records.figures import Figures, PlaceFigures, by_place, count_region, total
from exam.records.names import title_of
from exam.records.period import Period
from exam.records.schemas import Within

ROLE = "regulator"


def seen_region(principal: Principal, path: str) -> VisibleRegion:
    """Return the region asked for, or the regulator's widest one; raises RegionForbiddenError."""
    own = next((grant.region for grant in principal.grants if grant.role == ROLE), "")
    return require_region(principal, path or own, ROLE)


class Desk:
    """What a page of one region works with: its transaction is scoped to that region, so nothing else can be counted."""

    def __init__(
        self, session: AsyncSession, visible: VisibleRegion, region: RegionView, line: list[RegionView], now: datetime
    ) -> None:
        self.session = session
        self.visible = visible
        self.region = region
        self.line = line
        self.now = now
        self.today = local_date(self.now)

    @property
    def context(self) -> dict[str, Any]:
        return {"region": self.region, "line": self.line, "today": self.today, "title_of": title_of}


@asynccontextmanager
async def desk_of(runtime: Runtime, principal: Principal, path: str, *, snapshot: bool = False) -> AsyncIterator[Desk]:
    """Open a region's desk; raises RegionForbiddenError and NotFoundError.

    Every figure of a `snapshot` is of the same instant, so that parts add up to the whole beside any other transaction.
    """
    visible = seen_region(principal, path)
    async with runtime.databases.transaction(Scope(region=visible)) as session:
        if snapshot:
            await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        line = await _line_to(session, principal, visible)
        yield Desk(session, visible, await get_region(session, visible), line, runtime.clock.now())


async def _line_to(session: AsyncSession, principal: Principal, visible: VisibleRegion) -> list[RegionView]:
    """Return the regions above that the regulator sees, the widest first, for the way back up."""
    parts = visible.split("/")
    above = ["/".join(parts[:depth]) for depth in range(1, len(parts))]
    grants = [grant for grant in principal.grants if grant.role == ROLE]
    shown = [path for path in above if any(grant.covers(path) for grant in grants)]
    return [await get_region(session, path) for path in shown]


async def figures_of(desk: Desk, span: Period) -> tuple[Figures, list[PlaceFigures]]:
    """Return the region's figures and those of each region directly below."""
    counted = await count_region(desk.session, desk.visible, span)
    return total(counted), await by_place(desk.session, desk.region, counted)


def days_of(within: Within) -> int | None:
    """Return the number of days, or None for no limit."""
    return int(within) if within else None
