"""`ankao web`: pages, API and answer saves."""

import asyncio
import gc
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

import rich_click as click
import uvicorn

from exam.app import compose_runtime, create_app
from exam.core.config import load_settings
from exam.core.log import configure_logging
from exam.web.wire import JoiningProtocol

# collections stop the answer path: fewer, and never over what start-up has made
GC_THRESHOLD = (50_000, 20, 100)


def serve(
    app: Any,
    host: str,
    port: int,
    *,
    http: type[asyncio.Protocol] = JoiningProtocol,
    lifespan: Literal["on", "off"] = "on",
    tls: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Serve an ASGI application until told to stop, under the options of every web process of ours; `tls` are uvicorn's `ssl_…`."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLD)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http=http,
        lifespan=lifespan,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
        ws_max_size=65_536,
        **tls,
    )
    uvicorn.Server(config).run()


@click.command()
def command() -> None:
    """Serve pages, API and answer saves; settings come from the environment."""
    configure_logging()
    settings = load_settings()
    runtime = compose_runtime(settings)
    serve(create_app(runtime), settings.host, settings.port)
