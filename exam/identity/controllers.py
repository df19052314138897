"""Logging in and out, for people and for programs."""

from typing import Any
from urllib.parse import quote

import pyotp
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody, URLEncodedBody
from litestar.response import Redirect, Template

from exam.core.config import Profile
from exam.core.db.scope import NOTHING
from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity import enrolment, entrance
from exam.identity.accounts import TOTP_PLACE, TOTP_STEP_S
from exam.identity.entrance import Entered
from exam.identity.errors import EnrolmentExpiredError
from exam.identity.models import Account
from exam.identity.own_account import account_of
from exam.identity.passwords import PasswordPool
from exam.identity.schemas import CodeBody, LoginAnswer, LoginBody, LoginForm, SecondFactorForm
from exam.identity.sessions import COOKIE
from exam.web.forms import safe_path
from exam.web.policy import PUBLIC, SESSION
from exam.web.problem import form_again
from exam.web.request import address_of

BY_JSON = {"exclude_from_csrf": True}
"""Another site's form cannot send the JSON media type, and a program has no CSRF cookie before it logs in."""
JSON = "application/json"
DEFAULT_SSO = "统一身份认证"
"""What the provider is called where the operator has given it no name."""

AnyRequest = Request[Principal, str | None, Any]


def keep_session(response: Response[Any], runtime: Runtime, token: str) -> None:
    """Give the browser its token for as long as it is open; scripts never see it."""
    secure = runtime.settings.base_url.startswith("https:")
    response.set_cookie(COOKIE, token, httponly=True, samesite="lax", secure=secure, path="/")


def login_context(runtime: Runtime, login: str, target: str, *, left: bool = False) -> dict[str, Any]:
    """Return what the log-in page shows: what was typed, where it leads, another way in, and whether that was just left."""
    sso = runtime.settings.oidc_title or DEFAULT_SSO if runtime.settings.oidc_issuer else ""
    return {"login": login, "next": safe_path(target), "sso": sso, "left": left}


def onward(runtime: Runtime, entered: Entered, target: str) -> Redirect:
    """Lead on after a step of the log-in, with the session's new token."""
    path = safe_path(target)
    if entered.second_factor_needed:
        path = f"/login/second-factor?next={quote(path)}"
    elif entered.must_change_password:
        path = "/account"
    response = Redirect(path, status_code=303)
    keep_session(response, runtime, entered.token)
    return response


class LoginController(Controller):
    """The pages of logging in."""

    path = "/login"

    @get(opt=PUBLIC)
    async def show(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        next: FromQuery[str] = "/",  # noqa: A002  # the query's name
        left: FromQuery[bool] = False,  # noqa: FBT002  # the query's name
    ) -> Template | Redirect:
        if request.user.account is not None and request.user.grants:
            return Redirect(safe_path(next), status_code=303)
        context = {**login_context(runtime, "", next, left=left), "problem": None}
        return Template("identity/login.html", context=context)

    @post(opt=PUBLIC, status_code=200)
    async def log_in(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        passwords: NamedDependency[PasswordPool],
        data: URLEncodedBody[LoginForm],
    ) -> Response[Any]:
        try:
            entered = await entrance.enter(
                runtime,
                passwords,
                login=data.login.strip(),
                password=data.password,
                address=address_of(request),
                old_token=request.auth,
            )
        except DomainError as error:
            return form_again(request, error, "identity/login.html", login_context(runtime, data.login, data.next))
        return onward(runtime, entered, data.next)

    @get("/second-factor", opt=SESSION)
    async def ask_code(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        next: FromQuery[str] = "/",  # noqa: A002  # the query's name
    ) -> Template | Redirect:
        if principal.second_factor:
            return Redirect(safe_path(next), status_code=303)
        context = await _second_factor_context(runtime, principal)
        return Template("identity/second_factor.html", context={**context, "next": safe_path(next), "problem": None})

    @post("/second-factor", opt=SESSION, status_code=200)
    async def pass_code(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        data: URLEncodedBody[SecondFactorForm],
    ) -> Response[Any]:
        token = request.auth or ""
        try:
            entered = await entrance.pass_second_factor(runtime, request.user, token, data.code, data.offer)
        except DomainError as error:
            offer = "" if isinstance(error, EnrolmentExpiredError) else data.offer
            context = await _second_factor_context(runtime, request.user, offer)
            return form_again(request, error, "identity/second_factor.html", {**context, "next": safe_path(data.next)})
        return onward(runtime, entered, data.next)


async def _second_factor_context(runtime: Runtime, principal: Principal, offer: str = "") -> dict[str, Any]:
    """Return what the page shows: a secret to bind where the account has none, the same again after a wrong code."""
    account_id = account_of(principal)
    async with runtime.databases.session(NOTHING) as session:
        account = await session.get_one(Account, account_id)
    if account.totp_sealed is not None:
        return {"offer": "", "secret": "", "image": "", "demo_code": _demo_code(runtime, account)}
    at = runtime.clock.now()
    if offer:
        secret = enrolment.open_offer(runtime.sealer, account_id, offer, at=at)
    else:
        secret, offer = enrolment.make_offer(runtime.sealer, account_id, at=at)
    image = enrolment.qr_image(account.login, secret)
    return {"offer": offer, "secret": enrolment.in_fours(secret), "image": image, "demo_code": ""}


def _demo_code(runtime: Runtime, account: Account) -> str:
    """Return the next code that will be taken, in a demo only: its accounts are printed on the screen anyway."""
    if runtime.settings.profile is not Profile.DEMO or account.totp_sealed is None:
        return ""
    step = max(int(runtime.clock.now().timestamp()) // TOTP_STEP_S, (account.totp_last_step or 0) + 1)
    return str(pyotp.TOTP(runtime.sealer.open(account.totp_sealed, TOTP_PLACE)).generate_otp(step))


@post("/logout", opt=SESSION)
async def log_out(request: AnyRequest, runtime: NamedDependency[Runtime]) -> Redirect:
    """End the session and forget its cookie; who came from the provider is told that they are still logged in there."""
    from_provider = request.auth is not None and await entrance.leave(runtime, request.auth)
    response = Redirect("/login?left=true" if from_provider else "/login", status_code=303)
    response.delete_cookie(COOKIE, path="/")
    return response


class ProgramLoginController(Controller):
    """The same two steps for programs; the answer sets the same cookie."""

    path = "/api/login"
    tags = ("login",)
    include_in_schema = True

    @post(opt={**PUBLIC, **BY_JSON}, status_code=200)
    async def log_in(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        passwords: NamedDependency[PasswordPool],
        data: JSONBody[LoginBody],
    ) -> Response[LoginAnswer]:
        """Log in by name and password; the answer sets the session's cookie and tells what is still asked for."""
        entered = await entrance.enter(
            runtime,
            passwords,
            login=data.login,
            password=data.password,
            address=address_of(request),
            old_token=request.auth,
        )
        return _answer(runtime, entered)

    @post("/second-factor", opt={**SESSION, **BY_JSON}, status_code=200)
    async def pass_code(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        data: JSONBody[CodeBody],
    ) -> Response[LoginAnswer]:
        """Pass the second step with the code, in the session that the first one began."""
        return _answer(runtime, await entrance.pass_second_factor(runtime, request.user, request.auth or "", data.code))


def _answer(runtime: Runtime, entered: Entered) -> Response[LoginAnswer]:
    answer = LoginAnswer(entered.second_factor_needed, entered.must_change_password)
    response = Response(answer)
    keep_session(response, runtime, entered.token)
    return response
