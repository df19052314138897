"""Which entries of the navigation a principal is shown: the same rule by which the guard lets them in."""

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

from litestar import Request

from exam.web.plugin import NavItem, Plugin
from exam.web.policy import usable_roles


def nav(request: Request[Any, Any, Any]) -> list[NavItem]:
    """Return the entries for the request's principal, worded by their packages and in the order of these; nobody sees nothing.

    Of several entries with one address, as two roles may have, the first stands.
    """
    principal = request.scope.get("user")
    if principal is None:
        return []
    roles = usable_roles(principal)
    plugins: tuple[Plugin, ...] = request.app.state.plugins
    found: dict[str, NavItem] = {}
    for plugin in plugins:
        leaf = plugin.package.rpartition(".")[2]
        for item in (item for item in plugin.nav if roles.intersection(item.roles)):
            # the words are those of the entry's own package, whatever page they stand on
            found.setdefault(item.path, replace(item, title=request.app.state.catalogue.gettext(item.title, leaf)))
    return sorted(found.values(), key=lambda item: not item.leads)


def entry_of(items: Sequence[NavItem], path: str) -> NavItem | None:
    """Return the entry under which a page stands: one that names it, else the one with the longest path above it."""
    named = [item for item in items if any(fnmatchcase(path, pattern) for pattern in item.also)]
    above = [item for item in items if PurePosixPath(path).is_relative_to(item.path)]
    return next(iter(named), None) or max(above, key=lambda item: len(item.path), default=None)
