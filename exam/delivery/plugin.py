"""What delivery brings to the composition."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar

from exam.core.db.roles import Role, role_url
from exam.core.runtime import Runtime
from exam.delivery.answer_path import AnswerPath
from exam.delivery.batcher import PATIENCE_S, SETTINGS, Batcher
from exam.delivery.controllers import HANDLERS
from exam.delivery.jobs import JOBS
from exam.delivery.link import SharedLink
from exam.delivery.presence import Presence
from exam.delivery.shapes import ShapeCache
from exam.delivery.state_route import STATEMENTS, StatePath
from exam.web.front import RawRoute
from exam.web.plugin import Plugin
from exam.web.policy import Policy


@asynccontextmanager
async def answering(app: Litestar) -> AsyncIterator[None]:
    """Run the batcher and its neighbours beside the web process; what is waiting is committed before it ends."""
    runtime: Runtime = app.state.runtime
    url = role_url(runtime.settings.database_url, runtime.secrets.roles, Role.ANSWER).set(drivername="postgresql")
    app.state.shapes = ShapeCache()
    conninfo = url.render_as_string(hide_password=False)
    app.state.batcher = Batcher(conninfo, queue=runtime.settings.answer_queue)
    app.state.batcher.start()
    app.state.state_link = SharedLink(conninfo, SETTINGS, STATEMENTS, patience_s=PATIENCE_S)
    app.state.presence = Presence(runtime)
    app.state.presence.start()
    try:
        yield
    finally:
        await app.state.presence.stop()
        await app.state.state_link.close()
        await app.state.batcher.stop()


PLUGIN = Plugin(
    package="exam.delivery",
    handlers=HANDLERS,
    jobs=JOBS,
    raw=(
        RawRoute(
            method="POST",
            prefix="/api/attempts/",
            suffix="/responses",
            policy=Policy("key"),
            make=AnswerPath,
        ),
        RawRoute(
            method="GET",
            prefix="/api/attempts/",
            suffix="/state",
            policy=Policy("key"),
            make=StatePath,
        ),
    ),
    lifespan=(answering,),
)
