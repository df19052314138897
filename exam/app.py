"""The composition root: the one module that imports every package."""

from litestar import Litestar

from exam.core.events import DELIVER, Subscribers, deliver
from exam.core.jobs import Job
from exam.core.runtime import Runtime
from exam.delivery import plugin as delivery
from exam.web.plugin import Plugin
from exam.web.shell import build_shell
from proctor import plugin as proctor

PLUGINS: tuple[Plugin, ...] = (
    delivery.PLUGIN,
    proctor.PLUGIN,
)
"""Bottom-up."""


def all_subscribers() -> Subscribers:
    """Return who hears what, over all packages."""
    return Subscribers(subscription for plugin in PLUGINS for subscription in plugin.subscriptions)


def all_jobs() -> list[Job]:
    """Return every kind of background job."""
    return [Job(DELIVER, deliver), *(job for plugin in PLUGINS for job in plugin.jobs)]


def create_app(runtime: Runtime) -> Litestar:
    """Compose the web application over a runtime."""
    return build_shell(runtime, PLUGINS)
