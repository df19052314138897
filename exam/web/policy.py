"""Who may call a route: every route declares one policy, and one guard enforces them all (DESIGN.md §6.14)."""

from typing import Any, Literal

import msgspec
from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from exam.core.errors import DomainError, ForbiddenError, Kind
from exam.core.principal import Principal

KEY = "policy"
ONE_FACTOR_ROLES = frozenset({"candidate", "enterprise"})
"""Roles outside the staff: they log in with a password alone."""


class LoginRequiredError(DomainError):
    """Nobody is logged in, or the session has ended."""

    kind = Kind.UNAUTHENTICATED
    code = "login_required"
    message = "请先登录。"


class SecondFactorRequiredError(DomainError):
    """The route is for staff and the session has passed a password only."""

    kind = Kind.UNAUTHENTICATED
    code = "second_factor_required"
    message = "请先完成第二步验证。"


class UndeclaredRouteError(RuntimeError):
    """A route has no policy; the process must not start."""


class Policy(msgspec.Struct, frozen=True):
    """One row of the policy table.

    `kind`: public (anyone), session (anyone logged in), roles (one of `roles`, second factor passed), or key (the
    handler itself checks a lease, a terminal signature or a ticket before anything else; `roles` is empty).
    """

    kind: Literal["public", "session", "roles", "key"]
    roles: tuple[str, ...] = ()
    second_factor: bool = True


PUBLIC = {KEY: Policy("public")}
SESSION = {KEY: Policy("session", second_factor=False)}
BY_KEY = {KEY: Policy("key"), "exclude_from_csrf": True}


def allow(*roles: str) -> dict[str, Any]:
    """Return the `opt` of a route for holders of one of the roles; staff need their second factor."""
    return {KEY: Policy("roles", roles)}


def allow_candidate() -> dict[str, Any]:
    """Return the `opt` of a route for persons at home, who log in with one factor."""
    return {KEY: Policy("roles", ("candidate",), second_factor=False)}


async def enforce(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Check the route's policy against the principal; the one guard of the application.

    It waits for nothing; a plain function would be sent through a thread at every request.
    """
    if connection.scope.get("method") == "OPTIONS":
        return
    policy: Policy = handler.opt[KEY]
    if policy.kind in {"public", "key"}:
        return
    principal: Principal = connection.scope["user"]
    if principal.account is None:
        raise LoginRequiredError
    if policy.kind == "session":
        if policy.second_factor and not principal.second_factor:
            raise SecondFactorRequiredError
        return
    if not principal.has_role(*policy.roles):
        raise ForbiddenError
    if policy.second_factor and not usable_roles(principal).intersection(policy.roles):
        raise SecondFactorRequiredError


def usable_roles(principal: Principal) -> frozenset[str]:
    """Return the roles that this session may act in: staff roles wait for the second factor."""
    held = frozenset(grant.role for grant in principal.grants)
    return held if principal.second_factor else held & ONE_FACTOR_ROLES


class RoutePolicy(msgspec.Struct, frozen=True):
    """One route of the table, for the matrix test and for people."""

    path: str
    method: str
    policy: Policy


def policy_table(app: Litestar) -> list[RoutePolicy]:
    """Return every route with its policy; raise UndeclaredRouteError for one that has none."""
    rows: list[RoutePolicy] = []
    for route in app.routes:
        handlers = getattr(route, "route_handlers", None) or [getattr(route, "route_handler")]  # noqa: B009  # ASGI and WebSocket routes have one
        for handler in handlers:
            methods = getattr(handler, "http_methods", None) or {"ANY"}
            if methods == {"OPTIONS"}:
                continue  # made by the framework: it tells the methods of a path and nothing else
            policy = handler.opt.get(KEY)
            if policy is None:
                message = f"no policy: {route.path} {handler}"
                raise UndeclaredRouteError(message)
            rows += [RoutePolicy(route.path, method, policy) for method in sorted(methods) if method != "OPTIONS"]
    rows += [RoutePolicy(raw.path, raw.method, raw.policy) for plugin in app.state.plugins for raw in plugin.raw]
    return sorted(rows, key=lambda row: (row.path, row.method))
