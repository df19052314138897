"""The front page: the entrances for strangers, the day's work for people who have logged in."""

from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.desks.tasks import has_list, list_tasks
from exam.web.navigation import nav
from exam.web.policy import PUBLIC


@get("/", opt=PUBLIC)
async def show_front(request: Request[Principal, Any, Any], runtime: NamedDependency[Runtime]) -> Template | Redirect:
    """Show the entrances, or the day's work, or lead on.

    Who has no list of work is led to the second step while it is due, else to the first entry of the navigation.
    """
    principal = request.user
    if principal.account is None:
        return Template("desks/home.html")
    if has_list(principal):
        return Template("desks/today.html", context={"tasks": await list_tasks(runtime, principal)})
    if entries := nav(request):
        return Redirect(entries[0].path, status_code=303)
    # without a usable role there is the second step to pass, a password to change, or a role to wait for
    waiting = bool(principal.grants) and not principal.second_factor
    return Redirect("/login/second-factor" if waiting else "/account", status_code=303)
