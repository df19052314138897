"""The page of one's own reminders, and whether they come by mail."""

from typing import Annotated, Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, URLEncodedBody
from litestar.response import Redirect, Template
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.valkey import require_allowance
from exam.identity.api import list_people
from exam.records.names import title_of
from exam.records.reminders.carriers import mailer_of
from exam.records.reminders.confirming import confirm_mail, open_link
from exam.records.reminders.service import MailChoice, choose_mail, get_mail_choice, list_reminders
from exam.records.reminders.wording import STAGES
from exam.web.forms import Form
from exam.web.paging import Page
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done

HOME = "/reminders"
PAGE = 50
TEMPLATE = "records/reminders.html"
READERS = ("regulator", "enterprise")
CHANGES, CHANGES_S = 10, 3600
Token = Annotated[str, Meta(max_length=1024)]
AnyRequest = Request[Principal, Any, Any]


class MailForm(Form, frozen=True, kw_only=True):
    """Where mail goes; `wants` is sent by the ticked box."""

    address: Annotated[str, Meta(max_length=254)] = ""
    wants: Annotated[str, Meta(max_length=5)] = ""


class RemindersController(Controller):
    """Reminders of whoever is logged in: of the own enterprise, or of the own region."""

    path = HOME
    opt = allow(*READERS)

    @get()
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        page: FromQuery[Page] = 1,
    ) -> Template:
        return Template(TEMPLATE, context=await _context(session, runtime, principal, page))

    @post("/mail", status_code=200)
    async def choose(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        data: URLEncodedBody[MailForm],
    ) -> Response[Any]:
        wants, at = data.wants == "true", runtime.clock.now()
        # each change of an address sends a mail to whoever has it
        await require_allowance(runtime.valkey, f"mail:{principal.account}", limit=CHANGES, window_s=CHANGES_S)
        try:
            await choose_mail(session, principal, _region_of(principal), address=data.address, wants=wants, at=at)
        except DomainError as error:
            typed = MailChoice(address=data.address, wants=wants)
            return form_again(
                request, error, TEMPLATE, {**await _context(session, runtime, principal, 1), "mail": typed}
            )
        return done(HOME, "已保存。新填的邮箱要打开确认邮件里的链接才会生效。" if wants else "不再发送提醒邮件。")

    @get("/mail/confirm")
    async def confirm(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        token: FromQuery[Token] = "",
    ) -> Redirect:
        at = runtime.clock.now()
        link = open_link(runtime.sealer, token, at=at)
        await confirm_mail(session, principal, _region_of(principal), link, at=at)
        return done(HOME, "邮箱已确认,提醒会发到这里。")


def _region_of(principal: Principal) -> str:
    return next(grant.region for grant in principal.grants if grant.role in READERS)


async def _context(session: AsyncSession, runtime: Runtime, principal: Principal, page: int) -> dict[str, Any]:
    at = runtime.clock.now()
    rows = await list_reminders(session, principal, at=at, limit=PAGE + 1, offset=(page - 1) * PAGE)
    return {
        "rows": rows[:PAGE],
        "more": len(rows) > PAGE,
        "page": page,
        "people": await list_people(session, [row.person for row in rows if row.person]),
        "mail": await get_mail_choice(session, principal),
        "mailing": mailer_of(runtime.settings) is not None,
        "stages": STAGES,
        "title_of": title_of,
        "today": local_date(at),
        "problem": None,
    }
