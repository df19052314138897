"""`ankao web`: pages, API and answer saves."""

import gc

import rich_click as click
import uvicorn

from exam.app import all_subscribers, create_app
from exam.core.config import load_settings
from exam.core.log import configure_logging
from exam.core.runtime import build_runtime
from exam.web.wire import JoiningProtocol

# collections stop the answer path: fewer, and never over what start-up has made
GC_THRESHOLD = (50_000, 20, 100)


@click.command()
def command() -> None:
    """Serve pages, API and answer saves; settings come from the environment."""
    configure_logging()
    settings = load_settings()
    runtime = build_runtime(settings, all_subscribers())
    app = create_app(runtime)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLD)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=JoiningProtocol,
        lifespan="on",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
        ws_max_size=65_536,
    )
    uvicorn.Server(config).run()
