"""The way to the provider and back, and the binding of an account."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Annotated, Any

from litestar import Controller, Litestar, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromQuery, URLEncodedBody
from litestar.response import Redirect
from msgspec import Meta

from exam.core.errors import DomainError
from exam.core.runtime import Runtime
from exam.identity.controllers import AnyRequest, login_context, onward
from exam.identity.sso import asking as questions
from exam.identity.sso import service
from exam.identity.sso.asking import Answerer
from exam.identity.sso.errors import SsoOffError, SsoRefusedError
from exam.web.forms import Form, safe_path
from exam.web.policy import BY_KEY, PUBLIC, SESSION
from exam.web.problem import form_again
from exam.web.request import done

PATH = "/login/sso"
ACCOUNT = "/account"
UNKEPT = {"cache-control": "no-store"}


class LogoutForm(Form, frozen=True, kw_only=True):
    """The provider's word that somebody has logged out."""

    logout_token: Annotated[str, Meta(max_length=20_000)]


@asynccontextmanager
async def provider_of(app: Litestar) -> AsyncIterator[None]:
    """Keep the provider's client; its libraries are loaded only where one is set up, for every start would wait for them."""
    runtime: Runtime = app.state.runtime
    app.state.sso = None
    if runtime.settings.oidc_issuer:
        app.state.sso = import_module("exam.identity.sso.provider").Provider(runtime.settings)
    try:
        yield
    finally:
        if app.state.sso is not None:
            await app.state.sso.close()


def provide_provider(state: State) -> Answerer:
    """Give the provider; raises SsoOffError where none is set up."""
    found: Answerer | None = state.sso
    if found is None:
        raise SsoOffError
    return found


class SsoController(Controller):
    """Log-in by way of the provider (OpenID Connect, authorization code with PKCE)."""

    path = PATH
    opt = PUBLIC

    @get()
    async def leave_for_provider(
        self,
        runtime: NamedDependency[Runtime],
        provider: NamedDependency[Answerer],
        next: FromQuery[str] = "/",  # noqa: A002  # the query's name
    ) -> Redirect:
        return await _sent(runtime, provider, questions.ask(target=safe_path(next), at=runtime.clock.now()))

    @get("/callback")
    async def come_back(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        provider: NamedDependency[Answerer],
    ) -> Response[Any]:
        target, given = "/", request.query_params
        try:
            asked = questions.unseal(
                runtime.sealer, request.cookies.get(questions.COOKIE), given.get("state", ""), at=runtime.clock.now()
            )
            target = asked.next
            response = await _answered(request, runtime, provider, asked, given.get("code", ""))
        except DomainError as error:
            response = form_again(request, error, "identity/login.html", login_context(runtime, "", target))
        response.delete_cookie(questions.COOKIE, path=PATH)
        return response

    @get("/leave")
    async def leave_provider(self, runtime: NamedDependency[Runtime], provider: NamedDependency[Answerer]) -> Redirect:
        return Redirect(await provider.address_to_leave(at=runtime.clock.now()) or "/login", status_code=303)

    @post("/logout", opt=BY_KEY, status_code=200)
    async def hear_of_logout(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        data: URLEncodedBody[LogoutForm],
    ) -> Response[None]:
        """Take the provider's word, signed, that somebody has logged out there (OpenID Connect Back-Channel Logout 1.0)."""
        # not a dependency: what is no such form is refused before anything is looked up
        provider = provide_provider(request.app.state)
        try:
            await service.leave(runtime, await provider.who_left(data.logout_token, at=runtime.clock.now()))
        except SsoRefusedError:
            return Response(None, status_code=400, headers=UNKEPT)
        return Response(None, headers=UNKEPT)


class SsoBindingController(Controller):
    """The own account's binding to an identity at the provider."""

    path = "/account/sso"
    opt = SESSION

    @get("/bind")
    async def begin(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        provider: NamedDependency[Answerer],
    ) -> Redirect:
        binds = await service.require_binder(runtime, request.user)
        return await _sent(runtime, provider, questions.ask(target=ACCOUNT, at=runtime.clock.now(), binds=binds))

    @post("/unbind")
    async def unbind(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        data: URLEncodedBody[Form],  # noqa: ARG002  # refuses unknown fields
    ) -> Redirect:
        await service.unbind(runtime, request.user)
        return done(ACCOUNT, "统一身份认证的绑定已解除。")


async def _sent(runtime: Runtime, provider: Answerer, asking: questions.Asking) -> Redirect:
    response = Redirect(await provider.address_for(asking, at=runtime.clock.now()), status_code=303)
    secure = runtime.settings.base_url.startswith("https:")
    response.set_cookie(
        questions.COOKIE,
        questions.seal(runtime.sealer, asking),
        max_age=int(questions.LIFE.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=secure,
        path=PATH,
    )
    return response


async def _answered(
    request: AnyRequest, runtime: Runtime, provider: Answerer, asked: questions.Asking, code: str
) -> Response[Any]:
    if not code:
        raise SsoRefusedError
    identity = await provider.identify(asked, code, at=runtime.clock.now())
    if asked.binds is None:
        return onward(runtime, await service.enter(runtime, identity, request.auth), asked.next)
    if asked.binds != request.user.account:
        raise SsoRefusedError
    await service.bind(runtime, request.user, identity)
    return done(ACCOUNT, "已绑定统一身份认证,下次可以直接从那里登录。")
