"""`ankao media`: one node that forwards and records the video of its rooms."""

import gc
import socket

import rich_click as click
import uvicorn

from exam.app import compose_runtime, create_media_app
from exam.core.config import load_settings
from exam.core.log import configure_logging

GC_THRESHOLD = (50_000, 20, 100)


@click.command()
def command() -> None:
    """Serve the video of the exam rooms; settings come from the environment."""
    configure_logging()
    settings = load_settings()
    runtime = compose_runtime(settings)
    with socket.socket() as control:
        control.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        control.bind((settings.media_control_host, settings.media_control_port))
        host, port = control.getsockname()
        app = create_media_app(runtime, f"http://{host}:{port}")
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLD)
        config = uvicorn.Config(
            app,
            loop="uvloop",
            lifespan="on",
            access_log=False,
            server_header=False,
            log_level="warning",
            timeout_graceful_shutdown=3,
        )
        server = uvicorn.Server(config)
        server.run(sockets=[control])
        if not server.started:
            raise SystemExit(3)
