"""Reports of a demonstration: one on its way upward, and one of the month before that came back."""

from datetime import date

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.db.scope import Scope
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import RegionView, get_region
from exam.records.api import before
from exam.reports.submission.due import last_ended
from exam.reports.submission.forms import get_form
from exam.reports.submission.service import decide_report, save_report, sign_report, start_report, submit_report

FORM = "exam-month"
TYPED = {"inspections": 4, "found": 2, "settled": 1}


class ReportStaff(msgspec.Struct, frozen=True, kw_only=True):
    """Who fills in and who signs in the region, and who answers for the level above."""

    region: str
    filler: Principal
    signer: Principal
    above: Principal


async def seed_reports(runtime: Runtime, staff: ReportStaff) -> None:
    """File the reports of the last two months that have ended; the earlier one is returned."""
    now = runtime.clock.now()
    newest = last_ended(get_form(FORM), local_date(now), today=local_date(now))
    async with runtime.databases.transaction(Scope(region=runtime.settings.root_region)) as session:
        region = await get_region(session, staff.region)
        await _file(session, runtime, staff, region, before(newest).first_on, returned=True)
        await _file(session, runtime, staff, region, newest.first_on, returned=False)


async def _file(
    session: AsyncSession, runtime: Runtime, staff: ReportStaff, region: RegionView, day: date, *, returned: bool
) -> None:
    at = runtime.clock.now()
    report = await start_report(session, staff.filler, get_form(FORM), region, day, today=local_date(at), at=at)
    await save_report(session, staff.filler, report, TYPED, "一处考点摄像头偏移,已督促调整。", at)
    await sign_report(session, staff.signer, report, at)
    await submit_report(session, staff.signer, report, at)
    if returned:
        await decide_report(session, staff.above, report, at, reason="检查次数与台账不一致,请核对后重新报送。")
