"""What handlers may ask for: the runtime, the principal, and a session in the principal's scope."""

from collections.abc import AsyncGenerator
from typing import Any

from litestar import Request
from litestar.datastructures import State
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.principal import Principal
from exam.core.runtime import Runtime


def scope_of(principal: Principal) -> Scope:
    """Return what the principal's statements may see: a region for staff, else the organisation, else the person."""
    if principal.has_role("enterprise"):
        return Scope(organisation=principal.organisation)
    if principal.has_role("candidate"):
        return Scope(person=principal.person)
    return Scope(region=principal.region)


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
    async with runtime.databases.transaction(scope_of(request.user)) as session:
        yield session


async def provide_bank_session(
    state: State,
    request: Request[Principal, Any, Any],
) -> AsyncGenerator[AsyncSession, None]:
    """Give a session as the bank's role: the only one that reads items."""
    runtime: Runtime = state.runtime
    async with runtime.databases.transaction(scope_of(request.user), Role.BANK) as session:
        yield session
