"""Logging: one JSON line per event on stderr; never a secret, never a personal number."""

import logging
import sys

import structlog
from structlog.typing import Processor

# a traceback shows no local variables: they hold passwords and people
PROCESSORS: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
]


def configure_logging(*, level: int = logging.INFO) -> None:
    """Set up structlog and the standard library for the process."""
    logging.basicConfig(level=level, format="%(message)s", stream=sys.stderr, force=True)
    for noisy in ("procrastinate", "uvicorn.access", "asyncio", "httpx", "httpcore", "aioice", "aiortc"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
