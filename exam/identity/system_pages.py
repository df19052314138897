"""The page of the system's state."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.runtime import Runtime
from exam.identity.status import read_status
from exam.web.policy import allow


@get("/admin/system", opt=allow("system_admin"))
async def show_status(runtime: NamedDependency[Runtime], session: NamedDependency[AsyncSession]) -> Template:
    """Show the state of every part at this moment."""
    return Template("identity/system.html", context={"parts": await read_status(runtime, session)})
