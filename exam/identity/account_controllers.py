"""A person's own account: password and sessions."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Template

from exam.core.db.scope import NOTHING
from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity import own_account
from exam.identity.account_views import get_account
from exam.identity.controllers import AnyRequest, keep_session, login_context
from exam.identity.passwords import PasswordPool
from exam.identity.roles import needs_second_factor
from exam.identity.schemas import PasswordForm
from exam.identity.sessions import list_sessions
from exam.identity.sso.service import is_bound
from exam.web.forms import Form
from exam.web.policy import SESSION
from exam.web.problem import form_again
from exam.web.request import done

PAGE = "identity/account.html"


class OwnAccountController(Controller):
    """What everybody who is logged in may see and change of their own account."""

    path = "/account"
    opt = SESSION

    @get()
    async def show(self, request: AnyRequest, runtime: NamedDependency[Runtime]) -> Template:
        await own_account.require_whole_log_in(runtime, request.user)
        return Template(PAGE, context={**await _context(request, runtime), "problem": None})

    @get("/alive", status_code=204)
    async def stay(self) -> None:
        """Answer nothing: being asked has kept the session alive."""

    @post("/password", status_code=200)
    async def change_password(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        passwords: NamedDependency[PasswordPool],
        data: URLEncodedBody[PasswordForm],
    ) -> Response[Any]:
        try:
            token = await own_account.change_password(
                runtime,
                passwords,
                request.user,
                request.auth or "",
                old=data.old,
                new=data.new,
                repeat=data.repeat,
            )
        except DomainError as error:
            return form_again(request, error, PAGE, await _context(request, runtime))
        response = done("/account", "密码已修改,其他设备上的登录已退出。")
        keep_session(response, runtime, token)
        return response

    @post("/end-others")
    async def end_others(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        data: URLEncodedBody[Form],  # noqa: ARG002  # refuses unknown fields
    ) -> Redirect:
        await own_account.end_other_sessions(runtime, request.user, request.auth or "")
        return done("/account", "其他设备上的登录已全部退出。")


async def _context(request: Request[Principal, str | None, Any], runtime: Runtime) -> dict[str, Any]:
    account_id = own_account.account_of(request.user)
    at = runtime.clock.now()
    async with runtime.databases.session(NOTHING) as session:
        account = await get_account(session, account_id)
        bound = await is_bound(session, account_id)
        sessions = await list_sessions(session, account_id, request.auth or "", at=at)
    name = login_context(runtime, "", "/")["sso"]
    staff = needs_second_factor(grant.role for grant in account.grants)
    return {"account": account, "sessions": sessions, "sso": name if staff else "", "bound": bound}
