"""What handlers may ask for: the runtime, the principal, and a session in the principal's scope."""

from collections.abc import AsyncGenerator, Iterable
from typing import Any

from litestar import Request
from litestar.datastructures import State
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.web.policy import KEY, ONE_FACTOR_ROLES, Policy


def scope_of(principal: Principal, roles: Iterable[str] = ()) -> Scope:
    """Return what the principal's statements may see: a region for staff, else the organisation, else the person.

    `roles` are those of the route: somebody who is staff and candidate is the one or the other by the page they open.
    """
    asked = frozenset(roles)
    grants = [grant for grant in principal.grants if not asked or grant.role in asked]
    # grants come with the widest region first
    for grant in grants:
        if grant.role not in ONE_FACTOR_ROLES:
            return Scope(region=grant.region)
    for grant in grants:
        if grant.role == "enterprise":
            return Scope(organisation=grant.organisation)
    return Scope(person=principal.person) if grants else NOTHING


def _scope_of_route(request: Request[Principal, Any, Any]) -> Scope:
    policy: Policy = request.route_handler.opt[KEY]
    return scope_of(request.user, policy.roles)


def provide_runtime(state: State) -> Runtime:
    """Give the process's ports."""
    runtime: Runtime = state.runtime
    return runtime


def provide_principal(request: Request[Principal, Any, Any]) -> Principal:
    """Give the actor of the request."""
    return request.user


async def provide_session(state: State, request: Request[Principal, Any, Any]) -> AsyncGenerator[AsyncSession, None]:
    """Give a session in the principal's scope; it commits when the handler has returned, before the answer is sent."""
    runtime: Runtime = state.runtime
    async with runtime.databases.transaction(_scope_of_route(request)) as session:
        yield session


async def provide_bank_session(
    state: State,
    request: Request[Principal, Any, Any],
) -> AsyncGenerator[AsyncSession, None]:
    """Give a session as the bank's role: the only one that reads items."""
    runtime: Runtime = state.runtime
    async with runtime.databases.transaction(_scope_of_route(request), Role.BANK) as session:
        yield session
