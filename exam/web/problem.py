"""The one place where a domain error becomes HTTP: RFC 9457 problem+json for programs, a helpful page for people."""

from typing import Any
from urllib.parse import quote

import msgspec
import structlog
from litestar import MediaType, Request, Response
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.response import Redirect, Template
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from exam.core.errors import DomainError, Kind
from exam.core.ids import new_token
from exam.core.words import UnreadableTextError
from exam.web.i18n import Catalogue, fill
from exam.web.policy import KEY, LoginRequiredError, Policy, SecondFactorRequiredError
from exam.web.readable import is_unread_form
from exam.web.unsent import unsent_of

STATUS = {
    Kind.INVALID: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.TOO_LARGE: 413,
    Kind.TOO_MANY: 429,
    Kind.UNAVAILABLE: 503,
}
HTTP_CODES = {
    400: ("bad_request", "请求的内容有误,没有保存任何数据。"),
    403: ("forbidden", "这个页面已过期或不允许这样访问,请返回重试。"),
    404: ("not_found", "没有找到这个页面。"),
    405: ("method_not_allowed", "这个地址不支持这种操作。"),
    413: ("too_large", "上传的内容太大。"),
}
RETRY_S = 5
DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeoutError)
UNEXPECTED = "系统出了意外,刚才的操作没有完成。请稍后再试,并把编号告诉管理员。"


class UnavailableError(DomainError):
    """The database is away, or every connection to it is taken."""

    kind = Kind.UNAVAILABLE
    code = "unavailable"
    message = "系统暂时繁忙,刚才的操作没有执行,请稍后再试。"


class Problem(msgspec.Struct, omit_defaults=True):
    """RFC 9457 problem details with our code; `incident` names the log line of an unexpected failure."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    incident: str = ""
    fields: dict[str, Any] = {}


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """Tell a person's browser from a program."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")


def problem_of(error: Exception, catalogue: Catalogue) -> Problem:
    """Describe any error; only a domain error speaks in its own words."""
    if isinstance(error, DATABASE_AWAY):
        structlog.get_logger().error("unavailable", exc_info=error)
        error = UnavailableError(retry_s=RETRY_S)
    if isinstance(error, DomainError):
        # a field may be a msgid itself, as the title of a role is
        words = {name: catalogue.gettext(v) if isinstance(v, str) else v for name, v in error.fields.items()}
        title = fill(catalogue.gettext(error.message), words)
        status = STATUS[error.kind]
        shown = {name: value for name, value in error.fields.items() if isinstance(value, str | int | list)}
        return Problem(f"about:blank#{error.code}", title, status, error.code, fields=shown)
    if isinstance(error, HTTPException) and error.status_code < 500:  # noqa: PLR2004  # server errors are unexpected
        code, title = HTTP_CODES.get(error.status_code, HTTP_CODES[400])
        return Problem(f"about:blank#{code}", catalogue.gettext(title), error.status_code, code)
    incident = new_token()[:8]
    structlog.get_logger().error("unexpected", incident=incident, exc_info=error)
    return Problem("about:blank#unexpected", catalogue.gettext(UNEXPECTED), 500, "unexpected", incident=incident)


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer an error: a redirect to log in, a page, or problem+json."""
    catalogue: Catalogue = request.app.state.catalogue
    if is_unread_form(request, error):
        error = UnreadableTextError()
    problem = problem_of(error, catalogue)
    if not wants_page(request):
        headers = {"Retry-After": str(problem.fields["retry_s"])} if "retry_s" in problem.fields else {}
        return Response(
            msgspec.json.encode(problem),
            status_code=problem.status,
            media_type="application/problem+json",
            headers=headers,
        )
    if isinstance(error, LoginRequiredError | SecondFactorRequiredError) and request.method == "GET":
        page = _entrance(request) if isinstance(error, LoginRequiredError) else "/login/second-factor"
        return Redirect(f"{page}?next={quote(_target(request))}", status_code=303)
    unsent = unsent_of(request) if isinstance(error, LoginRequiredError | SecondFactorRequiredError) else None
    context = {"problem": problem, "unsent": unsent}
    return Template("web/problem.html", context=context, status_code=problem.status, media_type=MediaType.HTML)


def _entrance(request: Request[Any, Any, Any]) -> str:
    """Return where whoever the page is for gets in: people at home have no password."""
    policy: Policy = request.route_handler.opt[KEY]
    return "/me/login" if policy.roles == ("candidate",) else "/login"


def form_again(request: Request[Any, Any, Any], error: DomainError, template: str, context: dict[str, Any]) -> Template:
    """Show a form again with what was typed and what is wrong as `problem`, so that nothing typed is lost."""
    problem = problem_of(error, request.app.state.catalogue)
    return Template(template, context={**context, "problem": problem}, status_code=problem.status)


def _target(request: Request[Any, Any, Any]) -> str:
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path


def answer_layers(app: ASGIApp) -> ASGIApp:
    """Answer the errors of the layers around the router: they happen before the framework could catch them."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def watch(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await app(scope, receive, watch)
        except Exception as error:
            if begun or scope["type"] != ScopeType.HTTP:
                raise
            request: Request[Any, Any, Any] = Request(scope, receive, send)
            response = answer(request, error)
            await response.to_asgi_response(app=None, request=request)(scope, receive, send)

    return middleware
