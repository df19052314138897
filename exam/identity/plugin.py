"""What identity brings to the composition."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar, get
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.response import Redirect

from exam.core.db.scope import NOTHING
from exam.core.jobs import Job
from exam.core.principal import Principal
from exam.core.reseal import SealedColumn
from exam.core.runtime import Runtime
from exam.identity.account_controllers import OwnAccountController
from exam.identity.accounts import TOTP_PLACE
from exam.identity.admin_controllers import AccountController, AccountsController
from exam.identity.controllers import LoginController, ProgramLoginController, log_out
from exam.identity.engagements import CONTACT_PLACE
from exam.identity.passwords import PasswordPool
from exam.identity.people import ID_PLACE
from exam.identity.sessions import purge_sessions
from exam.identity.sso.pages import SsoBindingController, SsoController, provide_provider, provider_of
from exam.identity.sso.service import PLACE as SSO_PLACE
from exam.identity.system_pages import show_status
from exam.web.plugin import NavItem, Plugin
from exam.web.policy import allow


@asynccontextmanager
async def hashing(app: Litestar) -> AsyncIterator[None]:
    """Keep the few threads that may compute argon2id at once."""
    runtime: Runtime = app.state.runtime
    app.state.passwords = PasswordPool(runtime.settings.hash_threads)
    try:
        yield
    finally:
        app.state.passwords.close()


def provide_passwords(state: State) -> PasswordPool:
    """Give the process's password pool."""
    pool: PasswordPool = state.passwords
    return pool


@get("/admin", opt=allow("security_admin", "system_admin"))
async def show_desk(principal: NamedDependency[Principal]) -> Redirect:
    """Lead each administrator to their own desk: the two never share one."""
    return Redirect("/admin/accounts" if principal.has_role("security_admin") else "/admin/system", status_code=303)


async def purge(runtime: Runtime) -> None:
    """Forget sessions that have run out."""
    async with runtime.databases.transaction(NOTHING) as session:
        await purge_sessions(session, at=runtime.clock.now())


PLUGIN = Plugin(
    package="exam.identity",
    handlers=(
        LoginController,
        ProgramLoginController,
        OwnAccountController,
        AccountsController,
        AccountController,
        log_out,
        show_desk,
        show_status,
        SsoController,
        SsoBindingController,
    ),
    sealed=(
        SealedColumn(table="identity_person", key="id", column="id_sealed", place=ID_PLACE, index="id_index"),
        SealedColumn(table="identity_engagement", key="id", column="contact_sealed", place=CONTACT_PLACE),
        SealedColumn(table="identity_account", key="id", column="totp_sealed", place=TOTP_PLACE),
        SealedColumn(table="identity_sso", key="id", column="subject_sealed", place=SSO_PLACE, index="subject_index"),
    ),
    jobs=(Job("identity.purge_sessions", purge, cron="17 3 * * *"),),
    nav=(
        NavItem("账号与角色", "/admin/accounts", ("security_admin",), "users"),
        NavItem("系统状态", "/admin/system", ("system_admin",), "server"),
    ),
    dependencies={
        "passwords": Provide(provide_passwords, sync_to_thread=False),
        "provider": Provide(provide_provider, sync_to_thread=False),
    },
    lifespan=(hashing, provider_of),
)
