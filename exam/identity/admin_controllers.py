"""The security administrator's desk: accounts, their roles and their log-ins."""

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity import administration as acts
from exam.identity.account_views import AccountFilter, get_account, list_accounts
from exam.identity.controllers import AnyRequest
from exam.identity.guards import require_region
from exam.identity.organisations import list_organisations, list_regions
from exam.identity.passwords import PasswordPool
from exam.identity.roles import NEEDS_ORGANISATION, TITLES
from exam.identity.schemas import AccountForm, GrantForm, ReasonForm
from exam.web.paging import Page
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done

LIST = "/admin/accounts"
COUNTY = 3
TOWN = 4
Text = Annotated[str, QueryParameter(max_length=128)]


async def _choices(session: AsyncSession, principal: Principal) -> dict[str, Any]:
    """Return what the pickers offer: roles, regions down to the county, organisations of the scope."""
    kinds = ("centre", "training", "enterprise", "authority")
    organisations = [row for kind in kinds for row in await list_organisations(session, kind=kind)]
    regions = await list_regions(session, under=principal.region)
    return {
        "roles": [(role.value, title) for role, title in TITLES.items()],
        "regions": [region for region in regions if region.level <= COUNTY],
        "organisations": [(row.id, row.name) for row in organisations],
        "needs_organisation": [TITLES[role] for role in TITLES if role in NEEDS_ORGANISATION],
    }


class AccountsController(Controller):
    """Accounts in the administrator's region."""

    path = LIST
    opt = allow("security_admin")

    @get()
    async def show_list(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        q: FromQuery[Text] = "",
        role: FromQuery[Text] = "",
        region: FromQuery[Text] = "",
        page: FromQuery[Page] = 1,
    ) -> Template:
        if region:
            require_region(principal, region, acts.OFFICE)
        wanted = AccountFilter(within=principal.region, words=q, role=role, region=region)
        accounts, more = await list_accounts(session, wanted, page=page)
        address = f"{LIST}?{urlencode({'q': q, 'role': role, 'region': region})}&page="
        context = {"accounts": accounts, "more": more, "page": page, "address": address, "wanted": wanted}
        return Template("identity/accounts.html", context={**context, **await _choices(session, principal)})

    @get("/new")
    async def show_form(
        self, session: NamedDependency[AsyncSession], principal: NamedDependency[Principal]
    ) -> Template:
        typed = {"login": "", "name": "", "role": "", "region": "", "town": "", "organisation": "", "reason": ""}
        context = {"typed": typed, "problem": None, **await _choices(session, principal)}
        return Template("identity/account_new.html", context=context)

    @get("/towns")
    async def show_towns(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        region: FromQuery[Text] = "",
    ) -> Template:
        """Return the options of one county's towns, for the picker."""
        towns = []
        if region.count("/") == COUNTY - 1:
            require_region(principal, region, acts.OFFICE)
            towns = await list_regions(session, under=region, level=TOWN)
        return Template("identity/towns.html", context={"towns": towns})

    @post(status_code=200)
    async def create(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        passwords: NamedDependency[PasswordPool],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        data: URLEncodedBody[AccountForm],
    ) -> Template:
        try:
            async with session.begin_nested():
                account_id, password = await acts.open_account(
                    session,
                    principal,
                    passwords,
                    login=data.login.strip(),
                    name=data.name.strip(),
                    role=data.role,
                    region=data.town or data.region,
                    organisation=data.organisation_id,
                    reason=data.reason,
                    at=runtime.clock.now(),
                )
        except DomainError as error:
            context = {"typed": msgspec.to_builtins(data), **await _choices(session, principal)}
            return form_again(request, error, "identity/account_new.html", context)
        return await _show_password(session, account_id, password, fresh=True)


class AccountController(Controller):
    """One account; every act on it names its reason."""

    path = LIST + "/{account_id:uuid}"
    opt = allow("security_admin")

    @get()
    async def show(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        account_id: FromPath[UUID],
    ) -> Template:
        context = await _account_context(runtime, session, principal, account_id)
        return Template("identity/account_detail.html", context={**context, "problem": None})

    @post("/grants", status_code=200)
    async def grant(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        account_id: FromPath[UUID],
        data: URLEncodedBody[GrantForm],
    ) -> Response[Any]:
        at = runtime.clock.now()
        where, organisation = data.town or data.region, data.organisation_id
        try:
            # a refusal by the database must not take the page down with it
            async with session.begin_nested():
                await acts.give_role(
                    session,
                    principal,
                    account_id,
                    data.role,
                    region=where,
                    organisation=organisation,
                    reason=data.reason,
                    at=at,
                )
        except DomainError as error:
            context = await _account_context(runtime, session, principal, account_id, typed=msgspec.to_builtins(data))
            return form_again(request, error, "identity/account_detail.html", context)
        return done(f"{LIST}/{account_id}", "角色已授予。")

    @post("/grants/{grant_id:uuid}/revoke")
    async def revoke(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        account_id: FromPath[UUID],
        grant_id: FromPath[UUID],
        data: URLEncodedBody[ReasonForm],
    ) -> Redirect:
        at = runtime.clock.now()
        await acts.revoke_role(session, principal, account_id, grant_id, reason=data.reason, at=at)
        return done(f"{LIST}/{account_id}", "角色已收回,立即生效。")

    @post("/disable")
    async def disable(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        account_id: FromPath[UUID],
        data: URLEncodedBody[ReasonForm],
    ) -> Redirect:
        at = runtime.clock.now()
        await acts.set_enabled(session, principal, account_id, enabled=False, reason=data.reason, at=at)
        return done(f"{LIST}/{account_id}", "账号已停用,所有登录已退出。")

    @post("/enable")
    async def enable(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        account_id: FromPath[UUID],
        data: URLEncodedBody[ReasonForm],
    ) -> Redirect:
        at = runtime.clock.now()
        await acts.set_enabled(session, principal, account_id, enabled=True, reason=data.reason, at=at)
        return done(f"{LIST}/{account_id}", "账号已启用。")

    @post("/reset-password", status_code=200)
    async def reset_password(
        self,
        runtime: NamedDependency[Runtime],
        passwords: NamedDependency[PasswordPool],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        account_id: FromPath[UUID],
        data: URLEncodedBody[ReasonForm],
    ) -> Template:
        at = runtime.clock.now()
        password = await acts.reset_password(session, principal, passwords, account_id, reason=data.reason, at=at)
        return await _show_password(session, account_id, password, fresh=False)

    @post("/reset-second-factor")
    async def reset_second_factor(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        account_id: FromPath[UUID],
        data: URLEncodedBody[ReasonForm],
    ) -> Redirect:
        at = runtime.clock.now()
        await acts.reset_second_factor(session, principal, account_id, reason=data.reason, at=at)
        return done(f"{LIST}/{account_id}", "动态验证码已解绑,下次登录时重新绑定。")


async def _show_password(session: AsyncSession, account_id: UUID, password: str, *, fresh: bool) -> Template:
    account = await get_account(session, account_id)
    context = {"account": account, "password": password, "fresh": fresh}
    return Template("identity/account_password.html", context=context)


async def _account_context(
    runtime: Runtime,
    session: AsyncSession,
    principal: Principal,
    account_id: UUID,
    typed: dict[str, Any] | None = None,
) -> dict[str, Any]:
    await acts.require_visible(session, principal, account_id)
    account = await get_account(session, account_id)
    locked = account.locked_until is not None and account.locked_until > runtime.clock.now()
    own = account_id == principal.account
    empty = {"role": "", "region": "", "town": "", "organisation": "", "reason": ""}
    choices = await _choices(session, principal)
    return {"account": account, "locked": locked, "own": own, "typed": typed or empty, **choices}
