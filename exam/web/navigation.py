"""Which entries of the navigation a principal is shown: the same rule by which the guard lets them in."""

from typing import Any

from litestar import Request

from exam.web.plugin import NavItem, Plugin
from exam.web.policy import usable_roles


def nav(request: Request[Any, Any, Any]) -> list[NavItem]:
    """Return the entries for the request's principal, in the order of the packages; nobody sees nothing."""
    principal = request.scope.get("user")
    if principal is None:
        return []
    roles = usable_roles(principal)
    plugins: tuple[Plugin, ...] = request.app.state.plugins
    return [item for plugin in plugins for item in plugin.nav if roles.intersection(item.roles)]
