"""What the demo's county has brought in from the national platform: records of certificates, one of them checked."""

from datetime import date, timedelta

import msgspec

from certs.api import check_national, list_national, record_national
from exam.cli.simulation.people import Invented
from exam.core.clock import local_date
from exam.core.db.scope import Scope
from exam.core.principal import Principal
from exam.core.runtime import Runtime

SEED = 733
ITEMS = ("special.1.2", "special.1.1", "special.2.1", "special.3.1")
ISSUER = "外省应急管理厅(演示)"
ISSUED_BEFORE, REVIEWED_AFTER, TERM = timedelta(days=400), timedelta(days=1096), timedelta(days=2190)


async def bring_in_national(runtime: Runtime, importer: Principal, checker: Principal) -> None:
    """Let one regulator bring in a file, and another one find its first record on the national platform."""
    at = runtime.clock.now()
    async with runtime.databases.transaction(Scope(region=importer.region)) as session:
        await record_national(session, runtime, importer, _file(local_date(at)), dry_run=False)
        first, *_ = await list_national(session, state="", limit=1, offset=0)
        await check_national(session, checker, first.id, found=True, note="国家平台查询结果一致", at=at)


def _file(today: date) -> bytes:
    """Return a file as the platform gives it: invented people who come from elsewhere."""
    invented, issued = Invented(SEED), today - ISSUED_BEFORE
    rows = []
    for item in ITEMS:
        name, number = invented.next()
        days = {"签发日期": issued, "有效期起始日期": issued, "应复审日期": issued + REVIEWED_AFTER}
        days["有效期截止日期"] = issued + TERM
        rows.append({"姓名": name, "身份证件号码": number, "操作项目": item, "签发机关": ISSUER, **days})
    return msgspec.json.encode(rows)
