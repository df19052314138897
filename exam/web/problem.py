"""The one place where a domain error becomes HTTP: RFC 9457 problem+json for programs, a helpful page for people."""

from typing import Any

import msgspec
import structlog
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect, Template

from exam.core.errors import DomainError, Kind
from exam.core.ids import new_token
from exam.web.i18n import Catalogue, fill, language
from exam.web.policy import LoginRequiredError, SecondFactorRequiredError

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
UNEXPECTED = "系统出了意外,刚才的操作没有完成。请稍后再试,并把编号告诉管理员。"


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
    if isinstance(error, DomainError):
        title = fill(catalogue.gettext(error.message), error.fields)
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
    problem = problem_of(error, catalogue)
    if not wants_page(request):
        headers = {"Retry-After": str(problem.fields["retry_s"])} if "retry_s" in problem.fields else {}
        return Response(
            msgspec.json.encode(problem),
            status_code=problem.status,
            media_type="application/problem+json",
            headers=headers,
        )
    if isinstance(error, LoginRequiredError) and request.method == "GET":
        return Redirect(f"/login?next={request.url.path}")
    if isinstance(error, SecondFactorRequiredError) and request.method == "GET":
        return Redirect("/login/second-factor")
    context = {"problem": problem, "language": language()}
    return Template("web/problem.html", context=context, status_code=problem.status, media_type=MediaType.HTML)
