"""The authority's pages of credit records: what stands, what is asked of it, who has read it."""

from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template

from exam.core.clock import local_date
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import names_of_accounts
from exam.records.credit import decisions, register, requests
from exam.records.credit.limits import load_terms
from exam.records.credit.money import show_wan
from exam.records.credit.regulator_pages import HOME
from exam.records.credit.schemas import ReplyForm, Stands
from exam.records.credit.wording import PUBLICITY, READERS, REQUESTS
from exam.records.regulator_desk import ROLE, desk_of
from exam.records.schemas import RegionPath
from exam.sitting.api import find_bans
from exam.web.paging import Page
from exam.web.policy import allow
from exam.web.request import done

RECORDS = f"{HOME}/records"
PAGE = 30
READINGS = 50


class CreditRecordController(Controller):
    """Records of one region, the regulator's own or one below it."""

    path = RECORDS
    opt = allow(ROLE)

    @get()
    async def show_all(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        region: FromQuery[RegionPath] = "",
        stands: FromQuery[Stands] = "",
        page: FromQuery[Page] = 1,
    ) -> Template:
        async with desk_of(runtime, principal, region) as desk:
            today = local_date(desk.now)
            wanted = (register.Publicity(stands), today) if stands else None
            rows = await register.list_records(desk.session, limit=PAGE + 1, offset=(page - 1) * PAGE, stands=wanted)
            await register.note_reading(desk.session, principal, rows[:PAGE], ROLE, at=desk.now)
            context = {
                **desk.context,
                "stands": stands,
                "counts": await register.count_records(desk.session, today),
                "bans": await find_bans(desk.session, [row.ban_id for row in rows if row.ban_id]),
                "rows": rows[:PAGE],
                "more": len(rows) > PAGE,
                "page": page,
                "asked": await requests.list_due(desk.session),
                "publicity": PUBLICITY,
            }
        return Template("records/credit/records.html", context=context)

    @get("/{record_id:uuid}")
    async def show_one(
        self, runtime: NamedDependency[Runtime], principal: NamedDependency[Principal], record_id: FromPath[UUID]
    ) -> Template:
        async with desk_of(runtime, principal, "") as desk:
            record = await register.get_record(desk.session, record_id)
            await register.note_reading(desk.session, principal, [record], ROLE, at=desk.now)
            readings = await register.list_readings(desk.session, record_id, limit=READINGS)
            decision = await decisions.get_decision(desk.session, record.decision_id) if record.decision_id else None
            context = {
                **desk.context,
                "record": record,
                "ban": (await find_bans(desk.session, [record.ban_id])).get(record.ban_id) if record.ban_id else None,
                "decision": decision,
                "asked": await requests.list_requests(desk.session, record_id),
                "readings": readings,
                "names": await names_of_accounts(
                    desk.session, [each.by_account for each in readings if each.by_account]
                ),
                "decided_here": decision is not None
                and principal.account in {decision.drafted_by, decision.confirmed_by},
                "publicity": PUBLICITY,
                "request_words": REQUESTS,
                "readers": READERS,
                "severities": load_terms().severity,
                "show_wan": show_wan,
            }
        return Template("records/credit/record.html", context=context)

    @post("/requests/{request_id:uuid}")
    async def answer(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        request_id: FromPath[UUID],
        data: URLEncodedBody[ReplyForm],
    ) -> Redirect:
        async with desk_of(runtime, principal, "") as desk:
            record_id = await requests.answer(
                desk.session,
                principal,
                request_id,
                granted=data.granted == "true",
                words=data.reason,
                at=desk.now,
            )
        return done(f"{RECORDS}/{record_id}", "已答复,当事人可以看到。")
